//! One task, from its inputs to its stored outputs or error.
//!
//! [`execute`] is the whole story: fetch, decode, call under guard, check, store. Signals and the deadline are watched beside it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use nebulakit_types::convert::check::check;
use nebulakit_types::convert::reader::{LiteralRef, References, custom_context};
use nebulakit_types::literal_type::{SimpleType, TypeKind};
use nebulakit_types::outputs::{Output, Written};
use nebulakit_types::storage::{Counts, Storage};
use nebulakit_types::{ErrorKind, LiteralType};

use crate::process::documents::{self, ErrorFile, Limits};
use crate::process::exit::Exit;
use crate::process::meter::Meter;
use crate::process::platform::{Platform, Termination};
use crate::process::progress::Telling;
use crate::process::reactor::Reactor;
use crate::process::request::{ContainerRequest, MapElement};
use crate::process::signal::StopSignals;
use crate::process::stop::{Reason, Stop};
use crate::process::stores::Stores;
use crate::services::config::LazyConfig;
use crate::services::env::{self, Environment};
use crate::services::identity::Identity;
use crate::task::call::{self, overdue};
use crate::task::context::{Context, Surroundings};
use crate::task::def::{Call, Inputs, TaskDef};
use crate::task::failure::{Failure, Origin, Unsuccessful, code};
use crate::task::panic::guard;
use crate::task::registry::Registry;

#[cfg(feature = "run")]
mod local;

#[cfg(feature = "run")]
pub(crate) use self::local::LocalEnding;

/// How long a task that was asked to stop, or whose time is up, may take to end by itself and to save what it has.
const GRACE: Duration = Duration::from_millis(700);

/// How long storing may take once the process was asked to stop; with [`GRACE`] and the last metrics it stays below two seconds.
const LAST_WRITES: Duration = Duration::from_millis(900);

/// How an execution ended: its exit code, and for whoever reads the process's standard error, what was not stored.
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

/// The declared outputs.
type OutputTypes = Vec<(&'static str, LiteralType)>;

/// All that one execution needs; nothing of it is read from the process.
#[derive(Debug)]
pub(crate) struct Execution {
    pub(crate) request: ContainerRequest,
    pub(crate) environment: Environment,
    pub(crate) platform: &'static Platform,
    pub(crate) identity: Identity,
    pub(crate) config: LazyConfig,
    pub(crate) stores: Stores,
    /// The storage of the contract's files.
    pub(crate) storage: Storage,
    /// Whether the contract's files are on this machine, so that nothing needs threads for them.
    pub(crate) is_local: bool,
    pub(crate) meter: Meter,
    /// Who hears of the task's transfers.
    pub(crate) telling: Telling,
    pub(crate) reactor: Reactor,
    pub(crate) stop: Stop,
}

impl Execution {
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
        self.meter.flush();
        ended
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
                leave(last.terminated(match again {
                    Some(_) if was_underway => "while the task ran, twice",
                    Some(_) => "while the result was being stored, twice",
                    None => "and the store did not answer in time",
                }))
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
                execution.meter.flush();
                leave(ending);
            }
        })
    }

    /// Waits for a request to stop, and tells of transfers meanwhile.
    fn next_signal(&self, signals: &mut StopSignals) -> &'static str {
        let mut told = Counts::default();
        loop {
            if let Some(name) = signals.next(self.telling.every) {
                return name;
            }
            if self.stop.is_underway() {
                self.telling.meanwhile(&self.stores, &mut told);
            }
        }
    }

    /// The end with nothing stored, which the platform takes for a machine that went away.
    fn terminated(&self, when: &str) -> Ending {
        let report = format!("the task `{}` was told to stop {when}; nothing more is stored", self.request.task);
        Ending { exit: Exit::Terminated, report: Some(report) }
    }

    /// What a task that was asked to stop comes to: its outputs if it finished all the same, else a failure that any machine may repeat.
    fn after_stop(&self, ended: Option<Result<Finished, Unsuccessful>>, name: &str) -> Result<Finished, Unsuccessful> {
        let detail = match ended {
            Some(Ok(finished)) => return Ok(finished),
            Some(Err(Unsuccessful::Ignored)) => return Err(Unsuccessful::Ignored),
            Some(Err(Unsuccessful::Failed(failure))) => format!("; it ended with: {}", failure.message),
            None => String::new(),
        };
        let message = format!("the task `{}` was stopped by {name}{detail}", self.request.task);
        Err(Failure { code: code::TERMINATED.to_owned(), origin: Origin::System, ..Failure::system(message, true) }.into())
    }

    /// Everything up to the checked outputs.
    fn work(self: &Arc<Self>, registry: &Registry, leave: Leave) -> Result<Finished, Unsuccessful> {
        if self.platform.deletes_stale_error {
            self.with_files(ErrorFile::new(&self.environment).delete(&self.storage, &self.request.output_prefix))?;
        }
        let task = registry.find(&self.request.task).map_err(|error| {
            // Another attempt finds the same binary.
            Failure { recoverable: Some(false), ..Failure::user(code::USER, error.to_string()) }
        })?;
        let limits = Limits::new(&self.environment, self.platform).map_err(|error| Failure::system(error.to_string(), false))?;
        let inputs = self.with_files(self.storage.get(&self.request.inputs))?;
        let inputs = inputs.map_err(|error| Failure::of_store("cannot fetch the inputs", &error))?;
        let custom = custom_context(&inputs).map_err(|error| unreadable(task, &inputs, &error))?;
        let context = self.context(task, custom);
        self.meter.read(inputs.len());
        let call = self.decode(task, inputs, limits, &context)?;
        let limit = if self.platform.keeps_timeouts { None } else { task.options.timeout };
        let execution = Arc::clone(self);
        let give_up = move |failure| {
            let ending = execution.fail(failure);
            execution.meter.flush();
            leave(ending)
        };
        let (outputs, types) = self.finish(call, task, &context, limit, give_up)?;
        Ok(Finished { outputs, types, limits })
    }

    /// Makes the call, and checks what comes out of it. A task that runs longer than `limit`, and does not stop when it is told to, ends in
    /// `give_up`.
    fn finish(
        self: &Arc<Self>,
        call: Call,
        task: &'static TaskDef,
        context: &Context,
        limit: Option<Duration>,
        give_up: impl FnOnce(Failure) + Send + 'static,
    ) -> Result<(Vec<Output>, OutputTypes), Unsuccessful> {
        if let Some(limit) = limit {
            self.keep_time(task, context, limit, give_up).map_err(|error| Failure::cannot_start(&error))?;
        }
        let begin = Instant::now();
        let ended = call::run(call, self.platform, context);
        self.meter.ran(begin.elapsed());
        let ended = match (self.stop.task_is_over(), limit) {
            (Some(Reason::Overdue), Some(limit)) => Err(overdue(task, limit, ended.err()).into()),
            _ => ended.map_err(|ended| late(task, context, limit, ended)),
        };
        self.telling.at_the_end(&self.stores);
        if !matches!(ended, Err(Unsuccessful::Ignored)) {
            self.publish_decks(task, context);
        }
        let Written { outputs, outbox } = ended?;
        let types = task.returns.variables(&self.platform.dialect);
        check_outputs(&outputs, &types)?;
        if !outbox.is_empty() {
            let sent = self.reactor.wait(outbox.send()).map_err(|error| Failure::cannot_start(&error))?;
            self.telling.at_the_end(&self.stores);
            let has_a_store = self.request.raw_output_prefix.as_ref().is_none_or(|prefix| context.storage().serves(prefix));
            sent.map_err(|error| late(task, context, limit, Failure::of_data(&error, has_a_store).into()))?;
        }
        Ok((outputs, types))
    }

    /// Asks the task to stop when its time is up, on a thread of its own.
    fn keep_time(
        self: &Arc<Self>,
        task: &'static TaskDef,
        context: &Context,
        limit: Duration,
        give_up: impl FnOnce(Failure) + Send + 'static,
    ) -> std::io::Result<()> {
        let (execution, context) = (Arc::clone(self), context.clone());
        spawn("nebulakit-timeout", move || {
            let stop = &execution.stop;
            if stop.sees_the_task_over(limit) {
                return;
            }
            stop.ask(Reason::Overdue);
            if !stop.sees_the_task_over(GRACE) && stop.take() {
                execution.publish_decks(task, &context);
                give_up(overdue(task, limit, None));
            }
        })
    }

    /// Waits for what is done with the contract's files.
    fn with_files<T>(&self, future: impl Future<Output = T>) -> Result<T, Failure> {
        let mut future = std::pin::pin!(future);
        if self.is_local
            && let Poll::Ready(done) = future.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop()))
        {
            return Ok(done);
        }
        self.reactor.wait(future).map_err(|error| Failure::cannot_start(&error))
    }

    fn context(&self, task: &TaskDef, custom: BTreeMap<String, String>) -> Context {
        Context::new(Surroundings {
            identity: self.identity.clone(),
            environment: self.environment.clone(),
            config: self.config.clone(),
            stores: self.stores.clone(),
            cancellation: self.stop.cancellation().clone(),
            started: SystemTime::now(),
            custom,
            deadline: task.options.timeout.map(|timeout| Instant::now() + timeout),
            output_prefix: self.request.output_prefix.clone(),
            raw_output_prefix: self.request.raw_output_prefix.clone(),
            checkpoint: self.request.checkpoint.clone(),
            previous_checkpoint: self.request.previous_checkpoint.clone(),
            platform: self.platform,
            reactor: self.reactor.clone(),
            secrets: task.options.secrets.iter().map(|asked| [asked.group, asked.version, asked.key]).collect(),
        })
    }

    /// Stores the task's decks, if it made any. A failure here is no failure of the task.
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
            Ok(Err(error)) => tracing::warn!("cannot store the decks: {}", crate::task::failure::chain(&error)),
            Err(failure) => tracing::warn!("cannot store the decks: {}", failure.message),
        }
    }

    /// The call, with its inputs converted; the bytes of the inputs are given back before it runs.
    fn decode(&self, task: &'static TaskDef, inputs: Bytes, limits: Limits, context: &Context) -> Result<Call, Failure> {
        // Defaults and conversions may be the user's own code.
        let call = match guard(|| self.prepare(task, &inputs, References::default(), context))? {
            // References literals are rare: only when one is met are all looked for.
            Err(error) if error.kind() == ErrorKind::NotFetched => {
                // They may be in another store than the inputs: the context's knows the settings of all.
                let takes_pickles = |name: &str| {
                    task.params.iter().any(|param| param.name() == name && holds_bytes(&param.literal_type(&self.platform.dialect)))
                };
                let offloaded = self.reactor.wait(documents::fetch_offloaded(context.storage(), &inputs, limits.offloaded, takes_pickles));
                let offloaded = offloaded.map_err(|error| Failure::cannot_start(&error))?;
                let offloaded = offloaded.map_err(|error| Failure::of_store("cannot fetch an offloaded input", &error))?;
                guard(|| self.prepare(task, &inputs, offloaded, context))?
            }
            call => call,
        };
        call.map_err(|error| unreadable(task, &inputs, &error))
    }

    fn prepare(&self, task: &'static TaskDef, inputs: &[u8], offloaded: References, context: &Context) -> nebulakit_types::Result<Call> {
        let references = offloaded.within(context.workspace());
        let mut inputs = Inputs::parse(inputs, &references)?;
        reject_surplus(task, &inputs)?;
        if let Some(map) = &self.request.map {
            select_element(task, &mut inputs, map)?;
        }
        (task.call)(&mut inputs, context.clone())
    }

    fn store(&self, result: Result<Finished, Unsuccessful>) -> Ending {
        match result {
            Ok(Finished { outputs, types, limits }) => {
                let prefix = &self.request.output_prefix;
                let stored = self.with_files(documents::store_outputs(&self.storage, prefix, outputs, &types, limits));
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
        }
    }

    /// Makes sure that no outputs stand beside an error: a store may have taken what it did not acknowledge.
    fn withdraw_outputs(&self) {
        // Whether or not they could be deleted, the failure is what is reported.
        let _ = self.with_files(documents::delete_outputs(&self.storage, &self.request.output_prefix));
    }

    /// Stores the document of a failure; where that fails too, the whole report is for standard error.
    pub(crate) fn fail(&self, mut failure: Failure) -> Ending {
        if self.request.map.is_some() {
            // The platform keeps nothing but the message of a map task's child.
            failure.message = format!("{}: {}", failure.code, failure.message);
        }
        tracing::error!(code = failure.code, "{}", failure.message);
        self.meter.failed();
        let file = ErrorFile::new(&self.environment);
        let stored = self.with_files(file.store(&self.storage, &self.request.output_prefix, &failure, self.platform));
        let not_stored = match stored {
            Ok(Ok(())) if self.platform.honours_fail_on_error && fails_on_error(&self.environment) => return Exit::Failed.into(),
            Ok(Ok(())) => return Exit::Stored.into(),
            Ok(Err(error)) => crate::task::failure::chain(&error),
            Err(error) => error.message,
        };
        Ending {
            exit: Exit::Failed,
            report: Some(format!("{}: {}\n\nthe error could not be stored: {not_stored}", failure.code, failure.message)),
        }
    }
}

/// A failure after the deadline is a timeout: transfers end then, and not always after the clock of [`Execution::keep_time`].
fn late(task: &TaskDef, context: &Context, limit: Option<Duration>, ended: Unsuccessful) -> Unsuccessful {
    let is_late = context.remaining().is_some_and(|left| left.is_zero());
    match (limit, &ended) {
        (Some(limit), Unsuccessful::Failed(_)) if is_late => overdue(task, limit, Some(ended)).into(),
        _ => ended,
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

/// What a successful task leaves to be stored.
#[derive(Debug)]
struct Finished {
    outputs: Vec<Output>,
    types: Vec<(&'static str, LiteralType)>,
    limits: Limits,
}

fn unreadable(task: &TaskDef, inputs: &[u8], error: &nebulakit_types::Error) -> Failure {
    let failure = Failure::of_input(task.name, error);
    match error.kind() {
        // Damage on the way may be gone at the next attempt; a whole message with a broken value in it stays as it is.
        ErrorKind::Corrupt => Failure { recoverable: Some(!documents::is_whole(inputs)), ..failure },
        _ => failure,
    }
}

/// Whether a value of the type may be bytes, which Python pickles.
fn holds_bytes(literal_type: &LiteralType) -> bool {
    match &literal_type.kind {
        TypeKind::Simple(SimpleType::Binary) => true,
        TypeKind::Collection(element) | TypeKind::Map(element) => holds_bytes(element),
        TypeKind::Union(variants) => variants.iter().any(holds_bytes),
        _ => false,
    }
}

/// How many of the names that an error speaks of it names.
const NAMED: usize = 5;

fn reject_surplus(task: &TaskDef, inputs: &Inputs<'_>) -> nebulakit_types::Result<()> {
    let known: Vec<_> = task.params.iter().map(|param| param.name()).collect();
    let taken: HashSet<_> = known.iter().copied().collect();
    let mut surplus = inputs.names().filter(|name| !taken.contains(name));
    let named: Vec<_> = surplus.by_ref().take(NAMED).collect();
    if named.is_empty() {
        return Ok(());
    }
    let others = match surplus.count() {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    let message = format!("the task `{}` takes the inputs [{}]; [{}]{others} came besides", task.name, known.join(", "), named.join(", "));
    Err(nebulakit_types::Error::new(ErrorKind::Mismatch, message))
}

fn select_element(task: &TaskDef, inputs: &mut Inputs<'_>, map: &MapElement) -> nebulakit_types::Result<()> {
    let index = map.index.as_ref().map_err(|message| nebulakit_types::Error::new(ErrorKind::Mismatch, message.clone()))?;
    let known: HashSet<_> = task.params.iter().map(|param| param.name()).collect();
    if let Some(name) = map.bound.iter().find(|name| !known.contains(name.as_str())) {
        let message = format!("`--bound` names the input `{name}`, which the task `{}` does not have", task.name);
        return Err(nebulakit_types::Error::new(ErrorKind::Mismatch, message));
    }
    let bound: HashSet<_> = map.bound.iter().map(String::as_str).collect();
    let mut mapped = task.params.iter().filter(|param| !bound.contains(param.name()));
    mapped.try_for_each(|param| inputs.select(param.name(), *index))
}

fn check_outputs(outputs: &[Output], types: &[(&'static str, LiteralType)]) -> Result<(), Failure> {
    for (name, literal_type) in types {
        let Some(output) = outputs.iter().find(|output| output.name == *name) else {
            return Err(Failure::user(code::BAD_OUTPUTS, format!("the declared output `{name}` is missing; expected `{literal_type}`")));
        };
        let checked = check(LiteralRef::new(&output.literal, References::none()), literal_type);
        checked.map_err(|error| Failure::of_outputs(&error.at_field(name)))?;
    }
    Ok(())
}
