//! One run of a task under test, and its results.

use std::any::Any;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nebulakit_types::convert::reader::{LiteralRef, References};
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::{OutputReader, TaskOutputs};
use nebulakit_types::storage::{PutOptions, Storage, join};
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Bytes, block_on};

use super::error::RunError;
use super::recorded::{Line, Recorded, so_far};
use crate::services::env::Environment;
use crate::services::secrets::Secrets;
use crate::services::stats::Stats;
use crate::task::cancellation::Cancellation;
use crate::task::context::Context;
use crate::task::def::TaskDef;
use crate::task::failure::Failure;
use crate::task::invocation::Invocation;
use crate::task::run::run;

/// The name of a checkpoint's object.
const CHECKPOINT: &str = "_dst_cp";

/// Runs tasks in a separate folder, which is removed when nothing in it is in use any more.
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
/// use nebulakit::testing::Harness;
///
/// /// Counts to ten, from where the former attempt stopped.
/// #[task]
/// fn count(ctx: Context) -> anyhow::Result<i64> {
///     let checkpoint = ctx.checkpoint().expect("there is a place for it").blocking();
///     let from = checkpoint.read()?.map_or(Ok(0), |bytes| std::str::from_utf8(&bytes)?.parse::<i64>().map_err(anyhow::Error::new))?;
///     checkpoint.write("10")?;
///     ctx.stats().counter("steps", 10 - from);
///     Ok(10 - from)
/// }
/// # fn main() {
///
/// let run = Harness::new().checkpoint("4").run_blocking(count::with());
/// assert_eq!(run.outputs, Ok(6));
/// assert_eq!(run.stats, ["steps:6|c"]);
/// assert_eq!(run.checkpoint.as_deref(), Some(&b"10"[..]));
/// # }
/// ```
#[must_use = "a harness does nothing before it runs a task"]
pub struct Harness {
    storage: Storage,
    raw_output_prefix: Option<String>,
    secrets: Vec<[String; 3]>,
    attempt: u32,
    checkpoint: Option<Bytes>,
    cancellation: Cancellation,
    deadline: Option<Duration>,
}

impl fmt::Debug for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness").field("attempt", &self.attempt).finish_non_exhaustive()
    }
}

impl Default for Harness {
    fn default() -> Self {
        Self::new()
    }
}

impl Harness {
    /// A harness that can reach only this machine, without secrets, for a first attempt.
    pub fn new() -> Self {
        Self {
            storage: Storage::local(),
            raw_output_prefix: None,
            secrets: Vec::new(),
            attempt: 0,
            checkpoint: None,
            cancellation: Cancellation::new(),
            deadline: None,
        }
    }

    /// The object stores; for a test against a real one, [`storage::from_environment()`](crate::storage::from_environment).
    pub fn storage(self, storage: Storage) -> Self {
        Self { storage, ..self }
    }

    /// Where files, directories and tables go, instead of a folder.
    pub fn raw_output_prefix(self, prefix: impl Into<String>) -> Self {
        Self { raw_output_prefix: Some(prefix.into()), ..self }
    }

    /// One more secret; `group` may be empty.
    pub fn secret(mut self, group: &str, key: &str, value: &str) -> Self {
        self.secrets.push([group, key, value].map(str::to_owned));
        self
    }

    /// Which attempt it is, from 0.
    pub fn attempt(self, attempt: u32) -> Self {
        Self { attempt, ..self }
    }

    /// The checkpoint that the previous attempt left.
    pub fn checkpoint(self, bytes: impl Into<Bytes>) -> Self {
        Self { checkpoint: Some(bytes.into()), ..self }
    }

    /// Stops the task when `cancellation` is cancelled.
    pub fn cancellation(self, cancellation: &Cancellation) -> Self {
        Self { cancellation: cancellation.clone(), ..self }
    }

    /// How long the task may run, instead of its own `timeout`; then it ends with the code `USER:Timeout`.
    pub fn deadline(self, limit: Duration) -> Self {
        Self { deadline: Some(limit), ..self }
    }

    /// Runs a task with the values of `invocation`, on the runtime that polls this.
    ///
    /// Its `timeout` applies, as on a platform. A runtime without timers (`enable_time` on tokio's builder) cannot enforce it, nor a
    /// [`deadline`](Self::deadline): there, a run with either fails.
    pub async fn run<O: TaskOutputs>(self, invocation: Invocation<O>) -> Run<O> {
        let recorded = Recorded::default();
        let definition = invocation.definition();
        let Some(task) = (definition as &dyn Any).downcast_ref::<TaskDef>() else {
            let failure = Failure::system(format!("`{}` is not a task", definition.name()), false);
            return Run::without_outputs(RunError::failed(failure), &recorded);
        };
        let (storage, folder) = (self.storage.clone(), Environment::from_process().temporary_folder());
        let workspace = Workspace::new(move || storage, None, folder);
        let place = match workspace.scratch() {
            Ok(folder) => folder.to_owned(),
            Err(error) => return Run::without_outputs(RunError::failed(Failure::cannot_start(&error)), &recorded),
        };
        let context = match self.context(task, &place, &recorded).await {
            Ok(context) => context,
            Err(error) => {
                let failure = Failure::of_store("cannot store the former attempt's checkpoint", &error);
                return Run::without_outputs(RunError::failed(failure), &recorded);
            }
        };
        let outputs = outputs(task, &invocation, &context, &workspace).await;
        let (outputs, checkpoint) = match self.storage.get_if_exists(&join(&at(&place, "checkpoint"), CHECKPOINT)).await {
            Ok(checkpoint) => (outputs, checkpoint),
            // What failed first is what the test is told.
            Err(error) => {
                let unreadable = Failure::of_store("cannot read the checkpoint that the task left", &error);
                (outputs.and(Err(RunError::failed(unreadable))), None)
            }
        };
        Run {
            outputs,
            decks: context.decks().tabs(),
            stats: so_far(&recorded.metrics),
            checkpoint,
            progress: so_far(&recorded.progress),
            log: so_far(&recorded.log),
        }
    }

    /// The same in code that is not async.
    ///
    /// # Panics
    /// In async code, where [`run`](Self::run) does the same, and when no thread can be started.
    pub fn run_blocking<O: TaskOutputs>(self, invocation: Invocation<O>) -> Run<O> {
        block_on(self.run(invocation)).unwrap_or_else(|error| panic!("cannot start a thread: {error}"))
    }

    async fn context(&self, task: &TaskDef, place: &Path, recorded: &Recorded) -> nebulakit_types::Result<Context> {
        let former = at(place, "former");
        if let Some(bytes) = &self.checkpoint {
            self.storage.put(&join(&former, CHECKPOINT), vec![bytes.clone()], &PutOptions::default()).await?;
        }
        let sink = Arc::new(recorded.clone());
        let secrets = self.secrets.iter().map(|[group, key, value]| (group.as_str(), key.as_str(), value.as_str()));
        let mut builder = Context::builder(place)
            .storage(self.storage.clone())
            .secrets(Secrets::of(secrets))
            .stats(Stats::kept_in(&recorded.metrics))
            .attempt(self.attempt)
            .checkpoint(at(place, "checkpoint"), self.checkpoint.is_some().then_some(former))
            .cancellation(&self.cancellation)
            .progress(sink.clone())
            .logs(sink);
        if let Some(prefix) = &self.raw_output_prefix {
            builder = builder.raw_output_prefix(prefix);
        }
        if let Some(limit) = self.deadline.or(task.options.timeout) {
            builder = builder.deadline(limit);
        }
        Ok(builder.build())
    }
}

fn at(place: &Path, name: &str) -> String {
    place.join(name).to_string_lossy().into_owned()
}

/// The outputs of the run, read in `workspace`, whose folder contains everything.
async fn outputs<O: TaskOutputs>(
    task: &'static TaskDef,
    invocation: &Invocation<O>,
    context: &Context,
    workspace: &Workspace,
) -> Result<O, RunError> {
    let mut outbox = Outbox::in_process(context.workspace());
    let inputs = invocation.inputs(context.surroundings().dialect, &mut outbox);
    let inputs = inputs.map_err(|error| RunError::failed(Failure::of_input(task.name, &error)))?;
    let sent = outbox.send().await;
    sent.map_err(|error| RunError::failed(Failure::of_store("cannot store the data of the inputs", &error)))?;
    let returned = run(task, &inputs, None, context).await.ended.map_err(|ended| RunError::new(ended, task.name))?;
    let references = References::default().within(workspace);
    let names: Vec<_> = returned.outputs.iter().map(|output| output.name).collect();
    let literals = returned.outputs.iter().map(|output| (output.name, LiteralRef::new(&output.literal, &references)));
    O::read(&mut OutputReader::new(&names, literals)).map_err(|error| RunError::failed(Failure::of_outputs(&error)))
}

/// The results of a run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Run<O> {
    /// What the task returned, or why it did not.
    pub outputs: Result<O, RunError>,
    /// The tabs of its decks: title and HTML of each.
    pub decks: Vec<(String, String)>,
    /// The metrics that it sent, such as `rows:3|c`.
    pub stats: Vec<String>,
    /// The checkpoint that it left, if that is a single object. If it cannot be read, `outputs` has the error, unless the task failed.
    pub checkpoint: Option<Bytes>,
    /// The progress that it reported: done, and the total.
    pub progress: Vec<(u64, Option<u64>)>,
    /// What it wrote to its own log.
    pub log: Vec<Line>,
}

impl<O> Run<O> {
    /// A run that ended before it began.
    fn without_outputs(error: RunError, recorded: &Recorded) -> Self {
        Self {
            outputs: Err(error),
            decks: Vec::new(),
            stats: so_far(&recorded.metrics),
            checkpoint: None,
            progress: Vec::new(),
            log: Vec::new(),
        }
    }
}
