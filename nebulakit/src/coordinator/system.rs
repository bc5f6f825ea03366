//! The coordinator itself: takes work, and answers for it.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::SemaphorePermit;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::coordinator::children::JobCaller;
use crate::coordinator::context::{Attempt, Body, Executing, Home, JobContext};
use crate::coordinator::core::{Core, Keyed, Opened};
use crate::coordinator::detail::{DrainReport, ResourceDetail, StrategyDetail, SystemDetail};
use crate::coordinator::drive::{ByStrategy, OpenJob, drive};
use crate::coordinator::error::{CancelReason, JobError, Lost, SubmitError};
use crate::coordinator::handle::JobHandle;
use crate::coordinator::id::{RequestId, RunId};
#[cfg(feature = "run")]
use crate::coordinator::job::JobState;
use crate::coordinator::job::{Job, JobOutcome};
use crate::coordinator::live::{IsLive, Live};
use crate::coordinator::lock::locked;
use crate::coordinator::piece::{PieceOf, unshared};
use crate::coordinator::publisher::Publisher;
use crate::coordinator::resources::{Demand, Granted, Limits};
use crate::coordinator::runtime;
use crate::coordinator::strategy::ExecutionStrategy;
use crate::coordinator::waits::WaitsFor;
use crate::coordinator::work::{IntoWork, Work};
use crate::process::stores::from_environment;
use crate::services::env::Environment;
use crate::task::context::Context;
use crate::task::error::TaskError;
use crate::task::invocation::Caller;
use crate::task::strategy::Strategy;

/// How long jobs may take to close after they were cancelled at a shutdown, beyond the grace that each has.
const CLOSING: Duration = Duration::from_secs(5);

/// The largest number of an id that a submitter chose from which the coordinator's own go on: beyond it there is room for as many again, which no
/// program comes to.
const LARGEST_CHOSEN: u64 = u64::MAX / 2;

/// Takes work, runs each piece by a strategy, and keeps a [`Job`] for each. Clones are the same coordinator.
///
/// It needs no start and no runtime of its own: it runs jobs on the runtime that they are submitted on, and where there is none on one that the
/// process makes at the first need. Jobs go on when the last clone is dropped; [`shutdown`](Self::shutdown) ends them.
///
/// # Examples
/// ```
/// use nebulakit::coordinator::{Coordinator, Strategy, Work};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// let coordinator = Coordinator::new();
/// let job = coordinator.submit(Work::new(|_| async { anyhow::Ok(6 * 7) }), Strategy::Async).await?;
/// let id = job.id().clone();
/// assert_eq!(job.join().await?, 42);
/// assert!(!coordinator.job(&id).unwrap().is_open());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Coordinator {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) core: Core,
    pub(super) strategies: Vec<(Strategy, Arc<dyn ExecutionStrategy>)>,
    /// Which of them do no more than run attempts on the runtime.
    pub(super) plain: Vec<bool>,
    /// What work of each strategy is granted that asks for nothing in particular.
    pub(super) granted: Vec<Granted>,
    /// How much there is of each resource.
    pub(super) limits: Arc<Limits>,
    /// Whether there is a limit for all strategies together.
    pub(super) is_bounded: bool,
    /// Why the limits are not shared that should be.
    pub(super) unshared: OnceLock<String>,
    pub(super) context: OnceLock<Result<Context, JobError>>,
}

impl fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strategies: Vec<_> = self.inner.strategies.iter().map(|(strategy, _)| strategy.name()).collect();
        f.debug_struct("Coordinator").field("strategies", &strategies).finish_non_exhaustive()
    }
}

impl Coordinator {
    /// Submits work if there is room.
    ///
    /// # Errors
    /// When the work is not taken; no job came of it then. Where there is no room, the work comes back.
    pub fn try_submit<W: IntoWork>(&self, work: W, strategy: Strategy) -> Result<JobHandle<W::Output>, TrySubmitError<W::Output>>
    where
        W::Output: Send + 'static,
    {
        let work = work.into_work().ready(&strategy, &*self.inner)?;
        let permit = match self.inner.core.room.try_acquire() {
            Ok(permit) => permit,
            Err(tokio::sync::TryAcquireError::Closed) => return Err(SubmitError::Closed.into()),
            Err(tokio::sync::TryAcquireError::NoPermits) => return Err(TrySubmitError { error: SubmitError::Full, work: Some(work) }),
        };
        Ok(self.open(work)?.into_handle(permit))
    }

    /// Opens the job, in one step: either there is a job, or nothing.
    pub(super) fn open<T: Send + 'static>(&self, mut work: Work<T>) -> Result<Taken<T>, SubmitError> {
        self.inner.admit(unshared(&mut work.piece).live_mut());
        let piece = work.piece;
        let keyed = piece.live().settings.key.is_some().then(|| Keyed {
            id: piece.live().id.clone(),
            place: 0,
            digest: work.digest,
            piece: Arc::new(Arc::clone(&piece)),
        });
        match self.inner.start(Arc::clone(&piece) as Arc<dyn Body>, keyed)? {
            Opened::New => Ok(Taken::New(JobHandle { piece })),
            Opened::Joined(known) => match known.downcast_ref::<Arc<dyn PieceOf<T>>>() {
                Some(known) => Ok(Taken::Joined(JobHandle { piece: Arc::clone(known) })),
                None => Err(SubmitError::KeyConflict(piece.live().settings.key.clone().unwrap_or_default())),
            },
        }
    }

    /// How much there is for its jobs.
    #[cfg(feature = "run")]
    pub(crate) fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// The record of a job that is open, or still in the history.
    #[must_use]
    pub fn job(&self, id: &RequestId) -> Option<Job> {
        let state = locked(&self.inner.core.state);
        state.ledger.find(id).and_then(|place| state.ledger.job(place)).cloned()
    }

    /// Cancels an open job, and the jobs that it started. It says whether it is the first to do so.
    pub fn cancel(&self, id: &RequestId) -> bool {
        self.inner.core.find(id).is_some_and(|job| job.live().cancel(CancelReason::Caller))
    }

    /// Cancels all open jobs of a run.
    pub fn cancel_run(&self, run: &RunId) {
        self.inner.core.cancel_run(run, CancelReason::Caller);
    }

    /// What it is doing.
    #[must_use]
    pub fn system_detail(&self) -> SystemDetail {
        let core = &self.inner.core;
        let state = locked(&core.state);
        let strategies = state.seats.lanes.iter().map(|lane| StrategyDetail {
            strategy: lane.strategy.clone(),
            slots: lane.limit,
            taken: lane.taken,
            waiting: lane.waiting,
        });
        let resources = state.seats.stock.detail().into_iter();
        let resources = resources.map(|(resource, limit, taken)| ResourceDetail { resource, limit, taken });
        SystemDetail {
            counts: state.ledger.counts,
            open: state.ledger.open().map(|(job, _)| job.clone()).collect(),
            closed: state.ledger.closed().cloned().collect(),
            strategies: strategies.collect(),
            resources: resources.collect(),
            abandoned: core.abandoned.load(Ordering::Acquire),
            subscribers: core.publisher.subscribers(),
            dropped_events: core.publisher.dropped(),
            is_closed: state.is_closing,
        }
    }

    /// What a job waits for that is queued; [`None`] where it is not, or waits for nothing that is counted.
    #[must_use]
    pub fn waits_for(&self, id: &RequestId) -> Option<WaitsFor> {
        let state = locked(&self.inner.core.state);
        let live = state.ledger.live(state.ledger.find(id)?)?;
        state.seats.waits_for(live.live())
    }

    /// What the queued jobs of a run wait for.
    #[cfg(feature = "run")]
    pub(crate) fn all_waits(&self, run: &RunId) -> Vec<(RequestId, WaitsFor)> {
        let state = locked(&self.inner.core.state);
        let queued = state.ledger.open().filter(|(job, _)| job.run == *run && job.state == JobState::Queued);
        queued.filter_map(|(job, live)| Some((job.id.clone(), state.seats.waits_for(live.live())?))).collect()
    }

    /// How many bytes tasks in this process have read from the stores of the context and written to them.
    #[cfg(feature = "run")]
    pub(crate) fn moved(&self) -> u64 {
        let context = self.inner.context.get().and_then(|context| context.as_ref().ok());
        let storage = context.and_then(|context| context.surroundings().stores.if_made());
        storage.map_or(0, |storage| storage.progress().now().bytes)
    }

    /// Tells subscribers what happens.
    #[must_use]
    pub fn publisher(&self) -> &Publisher {
        &self.inner.core.publisher
    }

    /// Waits no more for work that was told to stop, now or later: what is in a process or a container is killed.
    #[cfg(feature = "run")]
    pub(crate) fn hurry(&self) {
        self.inner.core.hurry.cancel();
    }

    /// Takes no more work, gives open jobs `drain` to end, cancels those that did not, and ends the strategies. After it no job is open. Calling it again does
    /// no harm.
    pub async fn shutdown(&self, drain: Duration) -> DrainReport {
        let core = &self.inner.core;
        locked(&core.state).is_closing = true;
        core.room.close();
        let before = locked(&core.state).ledger.counts;
        self.idle(drain).await;
        let (drained, open) = {
            let mut state = locked(&core.state);
            state.is_over = true;
            let open: Vec<_> = state.ledger.open().map(|(_, live)| Arc::clone(live)).collect();
            (state.ledger.counts.closed() - before.closed(), open)
        };
        for job in &open {
            job.live().stop.job(CancelReason::Shutdown);
        }
        self.idle(core.grace.saturating_add(CLOSING)).await;
        // Their drivers do not get to run: a future that blocks has their thread.
        let mut lost = 0;
        for job in &open {
            let error = JobError::lost(Lost::Runtime);
            if core.close(job.live(), JobOutcome::Failure(Box::new(error.to_failure()))) {
                job.complete(Err(Box::new(error)));
                lost += 1;
            }
        }
        let deadline = core.clock.now() + CLOSING;
        for (_, strategy) in &self.inner.strategies {
            let _ = tokio::select! {
                biased;
                () = strategy.shutdown(deadline) => true,
                () = core.clock.sleep_until(deadline) => false,
            };
        }
        core.publisher.close();
        DrainReport {
            drained,
            cancelled: open.len() as u64 - lost,
            lost,
            abandoned: core.abandoned.load(Ordering::Acquire),
            dropped_events: core.publisher.dropped(),
        }
    }

    /// Waits until no job is open, for so long at most.
    async fn idle(&self, longest: Duration) {
        let core = &self.inner.core;
        let end = core.clock.now().checked_add(longest);
        loop {
            let idle = core.idle.notified();
            if locked(&core.state).ledger.open_count() == 0 {
                return;
            }
            match end {
                None => idle.await,
                Some(end) => tokio::select! {
                    biased;
                    () = idle => {}
                    () = core.clock.sleep_until(end) => return,
                },
            }
        }
    }
}

/// What tasks see unless the builder says otherwise.
fn of_environment() -> Result<Context, JobError> {
    let folder = Environment::from_process().temporary_folder().join(format!("nebulakit-{}", Uuid::new_v4()));
    let storage = from_environment().map_err(|error| JobError::Failed(Arc::new(TaskError::permanent(error))))?;
    Ok(Context::builder(folder).storage(storage).build())
}

/// What came of opening a job.
pub(super) enum Taken<T> {
    New(JobHandle<T>),
    Joined(JobHandle<T>),
}

impl<T> Taken<T> {
    /// The job gives its permit back when it closes; one that was known already did not take it.
    pub(super) fn into_handle(self, permit: SemaphorePermit<'_>) -> JobHandle<T> {
        match self {
            Self::New(handle) => {
                permit.forget();
                handle
            }
            Self::Joined(handle) => handle,
        }
    }
}

/// Why work was not taken, and the work itself where there was no room for it.
#[non_exhaustive]
pub struct TrySubmitError<T> {
    /// Why.
    pub error: SubmitError,
    /// The work, where the reason is [`SubmitError::Full`].
    pub work: Option<Work<T>>,
}

impl<T> From<SubmitError> for TrySubmitError<T> {
    fn from(error: SubmitError) -> Self {
        Self { error, work: None }
    }
}

impl<T> fmt::Debug for TrySubmitError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrySubmitError").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<T> fmt::Display for TrySubmitError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<T> std::error::Error for TrySubmitError<T> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.error)
    }
}

impl Inner {
    /// Opens a job and starts its driver.
    fn start(self: &Arc<Self>, piece: Arc<dyn Body>, keyed: Option<Keyed>) -> Result<Opened, SubmitError> {
        let runtime = self.runtime()?;
        let opened = self.core.open(piece.live(), || Arc::clone(&piece) as Arc<dyn IsLive>, keyed)?;
        if let Opened::New = opened {
            // From here on the job closes, whatever becomes of the driver.
            let span = {
                let live = piece.live();
                let (name, parent) = (live.settings.name.as_deref(), live.parent.as_ref().map(|parent| &parent.live().id));
                tracing::info_span!("job", id = %live.id, run = %live.run, parent = parent.map(tracing::field::display), name)
            };
            let (lane, home) = (piece.live().lane, Arc::clone(self) as Arc<dyn Home>);
            // Nobody pays for a span that nobody sees.
            if !span.is_disabled() {
                runtime::spawn(&runtime, drive(OpenJob::new(ByStrategy(piece), home)).instrument(span));
            } else if self.is_plain(lane) && !tracing::span_enabled!(tracing::Level::INFO, "attempt") {
                piece.drive(home, &runtime);
            } else {
                runtime::spawn(&runtime, drive(OpenJob::new(ByStrategy(piece), home)));
            }
        }
        Ok(opened)
    }
}

impl Home for Inner {
    fn core(&self) -> &Core {
        &self.core
    }

    fn admit(&self, live: &mut Live) {
        let core = &self.core;
        let (id, run) = live.settings.take_ids();
        live.id = match id {
            Some(id) => {
                // A number that a submitter chose is not given again.
                if let Some(number) = id.number().filter(|number| *number <= LARGEST_CHOSEN) {
                    core.numbers.fetch_max(number, Ordering::Relaxed);
                }
                id
            }
            None => RequestId::numbered(core.numbers.fetch_add(1, Ordering::Relaxed) + 1),
        };
        live.run = match (run, &live.parent) {
            (_, Some(parent)) => parent.live().run.clone(),
            (Some(run), None) => run,
            (None, None) => RunId::of(&live.id),
        };
        let own = live.settings.schedule_to_close.and_then(|limit| Some((core.clock.now().checked_add(limit)?, limit)));
        let above = live.parent.as_ref().and_then(|parent| parent.live().deadline());
        if let Some(first) = own.into_iter().chain(above).min_by_key(|(at, _): &(Instant, _)| *at) {
            live.settings.deadline = Some(first);
        }
        let is_counted = self.granted[live.lane].millicores.is_some() || live.settings.demand.is_some() || live.settings.on_oom.is_some();
        live.is_limited = self.is_bounded || is_counted || self.strategies[live.lane].1.slots().is_some();
    }

    fn adopt(self: Arc<Self>, piece: Arc<dyn Body>) -> Result<(), SubmitError> {
        self.start(piece, None).map(drop)
    }

    fn lane(&self, strategy: &Strategy, live: &Live) -> Result<usize, SubmitError> {
        let lane = self.strategies.iter().position(|(one, _)| one == strategy);
        let known = || self.strategies.iter().map(|(strategy, _)| strategy.clone()).collect();
        let lane = lane.ok_or_else(|| SubmitError::NoStrategy { strategy: strategy.clone(), known: known() })?;
        if self.strategies[lane].1.accepts(live.kind) {
            Ok(lane)
        } else {
            Err(SubmitError::WrongKind { strategy: strategy.clone(), kind: live.kind })
        }
    }

    fn strategy(&self, lane: usize) -> &Strategy {
        &self.strategies[lane].0
    }

    fn is_plain(&self, lane: usize) -> bool {
        self.plain[lane]
    }

    fn keeps_time(&self, lane: usize) -> bool {
        self.strategies[lane].1.keeps_time()
    }

    fn demand(&self, live: &Live, lane: usize) -> Result<Option<Demand>, SubmitError> {
        let own = self.granted[lane].millicores.unwrap_or(0);
        if let Some(said) = self.unshared.get().filter(|_| own > 0 || live.settings.resources.is_some()) {
            return Err(SubmitError::Unshared(said.clone()));
        }
        match &live.settings.resources {
            Some(asked) => Ok(Some(self.limits.demand(asked, own)?)),
            None if own > 0 => Ok(self.limits.fits(&Demand { millicores: own, ..Demand::default() }, None).map(|()| None)?),
            None => Ok(None),
        }
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn granted(&self, lane: usize) -> &Granted {
        &self.granted[lane]
    }

    fn execute(&self, lane: usize, attempt: Attempt) -> Executing<'_> {
        self.strategies[lane].1.execute(attempt)
    }

    fn surroundings(&self) -> Result<&Context, JobError> {
        self.context.get_or_init(of_environment).as_ref().map_err(JobError::clone)
    }

    fn caller(&self, context: &JobContext) -> Arc<dyn Caller> {
        Arc::new(JobCaller(context.clone()))
    }

    fn runtime(&self) -> Result<Handle, SubmitError> {
        runtime::current().map_or_else(|| nebulakit_types::handle().map_err(SubmitError::Runtime), Ok)
    }
}
