//! A job from its opening to its end: waits, attempts, pauses, and the one place where it is closed.
//!
//! There is one future of this for each open job. What only some jobs come to is in boxes of its own, so that it takes no room in the others.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tracing::Instrument as _;

use crate::coordinator::context::{Attempt, Body, Executing, Home, JobContext};
use crate::coordinator::core::Core;
use crate::coordinator::error::{self, CancelReason, JobError, Lost, Timeout};
use crate::coordinator::job::JobOutcome;
use crate::coordinator::live::{Ended, IsLive, Live};
use crate::coordinator::lock::locked;
use crate::coordinator::resources::{Demand, More};
use crate::coordinator::stuck;
use crate::task::failure::code;
use crate::task::panic::told;

/// Who runs the attempts of one job: its strategy, or the driver itself.
pub(super) trait Runner: Send + Sync + 'static {
    /// What an attempt gives.
    type Value;

    fn body(&self) -> &dyn Body;

    /// The same, for what outlives the driver.
    fn shared(&self) -> Arc<dyn IsLive>;

    /// Begins an attempt.
    fn start<'a>(
        &'a self,
        home: &'a Arc<dyn Home>,
        attempt: u32,
    ) -> Result<impl Future<Output = Result<Self::Value, JobError>> + Send + 'a, Box<JobError>>;

    /// Calls what polls or drops an attempt. A panic in it is a failure.
    fn guarded<T>(&self, call: impl FnOnce() -> T) -> Result<T, Box<JobError>>;

    /// Takes the value of an attempt.
    fn take(&self, value: Self::Value, attempt: u32);

    /// Nothing is left of an attempt that the driver ran itself.
    fn left(&self, core: &Core);
}

/// Attempts by the job's strategy, whichever it is.
pub(super) struct ByStrategy(pub(super) Arc<dyn Body>);

impl Runner for ByStrategy {
    type Value = ();

    fn body(&self) -> &dyn Body {
        &*self.0
    }

    fn shared(&self) -> Arc<dyn IsLive> {
        Arc::clone(&self.0) as Arc<dyn IsLive>
    }

    fn start<'a>(
        &'a self,
        home: &'a Arc<dyn Home>,
        attempt: u32,
    ) -> Result<impl Future<Output = Result<(), JobError>> + Send + 'a, Box<JobError>> {
        let context = JobContext { piece: Arc::clone(&self.0), home: Arc::clone(home), attempt, granted: self.0.live().granted() };
        let span = tracing::info_span!("attempt", number = attempt);
        let span = (!span.is_disabled()).then(|| Box::new(span));
        let attempted = Attempt { context, span: span.clone() };
        let work = self.guarded(|| begun(&*self.0, &**home, attempted))?;
        Ok(match span {
            None => work,
            Some(span) => Box::pin(work.instrument(*span)) as Executing<'a>,
        })
    }

    /// The work's own panics are caught where it runs: one that comes this far is the strategy's.
    fn guarded<T>(&self, call: impl FnOnce() -> T) -> Result<T, Box<JobError>> {
        told(call).map_err(|panic| Box::new(JobError::lost(Lost::Strategy(format!("the strategy panicked at {panic}")))))
    }

    fn take(&self, (): (), _: u32) {}

    /// The attempt itself says so when it is dropped.
    fn left(&self, _: &Core) {}
}

/// Closes its job when it is dropped, if nothing else did: when the runtime is shut down, or the driver is aborted.
pub(super) struct OpenJob<R: Runner> {
    runner: R,
    home: Arc<dyn Home>,
    is_closed: bool,
}

impl<R: Runner> OpenJob<R> {
    pub(super) fn new(runner: R, home: Arc<dyn Home>) -> Self {
        Self { runner, home, is_closed: false }
    }

    fn live(&self) -> &Live {
        self.runner.body().live()
    }

    fn core(&self) -> &Core {
        self.home.core()
    }

    fn close(&mut self, ended: Ended) {
        self.is_closed = true;
        close(self.runner.body(), self.core(), ended);
    }
}

fn close(body: &dyn Body, core: &Core, ended: Ended) {
    let outcome = match &ended {
        Ok(()) => JobOutcome::Success,
        Err(error) => JobOutcome::Failure(Box::new(error.to_failure())),
    };
    drop(body.live().stop.driver_left());
    if core.close(body.live(), outcome) {
        body.complete(ended);
    }
}

impl<R: Runner> Drop for OpenJob<R> {
    fn drop(&mut self) {
        if !self.is_closed {
            self.runner.left(self.core());
            self.live().cancel(CancelReason::Parent);
            self.close(Err(Box::new(JobError::lost(Lost::Runtime))));
        }
    }
}

/// Runs an open job to its end.
#[expect(clippy::manual_async_fn, reason = "an `async fn` keeps its arguments twice")]
pub(super) fn drive<R: Runner>(mut job: OpenJob<R>) -> impl Future<Output = ()> + Send {
    async move {
        let mut attempt = 0;
        let ended = loop {
            if !is_ready(job.live(), job.core())
                && let Err(error) = Box::pin(ready(job.live(), job.core())).await
            {
                break Err(error);
            }
            let stopwatch = job.core().start(job.live(), attempt);
            let ended = one_attempt(&job, attempt).await;
            job.core().attempted(job.live(), stopwatch);
            let error = match ended {
                Ok(()) if job.runner.body().has_value() => break Ok(()),
                Ok(()) => Box::new(JobError::lost(Lost::Strategy("the strategy ended the attempt without a value".to_owned()))),
                Err(error) => error,
            };
            if let Err(error) = Box::pin(again(&job, attempt, error)).await {
                break Err(error);
            }
            attempt += 1;
        };
        let ended = match ended {
            Ok(()) if job.core().publisher.has_room() => Ok(()),
            ended => Box::pin(over(job.live(), job.core(), ended)).await,
        };
        job.close(ended);
    }
}

/// Whether an attempt may begin at once.
fn is_ready(live: &Live, core: &Core) -> bool {
    core.publisher.has_room() && live.stop.reason().is_none() && live.is_seated()
}

/// Waits until an attempt may begin.
async fn ready(live: &Live, core: &Core) -> Ended {
    core.publisher.room().await;
    if let Some(reason) = live.stop.reason() {
        return Err(Box::new(JobError::Cancelled(reason)));
    }
    if live.is_seated() {
        return Ok(());
    }
    let mut limits = [(live.deadline(), Timeout::ScheduleToClose), (None, Timeout::ScheduleToStart)];
    if let Some(limit) = live.settings.schedule_to_start {
        limits[1].0 = core.clock.now().checked_add(limit).map(|at| (at, limit));
    }
    let mut interrupted = pin!(interruption(live, core, limits));
    std::future::poll_fn(|context| match live.poll_seated(context) {
        Poll::Ready(()) if live.is_seated() => Poll::Ready(Ok(())),
        Poll::Ready(()) => Poll::Ready(Err(Box::new(JobError::lost(Lost::Strategy(stuck::SAID.to_owned()))))),
        Poll::Pending => interrupted.as_mut().poll(context).map(|error| Err(Box::new(error))),
    })
    .await
}

/// Waits until it is time for another attempt, if one may follow; else the error is the job's.
async fn again<R: Runner>(job: &OpenJob<R>, attempt: u32, error: Box<JobError>) -> Ended {
    let (live, core) = (job.live(), job.core());
    if !job.runner.body().is_repeatable() || live.stop.reason().is_some() {
        return Err(error);
    }
    let escalations = live.escalations();
    let (error, more) = more_memory(job, error);
    // Those that get more memory are not counted among the others.
    let retries = attempt - escalations;
    let may_follow = more.is_some() || (error.is_recoverable() && retries < live.settings.retry.retries());
    if !may_follow {
        return Err(error);
    }
    let pause = if more.is_some() { Duration::ZERO } else { live.settings.retry.pause(retries) };
    let next = core.clock.now().checked_add(pause);
    let Some(next) = next.filter(|next| live.deadline().is_none_or(|(deadline, _)| *next < deadline)) else { return Err(error) };
    if !core.pay_for_retry() {
        return Err(error);
    }
    let memory = more.as_ref().and_then(|demand| demand.memory);
    if let Some(more) = more {
        live.ask(more);
    }
    core.back_off(live, attempt, pause, memory, &error);
    tokio::select! {
        biased;
        reason = live.stop.of_job() => return Err(Box::new(JobError::Cancelled(reason))),
        () = core.clock.sleep_until(next) => {}
    }
    core.queue_again(&job.runner.shared());
    Ok(())
}

/// What the next attempt asks for where this one ran out of memory and more can be given; where it cannot, the error says so.
fn more_memory<R: Runner>(job: &OpenJob<R>, error: Box<JobError>) -> (Box<JobError>, Option<Demand>) {
    let live = job.live();
    let Some(on_oom) = live.settings.on_oom.filter(|_| error.code() == code::OUT_OF_MEMORY) else { return (error, None) };
    let own = job.home.granted(live.lane).millicores;
    let demand = live.demand().map_or_else(|| Demand { millicores: own.unwrap_or(0), ..Demand::default() }, |demand| (*demand).clone());
    let known = match &*error {
        JobError::Limit { limit: error::Limit::Memory { limit, peak }, .. } => limit.or(*peak),
        _ => None,
    };
    let Some(memory) = demand.memory.or(known) else { return (error, None) };
    let kept = live.settings.kept.as_ref().and_then(|kept| kept.memory).unwrap_or(0);
    match on_oom.after(memory, job.home.limits().memory.map(|all| all.saturating_sub(kept))) {
        More::Next(more) => (error, Some(Demand { memory: Some(more), ..demand })),
        More::AtMost { most, is_asked } => (Box::new(error.without_more_memory(most, is_asked)), None),
    }
}

/// What comes before a job is closed that is not a plain success: what it has started ends, leaves first, and events have room.
async fn over(live: &Live, core: &Core, ended: Ended) -> Ended {
    if let Err(error) = &ended {
        if error.is_fatal() {
            // Its own failure stays what it is.
            core.cancel_run(&live.run, CancelReason::Fatal);
        }
        live.cancel(CancelReason::Parent);
        std::future::poll_fn(|context| locked(&live.children).poll_none(context)).await;
    }
    core.publisher.room().await;
    ended
}

#[expect(clippy::manual_async_fn, reason = "an `async fn` keeps its arguments twice")]
fn one_attempt<R: Runner>(job: &OpenJob<R>, attempt: u32) -> impl Future<Output = Ended> + Send {
    async move {
        // Most work has no times of its own: it stops when it is told to. The times begin before the work does.
        let mut limits = limits(job.live(), job.core());
        let mut work = pin!(match job.runner.start(&job.home, attempt) {
            Ok(work) => Some(work),
            Err(error) => {
                job.runner.left(job.core());
                return Err(error);
            }
        });
        let mut polled = work.as_mut();
        let ended = std::future::poll_fn(move |context| {
            if let Poll::Ready(ended) = poll(&job.runner, attempt, polled.as_mut(), context) {
                return Poll::Ready(Ok(ended));
            }
            match &mut limits {
                None => job.live().stop.poll_job(context).map(|reason| Err(Box::new(JobError::Cancelled(reason)))),
                Some(limits) => limits.as_mut().poll(context).map(|error| Err(Box::new(error))),
            }
        });
        let (ended, is_given_up) = match ended.await {
            Ok(ended) => (stopped(job.live(), ended), false),
            Err(why) => {
                job.live().stop.attempt(attempt);
                let mut rest = work.as_mut();
                let rest = std::future::poll_fn(move |context| poll(&job.runner, attempt, rest.as_mut(), context).map(drop));
                (Box::pin(grace(job.live(), job.core(), Box::pin(rest), why)).await, true)
            }
        };
        // What is dropped is the user's code too.
        let dropped = job.runner.guarded(|| work.set(None));
        job.runner.left(job.core());
        match (ended, dropped) {
            (Ok(()), Ok(())) => Ok(()),
            (Ok(()), Err(panicked)) => Err(panicked),
            (Err(error), dropped) => {
                if is_given_up {
                    job.core().give_up(job.live(), attempt);
                }
                if dropped.is_err() {
                    tracing::error!("the job `{}` panicked while it was dropped", job.live().id);
                }
                Err(error)
            }
        }
    }
}

/// What work makes of being told to stop is not a failure of its own: it may end so before the driver looks.
fn stopped(live: &Live, ended: Ended) -> Ended {
    match (ended, live.stop.reason()) {
        (Err(error), Some(reason)) if !error.is_fatal() => Err(Box::new(JobError::Cancelled(reason))),
        (ended, _) => ended,
    }
}

fn poll<R: Runner, W: Future<Output = Result<R::Value, JobError>>>(
    runner: &R,
    attempt: u32,
    work: Pin<&mut Option<W>>,
    context: &mut Context<'_>,
) -> Poll<Ended> {
    let Some(work) = work.as_pin_mut() else { return Poll::Pending };
    match runner.guarded(|| work.poll(context).map_err(Box::new)) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(Ok(value))) => {
            runner.take(value, attempt);
            Poll::Ready(Ok(()))
        }
        Ok(Poll::Ready(Err(error))) | Err(error) => Poll::Ready(Err(error)),
    }
}

/// Gives work that looks whether it should stop some time to do so. What it gives is why.
async fn grace(live: &Live, core: &Core, rest: Pin<Box<dyn Future<Output = ()> + Send + '_>>, why: Box<JobError>) -> Ended {
    if live.stop.is_watched()
        && let Some(end) = core.clock.now().checked_add(core.grace)
    {
        tokio::select! {
            biased;
            () = rest => {}
            () = core.clock.sleep_until(end) => {}
        }
    }
    Err(why)
}

/// The attempt on its way; what its inputs refer to is in the stores first.
fn begun<'a>(body: &'a dyn Body, home: &'a dyn Home, attempt: Attempt) -> Executing<'a> {
    let lane = body.live().lane;
    let Some(storing) = body.store(home) else { return home.execute(lane, attempt) };
    Box::pin(async move {
        storing.await?;
        home.execute(lane, attempt).await
    })
}

/// A moment, and how long it is after the beginning of what has to be over by then.
type Limit = (Option<(Instant, Duration)>, Timeout);

/// Ready when an attempt that has times of its own is out of time, or its job is told to stop.
fn limits<'a>(live: &'a Live, core: &'a Core) -> Option<Pin<Box<dyn Future<Output = JobError> + Send + 'a>>> {
    let settings = &live.settings;
    if settings.start_to_close.is_none() && settings.heartbeat.is_none() && settings.deadline.is_none() {
        return None;
    }
    let now = core.clock.now();
    let own = settings.start_to_close.and_then(|limit| Some((now.checked_add(limit)?, limit)));
    *locked(&settings.beat) = Some(now);
    Some(Box::pin(interruption(live, core, [(settings.deadline, Timeout::ScheduleToClose), (own, Timeout::StartToClose)])))
}

/// Waits until the job is told to stop, or one of its times runs out.
async fn interruption(live: &Live, core: &Core, limits: [Limit; 2]) -> JobError {
    let is_running = limits[1].1 == Timeout::StartToClose;
    loop {
        let beat = live.settings.heartbeat.filter(|_| is_running).and_then(|limit| {
            let last = (*locked(&live.settings.beat))?;
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
        let is_alive = timeout == Timeout::Heartbeat && *locked(&live.settings.beat) != at.checked_sub(limit);
        if !is_alive {
            return JobError::TimedOut { timeout, limit };
        }
    }
}
