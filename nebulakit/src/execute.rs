//! One task, from its inputs to its stored outputs or error.
//!
//! [`execute`] is the whole story: fetch, decode, call under guard, check, store. Signals and the deadline are watched beside it.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use nebulakit_types::convert::check::check;
use nebulakit_types::convert::reader::{LiteralRef, References};
use nebulakit_types::outputs::{Output, Written};
use nebulakit_types::storage::Storage;
use nebulakit_types::{ErrorKind, LiteralType};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::call::{self, GRACE};
use crate::config::LazyConfig;
use crate::context::{Context, Surroundings};
use crate::env::{self, Environment};
use crate::exit::Exit;
use crate::failure::{Failure, Origin, Unsuccessful, code};
use crate::identity::Identity;
use crate::invocation::{Invocation, MapElement};
use crate::io::{self, ErrorFile, Limits};
use crate::meter::Meter;
use crate::panic::guard;
use crate::platform::{Platform, Termination};
use crate::progress::Telling;
use crate::registry::Registry;
use crate::signal::{Cancellation, StopSignals};
use crate::stores::Stores;
use crate::task::{Call, Inputs, TaskDef};

/// How long storing may take once the process was asked to stop; with [`GRACE`] and the last metrics it stays below two seconds.
const LAST_WRITES: Duration = Duration::from_millis(900);

/// How long a task that was asked to stop may take to end by itself, where a person waits and can end it at once.
#[cfg(feature = "run")]
const LOCAL_GRACE: Duration = Duration::from_secs(5);

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

/// How a run for a person ended.
#[cfg(feature = "run")]
#[derive(Debug)]
pub(crate) enum LocalEnding {
    /// With these outputs, which have been checked.
    Returned(Vec<Output>),
    /// Without outputs, as the task asked.
    Ignored,
    /// Before it began: the inputs are not what the task takes.
    BadInputs(nebulakit_types::Error),
    /// With a failure.
    Failed(Failure),
    /// By the signal of this name.
    Stopped(&'static str),
}

#[cfg(feature = "run")]
impl From<Result<(Vec<Output>, OutputTypes), Unsuccessful>> for LocalEnding {
    fn from(ended: Result<(Vec<Output>, OutputTypes), Unsuccessful>) -> Self {
        match ended {
            Ok((outputs, _)) => Self::Returned(outputs),
            Err(Unsuccessful::Ignored) => Self::Ignored,
            Err(Unsuccessful::Failed(failure)) => Self::Failed(failure),
        }
    }
}

/// The declared outputs.
type OutputTypes = Vec<(&'static str, LiteralType)>;

/// All that one execution needs; nothing of it is read from the process.
#[derive(Debug)]
pub(crate) struct Execution<'a> {
    pub(crate) invocation: &'a Invocation,
    pub(crate) environment: &'a Environment,
    pub(crate) platform: &'static Platform,
    pub(crate) registry: &'a Registry,
    pub(crate) identity: Identity,
    pub(crate) config: LazyConfig,
    pub(crate) stores: Stores,
    /// The storage of the contract's files.
    pub(crate) storage: Storage,
    pub(crate) meter: Meter,
    /// Who hears of the task's transfers.
    pub(crate) telling: Telling,
}

impl Execution<'_> {
    /// Runs the task and stores how it ended.
    pub(crate) async fn run(&self) -> Ending {
        let mut signals = match StopSignals::listen() {
            Ok(signals) => signals,
            Err(error) => return self.fail(Failure::system(format!("cannot listen for signals: {error}"), true)).await,
        };
        let cancellation = Cancellation::default();
        let mut work = std::pin::pin!(self.work(&cancellation));
        let (result, stopped_by) = tokio::select! {
            result = &mut work => (result, None),
            name = signals.next() => {
                cancellation.cancel();
                tokio::select! {
                    ended = timeout(GRACE, &mut work) => (self.after_stop(ended.ok(), name), Some(name)),
                    _ = signals.next() => return self.terminated("while the task ran, twice"),
                }
            }
        };
        if stopped_by.is_some() && self.platform.termination == Termination::Silent {
            return self.terminated("while the task ran");
        }
        let mut store = std::pin::pin!(self.store(result));
        if stopped_by.is_none() {
            tokio::select! {
                ending = &mut store => return ending,
                _ = signals.next() => {}
            }
        }
        // What is being stored is finished, if the store lets it: half of it helps nobody.
        tokio::select! {
            ending = timeout(LAST_WRITES, &mut store) => ending.unwrap_or_else(|_| self.terminated("and the store did not answer in time")),
            _ = signals.next() => self.terminated("while the result was being stored, twice"),
        }
    }

    /// The end with nothing stored, which the platform takes for a machine that went away.
    fn terminated(&self, when: &str) -> Ending {
        let report = format!("the task `{}` was told to stop {when}; nothing more is stored", self.invocation.task);
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
        let message = format!("the task `{}` was stopped by {name}{detail}", self.invocation.task);
        Err(Failure { code: code::TERMINATED.to_owned(), origin: Origin::System, ..Failure::system(message, true) }.into())
    }

    /// Everything up to the checked outputs.
    async fn work(&self, cancellation: &Cancellation) -> Result<Finished, Unsuccessful> {
        if self.platform.deletes_stale_error {
            ErrorFile::new(self.environment).delete(&self.storage, &self.invocation.output_prefix).await;
        }
        let task = self.registry.find(&self.invocation.task).map_err(|error| {
            // Another attempt finds the same binary.
            Failure { recoverable: Some(false), ..Failure::user(code::USER, error.to_string()) }
        })?;
        let limits = Limits::new(self.environment, self.platform).map_err(|error| Failure::system(error.to_string(), false))?;
        let inputs =
            self.storage.get(&self.invocation.inputs).await.map_err(|error| Failure::of_store("cannot fetch the inputs", &error))?;
        let context = self.context(task, cancellation);
        self.meter.read(inputs.len());
        let call = self.decode(task, inputs, &context).await?;
        let limit = if self.platform.keeps_timeouts { None } else { task.options.timeout };
        let (outputs, types) = self.finish(call, task, &context, limit).await?;
        Ok(Finished { outputs, types, limits })
    }

    /// Makes the call, and checks what comes out of it.
    async fn finish(
        &self,
        call: Call,
        task: &'static TaskDef,
        context: &Context,
        limit: Option<Duration>,
    ) -> Result<(Vec<Output>, OutputTypes), Unsuccessful> {
        let begin = Instant::now();
        let ended = self.telling.during(&self.stores, call::run(call, task, self.platform, context, limit)).await;
        self.meter.ran(begin.elapsed());
        if !matches!(ended, Err(Unsuccessful::Ignored)) {
            self.publish_decks(task, context).await;
        }
        let Written { outputs, outbox } = ended?;
        let types = task.returns.variables(&self.platform.dialect);
        check_outputs(&outputs, &types)?;
        let sent = self.telling.during(&self.stores, outbox.send()).await;
        sent.map_err(|error| Failure::of_store("cannot store the data of the outputs", &error))?;
        Ok((outputs, types))
    }

    /// Runs the task for whoever waits for it at this machine: its outputs come back instead of being stored, and its `timeout`, which a
    /// platform would see to, is kept here.
    ///
    /// A signal asks the task to stop; a second signal, or [`LOCAL_GRACE`], ends the wait for it.
    #[cfg(feature = "run")]
    pub(crate) async fn run_here(&self, task: &'static TaskDef, inputs: &[u8]) -> LocalEnding {
        let mut signals = match StopSignals::listen() {
            Ok(signals) => signals,
            Err(error) => return LocalEnding::Failed(Failure::system(format!("cannot listen for signals: {error}"), true)),
        };
        let cancellation = Cancellation::default();
        let context = self.context(task, &cancellation);
        let call = match guard(|| self.prepare(task, inputs, References::default(), &context)) {
            Ok(Ok(call)) => call,
            Ok(Err(error)) => return LocalEnding::BadInputs(error),
            Err(failure) => return LocalEnding::Failed(failure),
        };
        let mut work = std::pin::pin!(self.finish(call, task, &context, task.options.timeout));
        let name = tokio::select! {
            ended = &mut work => return ended.into(),
            name = signals.next() => name,
        };
        cancellation.cancel();
        tokio::select! {
            ended = timeout(LOCAL_GRACE, &mut work) => match ended {
                Ok(Ok((outputs, _))) => LocalEnding::Returned(outputs),
                _ => LocalEnding::Stopped(name),
            },
            _ = signals.next() => LocalEnding::Stopped(name),
        }
    }

    fn context(&self, task: &TaskDef, cancellation: &Cancellation) -> Context {
        Context::new(Surroundings {
            identity: self.identity.clone(),
            environment: self.environment.clone(),
            config: self.config.clone(),
            stores: self.stores.clone(),
            cancellation: cancellation.clone(),
            started: SystemTime::now(),
            deadline: task.options.timeout.map(|timeout| Instant::now() + timeout),
            output_prefix: self.invocation.output_prefix.clone(),
            raw_output_prefix: self.invocation.raw_output_prefix.clone(),
            checkpoint: self.invocation.checkpoint.clone(),
            previous_checkpoint: self.invocation.previous_checkpoint.clone(),
            platform: self.platform,
            handle: Handle::current(),
        })
    }

    /// Stores the task's decks, if it made any. A failure here is no failure of the task.
    async fn publish_decks(&self, task: &TaskDef, context: &Context) {
        let decks = context.decks();
        if decks.is_empty() {
            return;
        }
        if !task.options.deck {
            tracing::warn!("the task `{}` makes decks without `deck` among its options; Flyte 1 does not show them", task.name);
        }
        let stored = io::store_report(&self.storage, &self.invocation.output_prefix, self.platform.report_name, decks.render()).await;
        if let Err(error) = stored {
            tracing::warn!("cannot store the decks: {}", crate::failure::chain(&error));
        }
    }

    /// The call, with its inputs converted; the bytes of the inputs are given back before it runs.
    async fn decode(&self, task: &'static TaskDef, inputs: Bytes, context: &Context) -> Result<Call, Failure> {
        // Defaults and conversions may be the user's own code.
        let call = match guard(|| self.prepare(task, &inputs, References::default(), context))? {
            // References literals are rare: only when one is met are all looked for.
            Err(error) if error.kind() == ErrorKind::NotFetched => {
                // They may be in another store than the inputs: the context's knows the settings of all.
                let offloaded = io::fetch_offloaded(context.storage(), &inputs).await;
                let offloaded = offloaded.map_err(|error| Failure::of_store("cannot fetch an offloaded input", &error))?;
                guard(|| self.prepare(task, &inputs, offloaded, context))?
            }
            call => call,
        };
        call.map_err(|error| match error.kind() {
            // Damage on the way may be gone at the next attempt; a whole message with a broken value in it stays as it is.
            ErrorKind::Corrupt => Failure { recoverable: Some(!io::is_whole(&inputs)), ..Failure::of_input(task.name, &error) },
            _ => Failure::of_input(task.name, &error),
        })
    }

    fn prepare(&self, task: &'static TaskDef, inputs: &[u8], offloaded: References, context: &Context) -> nebulakit_types::Result<Call> {
        let references = offloaded.within(context.workspace());
        let mut inputs = Inputs::parse(inputs, &references)?;
        reject_surplus(task, &inputs)?;
        if let Some(map) = &self.invocation.map {
            select_element(task, &mut inputs, map)?;
        }
        (task.call)(&mut inputs, context.clone())
    }

    async fn store(&self, result: Result<Finished, Unsuccessful>) -> Ending {
        match result {
            Ok(Finished { outputs, types, limits }) => {
                match io::store_outputs(&self.storage, &self.invocation.output_prefix, outputs, &types, limits).await {
                    Ok(bytes) => {
                        self.meter.wrote(bytes);
                        Exit::Stored.into()
                    }
                    Err(failure) => {
                        // A store may have taken what it did not acknowledge; never both files.
                        io::delete_outputs(&self.storage, &self.invocation.output_prefix).await;
                        self.fail(failure).await
                    }
                }
            }
            Err(Unsuccessful::Ignored) => Exit::Stored.into(),
            Err(Unsuccessful::Failed(failure)) => self.fail(failure).await,
        }
    }

    /// Stores the document of a failure; where that fails too, the whole report is for standard error.
    pub(crate) async fn fail(&self, mut failure: Failure) -> Ending {
        if self.invocation.map.is_some() {
            // The platform keeps nothing but the message of a map task's child.
            failure.message = format!("{}: {}", failure.code, failure.message);
        }
        tracing::error!(code = failure.code, "{}", failure.message);
        self.meter.failed();
        let file = ErrorFile::new(self.environment);
        match file.store(&self.storage, &self.invocation.output_prefix, &failure, self.platform).await {
            Ok(()) if self.platform.honours_fail_on_error && fails_on_error(self.environment) => Exit::Failed.into(),
            Ok(()) => Exit::Stored.into(),
            Err(error) => Ending {
                exit: Exit::Failed,
                report: Some(format!(
                    "{}: {}\n\nthe error could not be stored: {}",
                    failure.code,
                    failure.message,
                    crate::failure::chain(&error)
                )),
            },
        }
    }
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

fn reject_surplus(task: &TaskDef, inputs: &Inputs<'_>) -> nebulakit_types::Result<()> {
    let surplus: Vec<_> = inputs.names().filter(|name| !task.params.iter().any(|param| param.name() == *name)).collect();
    if surplus.is_empty() {
        return Ok(());
    }
    let known: Vec<_> = task.params.iter().map(|param| param.name()).collect();
    let message = format!("the task `{}` takes the inputs [{}]; [{}] came besides", task.name, known.join(", "), surplus.join(", "));
    Err(nebulakit_types::Error::new(ErrorKind::Mismatch, message))
}

fn select_element(task: &TaskDef, inputs: &mut Inputs<'_>, map: &MapElement) -> nebulakit_types::Result<()> {
    let index = map.index.as_ref().map_err(|message| nebulakit_types::Error::new(ErrorKind::Mismatch, message.clone()))?;
    if let Some(name) = map.bound.iter().find(|name| !task.params.iter().any(|param| param.name() == **name)) {
        let message = format!("`--bound` names the input `{name}`, which the task `{}` does not have", task.name);
        return Err(nebulakit_types::Error::new(ErrorKind::Mismatch, message));
    }
    let mut mapped = task.params.iter().filter(|param| !map.bound.iter().any(|name| name == param.name()));
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
