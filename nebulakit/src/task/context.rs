//! What a running task may ask.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use nebulakit_types::storage::{Storage, join};
use nebulakit_types::workspace::Workspace;

use crate::process::platform::Platform;
use crate::process::reactor::Reactor;
use crate::process::stores::Stores;
use crate::services::checkpoint::Checkpoint;
use crate::services::config::LazyConfig;
use crate::services::deck::Decks;
use crate::services::env::Environment;
use crate::services::identity::{ExecutionId, Identity, TaskId};
use crate::services::secrets::Secrets;
use crate::services::stats::Stats;
use crate::task::cancellation::Cancellation;

/// The running task's surroundings; cheap to clone, and free to take: whatever costs anything is made when it is first asked for.
///
/// A parameter of this type is not an input.
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn train(ctx: Context, steps: i64) -> anyhow::Result<i64> {
///     for step in 0..steps {
///         anyhow::ensure!(!ctx.is_cancelled(), "stopped at step {step}");
///     }
///     ctx.stats().counter("steps", steps);
///     Ok(steps)
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct Context {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    surroundings: Surroundings,
    workspace: Workspace,
    secrets: OnceLock<Secrets>,
    stats: OnceLock<Stats>,
    checkpoint: OnceLock<Option<Checkpoint>>,
    decks: Decks,
}

/// What a [`Context`] is made of.
pub(crate) struct Surroundings {
    pub(crate) identity: Identity,
    pub(crate) environment: Environment,
    pub(crate) config: LazyConfig,
    pub(crate) stores: Stores,
    pub(crate) cancellation: Cancellation,
    pub(crate) started: SystemTime,
    pub(crate) custom: BTreeMap<String, String>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) output_prefix: String,
    pub(crate) raw_output_prefix: Option<String>,
    pub(crate) checkpoint: Option<String>,
    pub(crate) previous_checkpoint: Option<String>,
    pub(crate) platform: &'static Platform,
    pub(crate) reactor: Reactor,
    /// The secrets that the task asks for: group, version and key of each.
    pub(crate) secrets: Vec<[&'static str; 3]>,
}

/// The places may hold secrets in their URLs.
impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("identity", &self.identity).field("started", &self.started).finish_non_exhaustive()
    }
}

impl Context {
    pub(crate) fn new(surroundings: Surroundings) -> Self {
        let stores = surroundings.stores.clone();
        let raw_prefix = surroundings.raw_output_prefix.clone();
        let raw_prefix = raw_prefix.unwrap_or_else(|| join(&surroundings.output_prefix, "raw"));
        // A platform that keeps the time goes by the workflow's node, which may give the task more of it than the task itself says.
        let deadline = surroundings.deadline.filter(|_| !surroundings.platform.keeps_timeouts);
        let workspace = Workspace::new(move || stores.all().until(deadline), Some(raw_prefix), surroundings.environment.temporary_folder());
        workspace.share();
        Self {
            inner: Arc::new(Inner {
                surroundings,
                workspace,
                secrets: OnceLock::new(),
                stats: OnceLock::new(),
                checkpoint: OnceLock::new(),
                decks: Decks::new(),
            }),
        }
    }

    fn own(&self) -> &Surroundings {
        &self.inner.surroundings
    }

    /// The execution that this task is part of; `local` three times outside a platform.
    #[must_use]
    pub fn execution_id(&self) -> &ExecutionId {
        &self.own().identity.execution
    }

    /// The task as it is registered.
    #[must_use]
    pub fn task_id(&self) -> &TaskId {
        &self.own().identity.task
    }

    /// The workflow that this task is a step of, as `project:domain:name`; empty where the platform does not say, as on Flyte 2.
    #[must_use]
    pub fn workflow(&self) -> &str {
        &self.own().identity.workflow
    }

    /// The execution's page in the console, where the platform gives one.
    #[must_use]
    pub fn execution_url(&self) -> Option<&str> {
        self.own().identity.execution_url.as_deref()
    }

    /// Which attempt this is, from 0.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.own().identity.attempt
    }

    /// When this process began to run the task.
    #[must_use]
    pub fn started(&self) -> SystemTime {
        self.own().started
    }

    /// The custom context: what whoever started the run sent along besides the inputs, and every task below it is handed. Flyte 2 has it;
    /// it is empty elsewhere.
    #[must_use]
    pub fn custom_context(&self) -> &BTreeMap<String, String> {
        &self.own().custom
    }

    /// Until when the task has to end, by its own `timeout`; [`None`] without one. Where the platform does not see to it (Flyte 2, and `run`
    /// locally), transfers of files, directories and tables are over by then, or end with an error that says so.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.own().deadline
    }

    /// How long the task may still run; zero when the time is up, [`None`] without a `timeout`.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Whether the task has been asked to stop; blocking code looks here from time to time.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.own().cancellation.is_cancelled()
    }

    /// Waits until the task is asked to stop; for `select!` in async code.
    pub async fn cancelled(&self) {
        self.own().cancellation.cancelled().await;
    }

    /// Where outputs go.
    #[must_use]
    pub fn output_prefix(&self) -> &str {
        &self.own().output_prefix
    }

    /// Where files, directories and tables go: the place that the caller named, else `raw` below the outputs.
    #[must_use]
    pub fn raw_output_prefix(&self) -> &str {
        self.workspace().raw_prefix().unwrap_or_default()
    }

    /// A fresh directory of this task's own, readable by this user alone; it is removed when the task's last context is dropped.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn working_directory(&self) -> io::Result<&Path> {
        self.inner.workspace.scratch()
    }

    /// Where this task's data comes from and goes to: what files, directories and tables are made in.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.inner.workspace
    }

    /// The object stores, as the platform's settings say that they are reached. Its transfers have no deadline: a task whose time is up may
    /// still save what it has.
    #[must_use]
    pub fn storage(&self) -> &Storage {
        self.own().stores.all()
    }

    /// The secrets that the platform handed over.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        let own = self.own();
        self.inner.secrets.get_or_init(|| Secrets::new(&own.environment, &own.config, own.identity.is_local).of_task(own.secrets.clone()))
    }

    /// The metrics of this task.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        self.inner.stats.get_or_init(|| Stats::new(&self.own().config, &self.own().identity))
    }

    /// The report that the console shows beside the task; stored when the task has ended, also when it failed.
    ///
    /// Flyte 1 shows it only for tasks with `deck` among their options.
    #[must_use]
    pub fn decks(&self) -> &Decks {
        &self.inner.decks
    }

    /// Where this attempt saves its state and finds that of the former one; [`None`] where the platform gave no place for it.
    #[must_use]
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        let checkpoint = self.inner.checkpoint.get_or_init(|| {
            let own = self.own();
            Checkpoint::new(self.storage(), own.checkpoint.as_deref(), own.previous_checkpoint.as_deref(), own.platform, &own.reactor)
        });
        checkpoint.as_ref()
    }

    /// Waits for a future in blocking code, such as one of [`storage`](Self::storage).
    ///
    /// # Panics
    /// In async code, where `.await` does the same, and when no thread can be started.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.own().reactor.wait(future).unwrap_or_else(|error| panic!("cannot start a thread: {error}"))
    }
}

impl AsRef<Workspace> for Context {
    fn as_ref(&self) -> &Workspace {
        self.workspace()
    }
}
