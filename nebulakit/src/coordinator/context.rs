//! What running work sees, and what runs.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nebulakit_types::workspace::Workspace;
use tokio::runtime::Handle;

use crate::coordinator::core::Core;
use crate::coordinator::error::{JobError, SubmitError};
use crate::coordinator::event::{EventKind, OutputStream};
use crate::coordinator::id::{RequestId, RunId};
use crate::coordinator::live::{IsLive, Live};
use crate::coordinator::lock::locked;
use crate::coordinator::resources::{Demand, Granted, Limits};
use crate::coordinator::usage::Usage;
use crate::process::worker::message::Used;
use crate::task::context::Context;
use crate::task::def::TaskDef;
use crate::task::invocation::Caller;
use crate::task::strategy::Strategy;

/// A future of a strategy's: over when the attempt is.
pub type Executing<'a> = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send + 'a>>;

/// What running work sees of its job. Cheap to clone.
///
/// # Examples
/// ```
/// use nebulakit::coordinator::{Coordinator, JobContext, Strategy, Work};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// let coordinator = Coordinator::new();
/// let sum = Work::new(|ctx: JobContext| async move {
///     let mut sum = 0;
///     for part in 1..=3 {
///         sum += ctx.call(Work::new(move |_| async move { anyhow::Ok(part * 10) }), Strategy::Async).await?;
///         ctx.progress(part, 3);
///     }
///     anyhow::Ok(sum)
/// });
/// assert_eq!(coordinator.submit(sum, Strategy::Async).await?.join().await?, 60);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct JobContext {
    pub(super) piece: Arc<dyn Body>,
    pub(super) home: Arc<dyn Home>,
    pub(super) attempt: u32,
    /// What the attempt was granted, where the work asks for something in particular.
    pub(super) granted: Option<Arc<Granted>>,
}

impl fmt::Debug for JobContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobContext").field("job", self.id()).field("attempt", &self.attempt).finish_non_exhaustive()
    }
}

/// One try at a piece of work: what a strategy runs once.
///
/// A strategy runs it here by [`run`](Self::run) or [`run_blocking`](Self::run_blocking), or has the task that it is run elsewhere and hands the
/// outputs over by [`give`](Self::give). It holds one of the strategy's slots until it is dropped.
pub struct Attempt {
    pub(super) context: JobContext,
    /// What is logged meanwhile belongs to it, where somebody listens.
    pub(super) span: Option<Box<tracing::Span>>,
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.context.home.core().leave(self.context.live(), self.context.attempt);
    }
}

/// Work with its job, whatever its type.
pub(super) trait Body: IsLive {
    /// Runs it, on the runtime that polls this.
    fn run(self: Arc<Self>, attempt: Attempt) -> Executing<'static>;

    /// Starts a driver that runs the attempts itself where it can, for a strategy that would do nothing else.
    fn drive(self: Arc<Self>, home: Arc<dyn Home>, runtime: &Handle);

    /// Runs it on this thread.
    fn run_blocking(&self, context: JobContext) -> Result<(), JobError>;

    /// The task and its inputs as the bytes of an `inputs.pb`, where it is one.
    fn task(&self) -> Option<(&'static TaskDef, &[u8])>;

    /// The container that it is, where it is one.
    #[cfg(feature = "container")]
    fn container(&self) -> Option<&dyn std::any::Any>;

    /// Writes the inputs of a task, whose data goes to `place`, before it is submitted. It says what the work is, where its idempotency key asks for that.
    fn write(&mut self, place: Option<&Workspace>) -> nebulakit_types::Result<Option<[u8; 32]>>;

    /// Stores the data of the inputs, before an attempt runs; [`None`] where there is none, or none any more.
    fn store<'a>(&'a self, home: &'a dyn Home) -> Option<Executing<'a>>;

    /// Takes the outputs of the task, the bytes of an `outputs.pb`, from a run elsewhere.
    fn give(&self, outputs: &[u8], context: &JobContext) -> Result<(), JobError>;

    /// Whether there is a value.
    fn has_value(&self) -> bool;

    /// Whether it can be run again.
    fn is_repeatable(&self) -> bool;
}

/// Where a job runs: what its context can do beyond its own job.
pub(super) trait Home: Send + Sync {
    fn core(&self) -> &Core;

    /// Gives work its id, its run and its deadline.
    fn admit(&self, live: &mut Live);

    /// Takes the child `piece` of a running job. Its settings, and which job it is a child of, are in it.
    fn adopt(self: Arc<Self>, piece: Arc<dyn Body>) -> Result<(), SubmitError>;

    /// The index of a strategy that runs such work.
    fn lane(&self, strategy: &Strategy, live: &Live) -> Result<usize, SubmitError>;

    /// The strategy of that index.
    fn strategy(&self, lane: usize) -> &Strategy;

    /// Whether that strategy does no more than run attempts on the runtime.
    fn is_plain(&self, lane: usize) -> bool;

    /// Whether that strategy keeps time limits itself.
    fn keeps_time(&self, lane: usize) -> bool;

    /// What work asks for of that strategy, where that is anything in particular.
    fn demand(&self, live: &Live, lane: usize) -> Result<Option<Demand>, SubmitError>;

    /// How much there is of each resource.
    fn limits(&self) -> &Limits;

    /// What work of that strategy is granted that asks for nothing in particular.
    fn granted(&self, lane: usize) -> &Granted;

    /// Has that strategy run an attempt.
    fn execute(&self, lane: usize, attempt: Attempt) -> Executing<'_>;

    /// What the contexts of tasks are made of.
    fn surroundings(&self) -> Result<&Context, JobError>;

    /// What starts the tasks that a task of this job calls.
    fn caller(&self, context: &JobContext) -> Arc<dyn Caller>;

    /// Where what is async runs that a thread without a runtime starts.
    fn runtime(&self) -> Result<Handle, SubmitError>;
}

impl JobContext {
    pub(super) fn live(&self) -> &Live {
        self.piece.live()
    }

    /// The job.
    #[must_use]
    pub fn id(&self) -> &RequestId {
        &self.live().id
    }

    /// The job's run.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.live().run
    }

    /// The job that started this one.
    #[must_use]
    pub fn parent(&self) -> Option<&RequestId> {
        self.live().parent.as_ref().map(|parent| &parent.live().id)
    }

    /// Which attempt this is, from 0.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// What this attempt may use: what the work asked for, else what its strategy counts for an attempt.
    #[must_use]
    pub fn granted(&self) -> &Granted {
        self.granted.as_deref().unwrap_or_else(|| self.home.granted(self.live().lane))
    }

    /// The ids of the GPUs that this attempt may use, as `CUDA_VISIBLE_DEVICES` names them. Work in this process chooses its devices by them; a process
    /// of its own sees no others.
    #[must_use]
    pub fn gpus(&self) -> &[Arc<str>] {
        self.granted().gpus()
    }

    /// When the job has to be over, by its own schedule-to-close timeout or one of those above it.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.live().deadline().map(|(at, _)| at)
    }

    /// Whether this attempt should stop. Work that looks here, or waits for [`cancelled`](Self::cancelled), has some time to end by itself; all other is
    /// dropped at its next `.await`.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.live().stop.watch();
        self.live().stop.is_over(self.attempt)
    }

    /// Waits until this attempt should stop.
    pub async fn cancelled(&self) {
        self.live().stop.of_attempt(self.attempt).await;
    }

    /// Says that the attempt is alive, for work with a heartbeat timeout.
    pub fn heartbeat(&self) {
        // One that was given up goes on for itself alone, and keeps no later one.
        if self.live().settings.heartbeat.is_some() && self.live().runs(self.attempt) {
            *locked(&self.live().settings.beat) = Some(self.home.core().clock.now());
        }
    }

    /// Says how far the work is: `done` of `total` units, where it knows how many there are. A sign of life too.
    pub fn progress(&self, done: u64, total: impl Into<Option<u64>>) {
        let total = total.into();
        self.heartbeat();
        if self.live().runs(self.attempt)
            && let Some(witness) = self.live().own_witness()
        {
            witness.progress(done, total);
        }
        self.tell(|| EventKind::Progress { done, total });
    }

    /// Tells the subscribers something.
    pub fn broadcast(&self, item: impl Into<serde_json::Value>) {
        let item = item.into();
        self.tell(|| EventKind::Broadcast { item });
    }

    /// Writes a line to the job's log: an event for the subscribers.
    pub fn log(&self, level: tracing::Level, message: impl Into<String>) {
        let message = message.into();
        if let Some(witness) = self.live().witness() {
            witness.log(level, &message);
        }
        self.tell(|| EventKind::Log { level: level.as_str().to_owned(), message });
    }

    /// Tells of what a process of the job's has printed: whole lines, or the beginning of one that goes on in what comes next.
    pub(crate) fn output(&self, stream: OutputStream, printed: &[u8]) {
        if let Some(witness) = self.live().witness() {
            witness.output(stream, printed);
        }
        if self.home.core().publisher.subscribers() == 0 {
            return;
        }
        for line in printed.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            self.tell(|| EventKind::Output { stream, line: String::from_utf8_lossy(line).into_owned() });
        }
    }

    /// The running attempt took this besides its time, or a job that it called did.
    pub(crate) fn took(&self, usage: Usage) {
        if self.live().runs(self.attempt)
            && let Some(witness) = self.live().witness()
        {
            witness.took(usage);
        }
    }

    /// An engine has the attempt in its queue, under this id.
    #[cfg(feature = "run")]
    pub(crate) fn waits_on(&self, engine: &str, id: &str, reason: Option<&str>) {
        if self.live().runs(self.attempt)
            && let Some(witness) = self.live().own_witness()
        {
            witness.waits_on(engine, id, reason);
        }
    }

    /// An engine runs the attempt, under this id, perhaps on a host that is known.
    #[cfg(feature = "run")]
    pub(crate) fn runs_on(&self, engine: &str, id: &str, host: Option<&str>) {
        if self.live().runs(self.attempt)
            && let Some(witness) = self.live().own_witness()
        {
            witness.runs_on(engine, id, host);
        }
    }

    /// What a worker or a container says that it took.
    pub(super) fn took_by(&self, used: Option<Used>) {
        if let Some(Used { cpu, system, memory, moved }) = used {
            let [cpu, system] = [cpu, system].map(|micros| micros.map(Duration::from_micros));
            self.took(Usage { wall: Duration::ZERO, cpu, system, memory });
            if let Some(witness) = self.live().witness() {
                witness.moved(moved);
            }
        }
    }

    /// Keeps the page of the decks that this attempt made, where its run keeps such pages. A page that cannot be kept is not the task's failure.
    pub(crate) fn keep_deck(&self, page: impl FnOnce() -> String) {
        if let Some(witness) = self.live().own_witness()
            // One that was given up goes on for itself alone.
            && self.live().runs(self.attempt)
            && let Err(error) = witness.keep_deck(&page())
        {
            self.log(tracing::Level::WARN, format!("cannot keep the decks: {error}"));
        }
    }

    pub(super) fn tell(&self, kind: impl FnOnce() -> EventKind) {
        self.home.core().tell(self.live(), kind);
    }
}
