//! What is submitted.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryFutureExt as _;
use futures_util::future::Either;
use tokio::runtime::Handle;
#[cfg(feature = "run")]
use tokio::sync::OwnedSemaphorePermit;

use crate::coordinator::context::{Home, JobContext};
use crate::coordinator::error::{JobError, Lost, SubmitError, WorkKind};
use crate::coordinator::id::{RequestId, RunId};
use crate::coordinator::live::{Priority, Settings};
use crate::coordinator::lock::{Mutex, locked};
use crate::coordinator::piece::{Piece, PieceOf, Runs, Shared, drive_here, unshared};
use crate::coordinator::resources::{OnOom, Resources};
use crate::coordinator::retry::Retry;
#[cfg(feature = "run")]
use crate::coordinator::witness::Witness;
use crate::task::context::Context;
use crate::task::error::TaskError;
use crate::task::strategy::Strategy;

/// One piece of work that gives a `T`: a closure, a future, or a task with its values, and how it is to be treated.
///
/// What `::with(..)` of a task gives is submitted as it is, or made work of by [`from`](Self::from) to set options.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use nebulakit::coordinator::{Coordinator, Retry, Strategy, Work};
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn divider(a: f64, b: f64) -> f64 {
///     a / b
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// let coordinator = Coordinator::new();
/// let half = coordinator.submit(divider::with(1.0, 2.0), Strategy::Thread).await?;
/// assert_eq!(half.join().await?, 0.5);
///
/// let work = Work::new(|ctx| async move {
///     anyhow::ensure!(ctx.attempt() > 0, TaskError::recoverable(anyhow::anyhow!("too early")));
///     Ok("done")
/// });
/// let work = work.retry(Retry::fixed(3, Duration::ZERO)).timeout(Duration::from_secs(5)).id("careful");
/// assert_eq!(coordinator.submit(work, Strategy::Async).await?.join().await?, "done");
/// # Ok(())
/// # }
/// ```
#[doc(alias = "Task")]
#[must_use = "work does nothing before it is submitted"]
pub struct Work<T> {
    pub(super) piece: Arc<dyn PieceOf<T>>,
    /// What it is, where its idempotency key asks for that and it can be told.
    pub(super) digest: Option<[u8; 32]>,
    /// Why it cannot be submitted.
    pub(super) problem: Option<Box<SubmitError>>,
}

impl<T> fmt::Debug for Work<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self.piece.live();
        f.debug_struct("Work").field("kind", &live.kind).field("settings", &live.settings).finish_non_exhaustive()
    }
}

/// What can be submitted: [`Work`], and what `::with(..)` of a task gives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be submitted as it is",
    label = "expected `Work`, or what `::with(..)` of a task gives",
    note = "a closure becomes work by `Work::new(|job| async move {{ .. }})`, or by `Work::blocking(|job| ..)` where it blocks"
)]
pub trait IntoWork {
    /// What comes of it.
    type Output;

    /// The work.
    fn into_work(self) -> Work<Self::Output>;
}

impl<T> IntoWork for Work<T> {
    type Output = T;

    fn into_work(self) -> Self {
        self
    }
}

impl<T: Send + 'static> Work<T> {
    /// A closure that gives a future: called once for each attempt.
    pub fn new<F, Fut, E>(closure: F) -> Self
    where
        F: FnMut(JobContext) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<anyhow::Error> + 'static,
    {
        Self::of(Async(Mutex::new(closure)))
    }

    /// A future. It can be run once: a [`retry`](Self::retry) does nothing for it.
    pub fn once<Fut, E>(future: Fut) -> Self
    where
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<anyhow::Error> + 'static,
    {
        Self::of(Once(Mutex::new(Some(future))))
    }

    /// A closure that blocks: called once for each attempt.
    pub fn blocking<F, E>(closure: F) -> Self
    where
        F: FnMut(JobContext) -> Result<T, E> + Send + 'static,
        E: Into<anyhow::Error> + 'static,
    {
        Self::of(Blocking(Mutex::new(closure)))
    }

    pub(super) fn of(runs: impl Runs<T>) -> Self {
        Self { piece: Arc::new(Piece::new(runs)), digest: None, problem: None }
    }

    /// Work that cannot be submitted.
    pub(super) fn of_problem(problem: SubmitError) -> Self {
        Self { problem: Some(Box::new(problem)), ..Self::once(std::future::pending::<Result<T, std::convert::Infallible>>()) }
    }
}

impl<T: 'static> Work<T> {
    pub(super) fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut unshared(&mut self.piece).live_mut().settings);
        self
    }

    pub(super) fn of_kind(mut self, kind: WorkKind) -> Self {
        unshared(&mut self.piece).live_mut().kind = kind;
        self
    }

    /// Checks that `strategy` of `home` can run it, and writes the inputs of a task.
    pub(super) fn ready(mut self, strategy: &Strategy, home: &dyn Home) -> Result<Self, SubmitError> {
        if let Some(problem) = self.problem {
            return Err(*problem);
        }
        let piece = unshared(&mut self.piece);
        let lane = home.lane(strategy, piece.live())?;
        piece.live_mut().lane = lane;
        if home.keeps_time(lane) && piece.live().settings.start_to_close.is_some() {
            let settings = &mut piece.live_mut().settings;
            settings.kept_elsewhere = settings.start_to_close.take();
        }
        if let Some(problem) = piece.live().settings.on_oom.and_then(|on_oom| on_oom.problem()) {
            return Err(SubmitError::Amount(problem));
        }
        if let Some(demand) = home.demand(piece.live(), lane)? {
            piece.live_mut().settings.demand = Some(Arc::new(demand));
        }
        // Where there is no place, the attempt says why; inputs without data need none.
        let place = if matches!(piece.live().kind, WorkKind::Task | WorkKind::Container) { home.surroundings().ok() } else { None };
        self.digest = piece.write(place.map(Context::workspace)).map_err(SubmitError::Inputs)?;
        Ok(self)
    }

    /// The job's id, instead of one that the coordinator makes. It has to differ from those of all jobs that are open or in the history.
    pub fn id(self, id: impl Into<RequestId>) -> Self {
        self.set(|settings| settings.id = Some(id.into()))
    }

    /// The run that the job belongs to, instead of one of its own. Runs take turns where jobs wait, and a [`Fatal`](super::Fatal) error ends its run.
    pub fn run(self, run: impl Into<RunId>) -> Self {
        self.set(|settings| settings.run = Some(run.into()))
    }

    /// What people call it; a task's name is known.
    pub fn name(self, name: impl Into<Arc<str>>) -> Self {
        self.set(|settings| settings.name = Some(name.into()))
    }

    /// Something by which people find it.
    pub fn label(self, name: impl Into<Arc<str>>, value: impl Into<Arc<str>>) -> Self {
        let label = (name.into(), value.into());
        self.set(|settings| {
            let before = settings.labels.take();
            settings.labels = Some(before.iter().flat_map(|labels| labels.iter().cloned()).chain([label]).collect());
        })
    }

    /// Before or after others that wait.
    pub fn priority(self, priority: Priority) -> Self {
        self.set(|settings| settings.priority = priority)
    }

    /// How often, and when, an attempt is repeated; a task's `retries` are known.
    pub fn retry(self, retry: Retry) -> Self {
        self.set(|settings| settings.retry = retry)
    }

    /// How long one attempt may run, its start-to-close timeout; a task's `timeout` is known.
    #[doc(alias = "start_to_close")]
    pub fn timeout(self, limit: Duration) -> Self {
        self.set(|settings| settings.start_to_close = Some(limit))
    }

    /// How long it may wait for its turn, each time that it waits.
    pub fn schedule_to_start(self, limit: Duration) -> Self {
        self.set(|settings| settings.schedule_to_start = Some(limit))
    }

    /// How long its waits, attempts and pauses may take in all. A child has no more time than its parent.
    #[doc(alias = "deadline")]
    pub fn schedule_to_close(self, limit: Duration) -> Self {
        self.set(|settings| settings.schedule_to_close = Some(limit))
    }

    /// What it needs while it runs; of a task, instead of what its options say. What this leaves open stays as it was.
    pub fn resources(self, resources: Resources) -> Self {
        self.set(|settings| settings.resources = Some(resources.over(settings.resources.take().unwrap_or_default())))
    }

    /// Whether its container has a network, for a [`ContainerStrategy`](super::ContainerStrategy); of a task, instead of what its options say.
    #[cfg(feature = "container")]
    pub fn network(self, network: bool) -> Self {
        self.set(|settings| settings.network = Some(network))
    }

    /// The image of its container, for a [`ContainerStrategy`](super::ContainerStrategy); of a task, instead of the one that its options name.
    #[cfg(feature = "container")]
    pub fn image(self, image: impl Into<Arc<str>>) -> Self {
        self.set(|settings| settings.image = Some(image.into()))
    }

    /// Who hears all that a task says and takes, and says where its data goes.
    #[cfg(feature = "run")]
    pub(crate) fn witness(self, witness: Arc<dyn Witness>) -> Self {
        self.set(|settings| settings.witness = Some(witness))
    }

    /// Keeps a turn that others wait for until its first attempt begins, or it is over before that.
    #[cfg(feature = "run")]
    pub(crate) fn turn(self, turn: Option<OwnedSemaphorePermit>) -> Self {
        self.set(|settings| settings.turn = Mutex::new(turn))
    }

    /// How many cores it takes while it runs, in whole or in part; a task's `requests(cpu = ..)` are known.
    pub fn cores(self, cores: f64) -> Self {
        self.resources(Resources::new().cores(cores))
    }

    /// How much memory it takes while it runs, in bytes; a task's `limits(memory = ..)`, else its `requests(memory = ..)`, are known.
    pub fn memory(self, bytes: u64) -> Self {
        self.resources(Resources::new().memory(bytes))
    }

    /// How many GPUs it takes while it runs; a task's `requests(gpu = ..)` are known. [`JobContext::gpus`] says which.
    pub fn gpus(self, gpus: u32) -> Self {
        self.resources(Resources::new().gpus(gpus))
    }

    /// How many tokens of that name it takes while it runs; a task's `tokens(..)` are known.
    pub fn tokens(self, name: impl Into<Arc<str>>, tokens: u32) -> Self {
        self.resources(Resources::new().tokens(name, tokens))
    }

    /// Repeats it with more memory where it ran out of it; a task's `on_oom(..)` is known.
    pub fn on_oom(self, on_oom: OnOom) -> Self {
        self.set(|settings| settings.on_oom = Some(on_oom))
    }

    /// How long an attempt may go without a sign of life: [`JobContext::heartbeat`] or [`JobContext::progress`].
    pub fn heartbeat(self, limit: Duration) -> Self {
        self.set(|settings| settings.heartbeat = Some(limit))
    }
}

impl<T: Send + Sync + 'static> Work<T> {
    /// Work that is done once for each `key`: as long as the job with that key is open or in the history, submitting it again gives another handle to the
    /// same job and the same value.
    ///
    /// For a task it has to be the same task with the same inputs, else it is [`SubmitError::KeyConflict`]. Files and tables in memory are the same when
    /// their contents are; those that are in a store or at a path of this machine are when their place is, whatever is there by now. Of other types that
    /// put data into an [`Outbox`](crate::types::outbox::Outbox) no two values are the same. Closures and futures are never compared.
    ///
    /// Children of a job have no keys: [`SubmitError::KeyOfChild`].
    pub fn idempotency_key(self, key: impl Into<Arc<str>>) -> Work<Arc<T>> {
        let work = self.set(|settings| settings.key = Some(key.into()));
        Work { piece: Arc::new(Shared::new(work.piece)), digest: work.digest, problem: work.problem }
    }
}

fn failed(error: impl Into<anyhow::Error>) -> JobError {
    JobError::Failed(Arc::new(TaskError::new(error)))
}

/// Runs a future on this thread, with the coordinator's runtime for what it waits for.
pub(super) fn waited_for<T>(context: &JobContext, future: impl Future<Output = Result<T, JobError>>) -> Result<T, JobError> {
    let runtime = context.home.runtime().map_err(|error| JobError::lost(Lost::Strategy(error.to_string())))?;
    runtime.block_on(future)
}

struct Async<F>(Mutex<F>);

impl<T, F, Fut, E> Runs<T> for Async<F>
where
    T: Send + 'static,
    F: FnMut(JobContext) -> Fut + Send + 'static,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
    E: Into<anyhow::Error> + 'static,
{
    const KIND: WorkKind = WorkKind::Async;

    fn run(&self, context: JobContext) -> impl Future<Output = Result<T, JobError>> + Send {
        locked(&self.0)(context).map_err(failed)
    }

    fn drive(piece: Arc<Piece<T, Self>>, home: Arc<dyn Home>, runtime: &Handle) {
        drive_here(piece, home, runtime);
    }

    fn run_blocking(&self, context: JobContext) -> Result<T, JobError> {
        waited_for(&context.clone(), self.run(context))
    }
}

struct Once<Fut>(Mutex<Option<Fut>>);

impl<T, Fut, E> Runs<T> for Once<Fut>
where
    T: Send + 'static,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
    E: Into<anyhow::Error> + 'static,
{
    const KIND: WorkKind = WorkKind::Async;

    fn run(&self, _: JobContext) -> impl Future<Output = Result<T, JobError>> + Send {
        match locked(&self.0).take() {
            Some(future) => Either::Left(future.map_err(failed)),
            None => Either::Right(std::future::ready(Err(JobError::lost(Lost::Strategy("a future can be run once".to_owned()))))),
        }
    }

    fn drive(piece: Arc<Piece<T, Self>>, home: Arc<dyn Home>, runtime: &Handle) {
        drive_here(piece, home, runtime);
    }

    fn run_blocking(&self, context: JobContext) -> Result<T, JobError> {
        waited_for(&context.clone(), self.run(context))
    }

    fn is_repeatable(&self) -> bool {
        false
    }
}

struct Blocking<F>(Mutex<F>);

impl<T, F, E> Runs<T> for Blocking<F>
where
    T: Send + 'static,
    F: FnMut(JobContext) -> Result<T, E> + Send + 'static,
    E: Into<anyhow::Error> + 'static,
{
    const KIND: WorkKind = WorkKind::Blocking;

    async fn run(&self, context: JobContext) -> Result<T, JobError> {
        self.run_blocking(context)
    }

    fn run_blocking(&self, context: JobContext) -> Result<T, JobError> {
        // What goes on of an attempt that was given up has the closure still.
        let closure = self.0.try_lock();
        let mut closure = match closure {
            Ok(closure) => closure,
            Err(std::sync::TryLockError::Poisoned(closure)) => closure.into_inner(),
            Err(std::sync::TryLockError::WouldBlock) => {
                return Err(JobError::lost(Lost::Strategy("a former attempt still runs: a thread cannot be stopped".to_owned())));
            }
        };
        closure(context).map_err(failed)
    }
}
