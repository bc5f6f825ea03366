//! One task in a container, from its inputs to its stored outputs or error.
//!
//! [`Execution::run`] is the whole story: fetch the inputs, run the task, store how it ended. Signals and the deadline are watched beside it.

mod finished;
mod pass;

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::{Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use nebulakit_types::convert::reader::{Bounds, custom_context};
use nebulakit_types::storage::{Counts, Storage};
use nebulakit_types::{ErrorKind, block_on};
use tokio::runtime::Builder;

use crate::process::documents::{self, ErrorFile, Limits};
use crate::process::execute::finished::{Finished, grown};
use crate::process::execute::pass::given_on;
use crate::process::exit::Exit;
use crate::process::host::Host;
use crate::process::meter::Meter;
use crate::process::platform::{Platform, Termination};
use crate::process::progress;
use crate::process::request::ContainerRequest;
use crate::process::signal::{Heard, StopSignals};
use crate::process::stop::{Reason, Stop, Told};
use crate::services::env::{self, Environment};
use crate::task::call::with_secrets;
use crate::task::context::Context;
use crate::task::def::TaskDef;
use crate::task::elements;
use crate::task::failure::{Failure, Origin, Unsuccessful, chain, code};
use crate::task::offloaded::fetch_offloaded;
use crate::task::panic::guard;
use crate::task::registry::Registry;
use crate::task::run::{GRACE, Ran, Returned, overdue, run};
use crate::task::surroundings::{Deadline, Places, Surroundings};
use crate::task::template::{MAP, PASS};

/// How long storing may take once the process was asked to stop; with [`GRACE`] and the last metrics it stays below two seconds.
pub(crate) const LAST_WRITES: Duration = Duration::from_millis(900);

/// The least time that a last write gets.
const LEAST: Duration = Duration::from_millis(100);

/// How an execution ended: its exit code, and a report for standard error of what could not be stored.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) exit: Exit,
    pub(crate) report: Option<String>,
}

impl From<Exit> for Ending {
    fn from(exit: Exit) -> Self {
        Self { exit, report: None }
    }
}

/// Ends the process, from whichever thread.
pub(crate) type Leave = fn(Ending) -> !;

/// One run of a task by this process.
#[derive(Debug)]
pub(crate) struct Execution {
    request: ContainerRequest,
    host: Host,
    platform: &'static Platform,
    /// The storage of the contract's files.
    storage: Storage,
    /// Whether the contract's files are on this machine, so that nothing needs threads for them.
    is_local: bool,
    meter: Meter,
    stop: Stop,
    /// The task's context, once there is one.
    context: OnceLock<Context>,
}

/// What a successful task leaves to be stored.
type Result<T = Finished, E = Unsuccessful> = std::result::Result<T, E>;

impl Execution {
    pub(crate) fn new(request: ContainerRequest, host: Host, platform: &'static Platform, is_local: bool) -> Arc<Self> {
        Arc::new(Self {
            meter: Meter::new(&host.environment, &host.config, &host.identity),
            // Where this machine serves the files, no settings are looked for.
            storage: if is_local { Storage::default() } else { host.stores.all().clone() },
            request,
            host,
            platform,
            is_local,
            stop: Stop::default(),
            context: OnceLock::new(),
        })
    }

    /// Runs the task and stores how it ended. Where a signal ends it before that, this does not return: another thread stores what there is
    /// to say, and calls `leave`.
    pub(crate) fn run(self: &Arc<Self>, registry: &Registry, leave: Leave) -> Ending {
        if let Err(error) = self.listen(leave) {
            return self.fail(Failure::cannot_start(&error));
        }
        let ended = guard(|| {
            let result = self.work(registry, leave);
            match self.stop.work_is_over() {
                Some(Reason::Signal(_)) if self.platform.termination == Termination::Silent => self.terminated("while the task ran"),
                Some(Reason::Signal(name)) => self.store(self.after_stop(Some(result), name)),
                Some(Reason::Overdue) | None => self.store(result),
            }
        });
        let ended = ended.unwrap_or_else(|failure| {
            self.stop.work_is_over();
            self.withdraw_outputs();
            // A mistake of this library must not look like a machine that went away.
            self.fail(Failure::system(failure.message, false))
        });
        self.part(ended)
    }

    /// Reports the `failure` of a task that another process was to run, and that could not do so itself; `stop` is the request to stop that had come
    /// before. Where `signals` do not let it be finished in time, `leave` is called on another thread.
    pub(crate) fn report_for_another(
        self: &Arc<Self>,
        failure: Failure,
        stop: Option<Told>,
        signals: Option<StopSignals>,
        leave: Leave,
    ) -> Ending {
        if stop.is_some() && self.platform.termination == Termination::Silent {
            return self.part(self.terminated("while the task ran"));
        }
        if let Some(mut signals) = signals {
            let last = Arc::clone(self);
            let limited = spawn("nebulakit-stop", move || {
                let left = match stop {
                    Some(Told { at, .. }) => (GRACE + LAST_WRITES).saturating_sub(at.elapsed()).max(LEAST),
                    None => {
                        while !matches!(signals.next_of_all(None), Some(Heard::Stop(_)) | None) {}
                        LAST_WRITES
                    }
                };
                signals.next(left);
                leave(last.terminated("while its failure was being stored"));
            });
            if let Err(error) = limited {
                return self.terminated(&format!("and a thread could not be started: {error}"));
            }
        }
        // It may have stored outputs, and ended before it could say so.
        self.withdraw_outputs();
        let result = match stop {
            Some(Told { name, .. }) => self.after_stop(Some(Err(failure.into())), name),
            None => Err(failure.into()),
        };
        self.part(self.store(result))
    }

    /// Sends the last metrics and removes the run's own files, which a task that did not stop in time may still have open.
    fn part<T>(&self, ending: T) -> T {
        self.meter.flush();
        if let Some(context) = self.context.get() {
            context.workspace().remove_scratch();
        }
        ending
    }

    /// Listens to signals, on a thread of its own: a task that blocks must not keep them from being answered.
    fn listen(self: &Arc<Self>, leave: Leave) -> std::io::Result<()> {
        let mut signals = StopSignals::listen()?;
        let execution = Arc::clone(self);
        spawn("nebulakit-signals", move || {
            let name = execution.next_signal(&mut signals);
            let was_underway = execution.stop.is_underway();
            execution.stop.ask(Reason::Signal(name));
            let last = Arc::clone(&execution);
            // Whatever is done from now on has its time, and a second signal ends it at once.
            let limited = spawn("nebulakit-stop", move || {
                let again = signals.next(if was_underway { GRACE + LAST_WRITES } else { LAST_WRITES });
                let ending = last.terminated(match again {
                    Some(_) if was_underway => "while the task ran, twice",
                    Some(_) => "while the result was being stored, twice",
                    None => "and the store did not answer in time",
                });
                leave(last.part(ending))
            });
            if let Err(error) = limited {
                leave(execution.terminated(&format!("and a thread could not be started: {error}")));
            }
            // Where the work ends in time it is that thread which stores the result, and leaves.
            if !execution.stop.sees_the_work_over(GRACE) && execution.stop.take() {
                let ending = match execution.platform.termination {
                    Termination::Silent => execution.terminated("while the task ran"),
                    Termination::Document => execution.store(execution.after_stop(None, name)),
                };
                leave(execution.part(ending));
            }
        })
    }

    /// Waits for a request to stop, and tells of transfers meanwhile.
    fn next_signal(&self, signals: &mut StopSignals) -> &'static str {
        let mut told = Counts::default();
        loop {
            if let Some(name) = signals.next(progress::EVERY) {
                return name;
            }
            if self.stop.is_underway() {
                progress::meanwhile(&self.host.stores, &mut told);
            }
        }
    }

    /// The end with nothing stored, which the platform takes for a machine that went away.
    fn terminated(&self, when: &str) -> Ending {
        let report = format!("the task `{}` was told to stop {when}; nothing more is stored", self.request.task);
        Ending { exit: Exit::Terminated, report: Some(report) }
    }

    /// What a task that was asked to stop comes to: its outputs if it finished all the same, else a failure that any machine may repeat.
    fn after_stop(&self, ended: Option<Result>, name: &str) -> Result {
        let detail = match ended {
            Some(Ok(finished)) => return Ok(finished),
            Some(Err(Unsuccessful::Ignored)) => return Err(Unsuccessful::Ignored),
            Some(Err(Unsuccessful::Failed(failure))) => format!("; it ended with: {}", failure.message),
            Some(Err(Unsuccessful::BadInputs(_))) | None => String::new(),
        };
        let message = format!("the task `{}` was stopped by {name}{detail}", self.request.task);
        Err(Failure { code: code::TERMINATED.to_owned(), origin: Origin::System, ..Failure::system(message, true) }.into())
    }

    /// Everything up to the checked outputs.
    fn work(self: &Arc<Self>, registry: &Registry, leave: Leave) -> Result {
        if self.platform.deletes_stale_error {
            self.with_files(ErrorFile::new(&self.host.environment).delete(&self.storage, &self.request.output_prefix))?;
        }
        // Another attempt finds the same binary.
        let of_program = |message| Failure { recoverable: Some(false), ..Failure::user(code::USER, message) };
        if let Some(fault) = &self.host.fault {
            return Err(of_program(format!("cannot make the stores of `nebulakit::main!`: {}", chain(fault.as_ref()))).into());
        }
        let limits = Limits::new(&self.host.environment, self.platform).map_err(|error| Failure::system(error.to_string(), false))?;
        if let stand_in @ (PASS | MAP) = &*self.request.task {
            let template = self.request.task_template.as_ref();
            let missing = || of_program(format!("`{stand_in}` runs with `--task-template`, which says what it gives"));
            let template = self.template(template.ok_or_else(missing)?)?;
            let inputs = self.inputs()?;
            if stand_in == PASS {
                let outputs = given_on(&inputs, &template).map_err(|error| Failure::of_input(PASS, &error))?;
                return Ok(Finished::Document { name: "outputs.pb", contents: outputs.into() });
            }
            let fetched = self.with_files(fetch_offloaded(self.host.stores.all(), &inputs, limits.offloaded, |_| false))?;
            let fetched = fetched.map_err(|error| Failure::of_store("cannot fetch an offloaded input", &error))?;
            return Ok(elements::grown(&inputs, &template, &fetched).map_err(of_program)?.into());
        }
        let task = registry.find(&self.request.task).map_err(|error| of_program(error.to_string()))?;
        let inputs = self.inputs()?;
        self.meter.read(inputs.len());
        let custom = custom_context(&inputs).map_err(|error| unreadable(task, &inputs, &error))?;
        let context = self.context(task, custom, !self.platform.keeps_timeouts, limits.offloaded);
        let execution = Arc::clone(self);
        let give_up = move |failure| leave(execution.part(execution.fail(failure)));
        match self.perform(task, &inputs, context, give_up) {
            Ok(returned) => match task.grow.zip(self.request.task_template.as_ref()) {
                Some((grow, template)) => Ok(grown(task, grow, &returned.outputs, &self.template(template)?)?),
                None => Ok(Finished::Values(returned, limits)),
            },
            Err(Unsuccessful::BadInputs(error)) => Err(unreadable(task, &inputs, &error).into()),
            Err(ended) => Err(ended),
        }
    }

    fn inputs(&self) -> Result<Bytes, Failure> {
        self.with_files(self.storage.get(&self.request.inputs))?.map_err(|error| Failure::of_store("cannot fetch the inputs", &error))
    }

    /// The task as it is registered.
    fn template(&self, url: &str) -> Result<Bytes, Failure> {
        self.with_files(self.storage.get(url))?.map_err(|error| Failure::of_store("cannot fetch the template of the task", &error))
    }

    /// The run itself, on this thread, and what is told of it. A task that runs longer than it may, and does not stop when it is told to, ends
    /// in `give_up`.
    fn perform(
        self: &Arc<Self>,
        task: &'static TaskDef,
        inputs: &Bytes,
        context: &Context,
        give_up: impl FnOnce(Failure) + Send + 'static,
    ) -> Result<Returned> {
        if let Some(deadline) = context.surroundings().kept_deadline() {
            self.keep_time(task, context, deadline, give_up).map_err(|error| Failure::cannot_start(&error))?;
        }
        let running: Pin<&mut dyn Future<Output = Ran>> = pin!(run(task, inputs, self.request.map.as_ref(), context));
        let Ran { ended, took } = if task.is_async { on_a_runtime(running)? } else { here(running)? };
        if let Some(took) = took {
            self.meter.ran(took);
            progress::at_the_end(&self.host.stores);
            if !matches!(ended, Err(Unsuccessful::Ignored)) {
                self.publish_decks(task, context);
            }
        }
        ended
    }

    /// Asks the task to stop when its time is up, on a thread of its own: its code may keep every other from being heard.
    fn keep_time(
        self: &Arc<Self>,
        task: &'static TaskDef,
        context: &Context,
        deadline: Deadline,
        give_up: impl FnOnce(Failure) + Send + 'static,
    ) -> std::io::Result<()> {
        let (execution, context) = (Arc::clone(self), context.clone());
        spawn("nebulakit-timeout", move || {
            let stop = &execution.stop;
            if stop.sees_the_work_over(deadline.limit) {
                return;
            }
            stop.ask(Reason::Overdue);
            if !stop.sees_the_work_over(GRACE) && stop.take() {
                execution.publish_decks(task, &context);
                give_up(overdue(task, deadline, None));
            }
        })
    }

    /// Waits for what is done with the contract's files.
    fn with_files<T>(&self, future: impl Future<Output = T>) -> Result<T, Failure> {
        let future: Pin<&mut dyn Future<Output = T>> = pin!(future);
        if self.is_local { here(future) } else { block_on(future).map_err(|error| Failure::cannot_start(&error)) }
    }

    /// The task's context; `keeps_time` says whether this process sees to the task's timeout.
    fn context(&self, task: &TaskDef, custom: BTreeMap<String, String>, keeps_time: bool, offloaded: Bounds) -> &Context {
        self.context.get_or_init(|| {
            let surroundings = Surroundings {
                cancellation: self.stop.cancellation().clone(),
                custom,
                deadline: task.options.timeout.and_then(|timeout| Deadline::after(timeout, keeps_time)),
                raw_output_prefix: self.request.raw_output_prefix.clone(),
                takes_graphs: task.grow.is_some() && self.request.task_template.is_some(),
                checkpoint: Places {
                    destination: self.request.checkpoint.clone(),
                    previous: self.request.previous_checkpoint.clone(),
                    resumes_own: self.platform.resumes_own_checkpoint,
                },
                offloaded,
                ..self.host.surroundings(&self.request.output_prefix, &self.platform.dialect)
            };
            with_secrets(surroundings, task)
        })
    }

    /// Stores the task's decks, if it made any. A failure here does not fail the task.
    fn publish_decks(&self, task: &TaskDef, context: &Context) {
        let decks = context.decks();
        if decks.is_empty() {
            return;
        }
        if !task.options.deck {
            tracing::warn!("the task `{}` makes decks without `deck` among its options; Flyte 1 does not show them", task.name);
        }
        let stored = documents::store_report(&self.storage, &self.request.output_prefix, self.platform.report_name, decks.render());
        match self.with_files(stored) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("cannot store the decks: {}", chain(&error)),
            Err(failure) => tracing::warn!("cannot store the decks: {}", failure.message),
        }
    }

    fn store(&self, result: Result) -> Ending {
        match result {
            Ok(finished) => {
                let prefix = &self.request.output_prefix;
                let stored = match finished {
                    Finished::Values(Returned { outputs, types }, limits) => {
                        self.with_files(documents::store_outputs(&self.storage, prefix, outputs, &types, limits))
                    }
                    Finished::Document { name, contents } => {
                        self.with_files(documents::store_document(&self.storage, prefix, name, contents))
                    }
                };
                match stored.and_then(std::convert::identity) {
                    Ok(bytes) => {
                        self.meter.wrote(bytes);
                        Exit::Stored.into()
                    }
                    Err(failure) => {
                        self.withdraw_outputs();
                        self.fail(failure)
                    }
                }
            }
            Err(Unsuccessful::Ignored) => Exit::Stored.into(),
            Err(Unsuccessful::Failed(failure)) => self.fail(failure),
            Err(Unsuccessful::BadInputs(error)) => self.fail(Failure::of_input(&self.request.task, &error)),
        }
    }

    /// Makes sure that no outputs stand beside an error: a store may have taken what it did not acknowledge.
    fn withdraw_outputs(&self) {
        // Whether or not they could be deleted, the failure is what is reported.
        let _ = self.with_files(documents::delete_outputs(&self.storage, &self.request.output_prefix));
    }

    /// Stores the document of a failure; where that fails too, the whole report is for standard error.
    fn fail(&self, mut failure: Failure) -> Ending {
        if self.request.map.is_some() {
            // The platform keeps nothing but the message of a map task's child.
            failure.message = format!("{}: {}", failure.code, failure.message);
        }
        tracing::error!(code = failure.code, "{}", failure.message);
        self.meter.failed();
        let file = ErrorFile::new(&self.host.environment);
        let stored = self.with_files(file.store(&self.storage, &self.request.output_prefix, &failure, self.platform));
        let not_stored = match stored {
            Ok(Ok(())) if self.platform.honours_fail_on_error && fails_on_error(&self.host.environment) => return Exit::Failed.into(),
            Ok(Ok(())) => return Exit::Stored.into(),
            Ok(Err(error)) => chain(&error),
            Err(error) => error.message,
        };
        Ending {
            exit: Exit::Failed,
            report: Some(format!("{}: {}\n\nthe error could not be stored: {not_stored}", failure.code, failure.message)),
        }
    }
}

/// Runs a future on a runtime of its own, whose threads it may use.
fn on_a_runtime<T>(future: Pin<&mut dyn Future<Output = T>>) -> Result<T, Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(|error| Failure::cannot_start(&error))?;
    let ended = {
        let _entered = runtime.enter();
        block_on(future).map_err(|error| Failure::cannot_start(&error))
    };
    // What the task spawned and left ends with the process.
    runtime.shutdown_background();
    ended
}

/// Runs a future on this thread, without a runtime where it is ready at once, as what is on this machine is.
pub(crate) fn here<T>(mut future: Pin<&mut dyn Future<Output = T>>) -> Result<T, Failure> {
    match future.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Ok(done),
        Poll::Pending => block_on(future).map_err(|error| Failure::cannot_start(&error)),
    }
}

/// Starts a thread that the process does not wait for.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

/// Whether the exit code shall tell of a stored failure. Exactly these words do, as with flytekit.
fn fails_on_error(environment: &Environment) -> bool {
    environment.get(env::FAIL_ON_ERROR).is_some_and(|text| ["true", "t", "1"].iter().any(|word| text.eq_ignore_ascii_case(word)))
}

fn unreadable(task: &TaskDef, inputs: &[u8], error: &nebulakit_types::Error) -> Failure {
    let failure = Failure::of_input(task.name, error);
    match error.kind() {
        // Damage on the way may be gone at the next attempt; a whole message with a broken value in it stays as it is.
        ErrorKind::Corrupt => Failure { recoverable: Some(!documents::is_whole(inputs)), ..failure },
        _ => failure,
    }
}
