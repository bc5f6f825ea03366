//! What a running task may ask.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use nebulakit_types::storage::{Storage, join};
use nebulakit_types::workspace::Workspace;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::services::checkpoint::Checkpoint;
use crate::services::deck::Decks;
use crate::services::identity::{ExecutionId, Identity, TaskId};
use crate::services::secrets::Secrets;
use crate::services::stats::Stats;
use crate::task::surroundings::{Places, Surroundings};

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
    /// Who the task is, for one who asks.
    identity: OnceLock<Arc<Identity>>,
    /// The secrets that the task asks for: group, version and key of each.
    declared: Vec<[&'static str; 3]>,
    secrets: OnceLock<Secrets>,
    stats: OnceLock<Stats>,
    checkpoint: OnceLock<Option<Checkpoint>>,
    decks: Decks,
}

impl Context {
    /// The context of a run of a task that asks for the secrets `declared`: group, version and key of each.
    pub(crate) fn new(mut surroundings: Surroundings, declared: Vec<[&'static str; 3]>) -> Self {
        surroundings.cancellation = surroundings.cancellation.below();
        let stores = surroundings.stores.clone();
        let raw_prefix = surroundings.raw_output_prefix.take();
        let raw_prefix = raw_prefix.unwrap_or_else(|| join(&surroundings.output_prefix, "raw"));
        let deadline = surroundings.kept_deadline().map(|deadline| deadline.at);
        let workspace = Workspace::new(move || stores.all().until(deadline), Some(raw_prefix), &*surroundings.temporary);
        Self {
            inner: Arc::new(Inner {
                surroundings,
                workspace,
                identity: OnceLock::new(),
                declared,
                secrets: OnceLock::new(),
                stats: OnceLock::new(),
                checkpoint: OnceLock::new(),
                decks: Decks::new(),
            }),
        }
    }

    /// Runs `function` as a part of this run: values that it makes are read through its workspace, and what `tracing` hears goes to its log.
    pub(crate) fn enter<T>(&self, function: impl FnOnce() -> T) -> T {
        let function = || self.workspace().enter(function);
        match &self.own().traced {
            Some(traced) => traced.enter(function),
            None => function(),
        }
    }

    /// The same for a future, at each of its polls.
    pub(crate) async fn scope<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|waker| self.enter(|| future.as_mut().poll(waker))).await
    }

    pub(crate) fn surroundings(&self) -> &Surroundings {
        self.own()
    }

    fn own(&self) -> &Surroundings {
        &self.inner.surroundings
    }

    fn identity(&self) -> &Identity {
        self.inner.identity.get_or_init(|| self.own().identity())
    }

    /// The execution that this task is part of; `local` three times outside a platform.
    #[must_use]
    pub fn execution_id(&self) -> &ExecutionId {
        &self.identity().execution
    }

    /// The task as it is registered.
    #[must_use]
    pub fn task_id(&self) -> &TaskId {
        &self.identity().task
    }

    /// The workflow that this task is a step of, as `project:domain:name`; empty where the platform does not say, as on Flyte 2.
    #[must_use]
    pub fn workflow(&self) -> &str {
        &self.identity().workflow
    }

    /// The execution's page in the console, where the platform gives one.
    #[must_use]
    pub fn execution_url(&self) -> Option<&str> {
        self.identity().execution_url.as_deref()
    }

    /// Which attempt this is, from 0.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.identity().attempt
    }

    /// When this process began to run the task.
    #[must_use]
    pub fn started(&self) -> SystemTime {
        self.own().started
    }

    /// The custom context: what came with the run besides its inputs, and is handed to every task below it. Flyte 2 has it; it is empty
    /// elsewhere.
    #[must_use]
    pub fn custom_context(&self) -> &BTreeMap<String, String> {
        &self.own().custom
    }

    /// Until when the task has to end, by its own `timeout`; [`None`] without one. Where the platform does not see to it (Flyte 2, and `run`
    /// locally), transfers of files, directories and tables are over by then, or end with an error that says so.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.own().deadline.map(|deadline| deadline.at)
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

    /// The ids of the GPUs that the task may use, as `CUDA_VISIBLE_DEVICES` names them: under a coordinator those that its attempt was granted, which are
    /// nobody else's; in a container those that this variable names there, or that the driver shows where it is not set. None in a context that a
    /// program made itself.
    #[must_use]
    pub fn gpus(&self) -> Vec<Arc<str>> {
        self.own().gpus.ids()
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
        self.inner.secrets.get_or_init(|| self.own().secrets.clone().of_task(self.inner.declared.clone()))
    }

    /// The metrics of this task.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        self.inner.stats.get_or_init(|| (self.own().stats)())
    }

    /// Says how far the task has come: `done` of `total` units of work, where it knows how many there are. Under a coordinator it is an event of the
    /// job; any other program that runs the task may show it, and a container does not.
    pub fn progress(&self, done: u64, total: impl Into<Option<u64>>) {
        if let Some(sink) = &self.own().progress {
            sink.report(done, total.into());
        }
    }

    /// Writes to this run's own log, where the program that runs the task keeps one, and else to the log of the process, as `tracing` does.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::Level;
    /// use nebulakit::prelude::*;
    ///
    /// #[task]
    /// fn count(ctx: Context, words: Vec<String>) -> u64 {
    ///     ctx.log(Level::INFO, format!("counting {} words", words.len()));
    ///     words.len() as u64
    /// }
    /// ```
    pub fn log(&self, level: tracing::Level, message: impl AsRef<str>) {
        let message = message.as_ref();
        if let Some(sink) = &self.own().logs {
            sink.write(level, message);
            return;
        }
        match level {
            tracing::Level::ERROR => tracing::error!("{message}"),
            tracing::Level::WARN => tracing::warn!("{message}"),
            tracing::Level::INFO => tracing::info!("{message}"),
            tracing::Level::DEBUG => tracing::debug!("{message}"),
            tracing::Level::TRACE => tracing::trace!("{message}"),
        }
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
            let Places { destination, previous, resumes_own } = &self.own().checkpoint;
            Checkpoint::new(self.storage(), destination.as_deref(), previous.as_deref(), *resumes_own)
        });
        checkpoint.as_ref()
    }

    /// Starts a future beside the task, as `tokio::spawn` does, and as a part of this run: files, directories and tables that it makes from
    /// a URL are opened through this run's stores.
    ///
    /// It does not end with the task: await it, or it goes on, or ends with the process.
    ///
    /// # Panics
    /// Without a runtime, as in a task that is a plain `fn`, when no thread can be started for one.
    pub fn spawn<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        let context = self.clone();
        runtime().spawn(async move { context.scope(future).await })
    }

    /// Runs a function that blocks on a thread of its own, as `tokio::task::spawn_blocking` does, and as a part of this run; see
    /// [`spawn`](Self::spawn).
    ///
    /// # Panics
    /// As [`spawn`](Self::spawn).
    pub fn spawn_blocking<T: Send + 'static>(&self, function: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        let context = self.clone();
        runtime().spawn_blocking(move || context.enter(function))
    }

    /// Waits for a future in blocking code, such as one of [`storage`](Self::storage).
    ///
    /// # Panics
    /// In async code, where `.await` does the same, and when no thread can be started.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        nebulakit_types::block_on(self.scope(future)).unwrap_or_else(|error| panic!("cannot start a thread: {error}"))
    }
}

fn runtime() -> Handle {
    nebulakit_types::handle().unwrap_or_else(|error| panic!("cannot start a thread: {error}"))
}

impl From<&Context> for Workspace {
    fn from(context: &Context) -> Self {
        context.workspace().clone()
    }
}

impl From<Context> for Workspace {
    fn from(context: Context) -> Self {
        Self::from(&context)
    }
}

impl AsRef<Workspace> for Context {
    fn as_ref(&self) -> &Workspace {
        self.workspace()
    }
}
