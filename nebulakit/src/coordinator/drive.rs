//! A job from its opening to its end: waits, attempts, pauses, and the one place where it is closed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use tracing::Instrument as _;

use crate::coordinator::context::{Attempt, Body, Home, JobContext};
use crate::coordinator::core::Core;
use crate::coordinator::error::{CancelReason, JobError, Lost, Timeout};
use crate::coordinator::job::JobOutcome;
use crate::coordinator::live::{IsLive, Live};
use crate::coordinator::lock::locked;

/// Closes its job when it is dropped, if nothing else did: when the runtime is shut down, or the driver is aborted.
pub(super) struct OpenJob {
    piece: Arc<dyn Body>,
    home: Arc<dyn Home>,
    is_closed: bool,
}

impl OpenJob {
    pub(super) fn new(piece: Arc<dyn Body>, home: Arc<dyn Home>) -> Self {
        Self { piece, home, is_closed: false }
    }

    fn live(&self) -> &Live {
        self.piece.live()
    }

    fn core(&self) -> &Core {
        self.home.core()
    }

    fn close(&mut self, ended: Result<(), JobError>) {
        self.is_closed = true;
        let outcome = match &ended {
            Ok(()) => JobOutcome::Success,
            Err(error) => JobOutcome::Failure(Box::new(error.to_failure())),
        };
        if self.core().close(self.live(), outcome) {
            self.piece.complete(ended);
        }
    }
}

impl Drop for OpenJob {
    fn drop(&mut self) {
        if !self.is_closed {
            self.core().cancel(self.live(), CancelReason::Parent);
            self.close(Err(JobError::lost(Lost::Runtime)));
        }
    }
}

/// Runs an open job to its end.
///
/// There is one such future for each open job. What only some jobs come to is in boxes of its own, so that it takes no room in the others.
pub(super) async fn drive(mut job: OpenJob) {
    let ended = attempts(&job).await;
    if let Err(error) = &ended {
        let (live, core) = (job.live(), job.core());
        if error.is_fatal() {
            // Its own failure stays what it is.
            core.cancel_run(&live.run, CancelReason::Fatal);
        }
        core.cancel(live, CancelReason::Parent);
        // Leaves first: who started others is over when they are.
        std::future::poll_fn(|context| locked(&live.children).poll_none(context)).await;
    }
    job.core().publisher.room().await;
    job.close(ended);
}

async fn attempts(job: &OpenJob) -> Result<(), JobError> {
    let (live, core) = (job.live(), job.core());
    let mut attempt = 0;
    loop {
        core.publisher.room().await;
        seated(live, core).await?;
        core.start(live, attempt);
        let error = match one_attempt(job, attempt).await {
            Ok(()) if job.piece.has_value() => return Ok(()),
            Ok(()) => JobError::lost(Lost::Strategy("the strategy ended the attempt without a value".to_owned())),
            Err(error) => error,
        };
        let may_follow = error.is_recoverable() && attempt < live.settings.retry.retries() && job.piece.is_repeatable();
        if !may_follow || live.stop.reason().is_some() {
            return Err(error);
        }
        let pause = live.settings.retry.pause(attempt);
        let next = core.clock.now().checked_add(pause);
        let Some(next) = next.filter(|next| live.deadline.is_none_or(|(deadline, _)| *next < deadline)) else { return Err(error) };
        if !core.pay_for_retry() {
            return Err(error);
        }
        core.back_off(live, attempt, pause, &error);
        Box::pin(async {
            tokio::select! {
                biased;
                reason = live.stop.of_job() => Err(JobError::Cancelled(reason)),
                () = core.clock.sleep_until(next) => Ok(()),
            }
        })
        .await?;
        attempt += 1;
        core.queue_again(&(Arc::clone(&job.piece) as Arc<dyn IsLive>));
    }
}

/// Waits for a seat.
async fn seated(live: &Live, core: &Core) -> Result<(), JobError> {
    if let Some(reason) = live.stop.reason() {
        return Err(JobError::Cancelled(reason));
    }
    if live.is_seated() {
        return Ok(());
    }
    let mut limits = [(live.deadline, Timeout::ScheduleToClose), (None, Timeout::ScheduleToStart)];
    if let Some(limit) = live.settings.schedule_to_start {
        limits[1].0 = core.clock.now().checked_add(limit).map(|at| (at, limit));
    }
    let mut interrupted = Box::pin(interruption(live, core, limits));
    std::future::poll_fn(|context| match live.poll_seated(context) {
        Poll::Ready(()) => Poll::Ready(Ok(())),
        Poll::Pending => interrupted.as_mut().poll(context).map(Err),
    })
    .await
}

async fn one_attempt(job: &OpenJob, attempt: u32) -> Result<(), JobError> {
    let (live, core) = (job.live(), job.core());
    // Work without times of its own that never waits needs nothing to be interrupted by: that is made when it waits for the first time.
    let mut stop = None;
    if live.settings.start_to_close.is_some() || live.settings.heartbeat.is_some() || live.deadline.is_some() {
        let now = core.clock.now();
        let own = live.settings.start_to_close.and_then(|limit| Some((now.checked_add(limit)?, limit)));
        *locked(&live.beat) = Some(now);
        let limits = [(live.deadline, Timeout::ScheduleToClose), (own, Timeout::StartToClose)];
        stop = Some(Box::pin(interruption(live, core, limits)) as Interrupted<'_>);
    }
    let context = JobContext { piece: Arc::clone(&job.piece), home: Arc::clone(&job.home), attempt };
    let panicked = || JobError::lost(Lost::Strategy("the strategy panicked".to_owned()));
    // The work's own panics are caught where it runs: one that comes this far is the strategy's.
    let span = tracing::info_span!("attempt", number = attempt);
    let span = (!span.is_disabled()).then(|| Box::new(span));
    let attempted = Attempt { context, span: span.clone() };
    let work = catch_unwind(AssertUnwindSafe(|| job.home.execute(live.lane, attempted))).map_err(|_| panicked())?;
    let work = match span {
        None => work,
        Some(span) => Box::pin(work.instrument(*span)),
    };
    let mut work = AssertUnwindSafe(work).catch_unwind();
    let ended = std::future::poll_fn(|context| match work.poll_unpin(context) {
        Poll::Ready(ended) => Poll::Ready(Ok(ended)),
        Poll::Pending => stop.get_or_insert_with(|| cancelled(live)).as_mut().poll(context).map(Err),
    });
    let why = match ended.await {
        Ok(ended) => return ended.unwrap_or_else(|_| Err(panicked())),
        Err(why) => why,
    };
    drop(stop);
    live.stop.attempt(attempt);
    if live.stop.is_watched()
        && let Some(grace) = core.clock.now().checked_add(core.grace)
    {
        tokio::select! {
            biased;
            _ = &mut work => {}
            () = core.clock.sleep_until(grace) => {}
        }
    }
    // What is dropped is the user's code too.
    if catch_unwind(AssertUnwindSafe(|| drop(work))).is_err() {
        tracing::error!("the job `{}` panicked while it was dropped", live.id);
    }
    core.give_up(live, attempt);
    Err(why)
}

/// A moment, and how long it is after the beginning of what has to be over by then.
type Limit = (Option<(Instant, Duration)>, Timeout);

type Interrupted<'a> = Pin<Box<dyn Future<Output = JobError> + Send + 'a>>;

/// Waits until the job is told to stop.
fn cancelled(live: &Live) -> Interrupted<'_> {
    Box::pin(async { JobError::Cancelled(live.stop.of_job().await) })
}

/// Waits until the job is told to stop, or one of its times runs out.
async fn interruption(live: &Live, core: &Core, limits: [Limit; 2]) -> JobError {
    let is_running = limits[1].1 == Timeout::StartToClose;
    loop {
        let beat = live.settings.heartbeat.filter(|_| is_running).and_then(|limit| {
            let last = (*locked(&live.beat))?;
            Some((last.checked_add(limit)?, limit))
        });
        let all = limits.into_iter().chain([(beat, Timeout::Heartbeat)]);
        let next = all.filter_map(|(limit, timeout)| limit.map(|(at, limit)| (at, limit, timeout))).min_by_key(|(at, ..)| *at);
        let Some((at, limit, timeout)) = next else { return JobError::Cancelled(live.stop.of_job().await) };
        tokio::select! {
            biased;
            reason = live.stop.of_job() => return JobError::Cancelled(reason),
            () = core.clock.sleep_until(at) => {}
        }
        let is_alive = timeout == Timeout::Heartbeat && *locked(&live.beat) != at.checked_sub(limit);
        if !is_alive {
            return JobError::TimedOut { timeout, limit };
        }
    }
}
