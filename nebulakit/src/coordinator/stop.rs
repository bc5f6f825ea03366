//! How a job, or one attempt of it, is told to stop.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use crate::coordinator::error::CancelReason;
use crate::coordinator::lock::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use crate::coordinator::lock::{Mutex, locked};
use crate::task::cancellation::Cancellation;

/// Tells a job, or one attempt of it, to stop.
#[derive(Default)]
pub(super) struct Stop {
    /// 0 for none, else a reason.
    reason: AtomicU8,
    /// How many attempts were told to stop: all before this one.
    attempts: AtomicU32,
    /// Whether the work has ever looked: work that does not look needs no time to react.
    is_watched: AtomicBool,
    /// Whether the driver has ever waited.
    is_awaited: AtomicBool,
    listeners: Mutex<Listeners>,
}

/// Who is told.
#[derive(Default)]
struct Listeners {
    /// The job's driver, which alone waits for its job's stop.
    driver: Option<Waker>,
    /// The work, where it has ever looked.
    work: Option<Box<Watching>>,
}

#[derive(Default)]
struct Watching {
    changed: Arc<Notify>,
    /// That of a task that runs.
    cancellation: Option<Cancellation>,
}

const REASONS: [CancelReason; 4] = [CancelReason::Caller, CancelReason::Parent, CancelReason::Fatal, CancelReason::Shutdown];

impl Stop {
    /// Tells the job to stop. The first reason stays; it says whether this is it.
    pub(super) fn job(&self, reason: CancelReason) -> bool {
        let number = REASONS.iter().position(|one| *one == reason).map_or(1, |index| index as u8 + 1);
        let is_first = self.reason.compare_exchange(0, number, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if is_first {
            self.tell();
            self.driver_left().into_iter().for_each(Waker::wake);
        }
        is_first
    }

    /// Tells one attempt to stop.
    pub(super) fn attempt(&self, attempt: u32) {
        self.attempts.fetch_max(attempt + 1, Ordering::AcqRel);
        self.tell();
    }

    fn tell(&self) {
        let work = locked(&self.listeners).work.as_ref().map(|work| (Arc::clone(&work.changed), work.cancellation.clone()));
        if let Some((changed, cancellation)) = work {
            changed.notify_waiters();
            cancellation.iter().for_each(Cancellation::cancel);
        }
    }

    pub(super) fn reason(&self) -> Option<CancelReason> {
        let number = self.reason.load(Ordering::Acquire);
        REASONS.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// Whether the attempt should stop, by itself or with its job.
    pub(super) fn is_over(&self, attempt: u32) -> bool {
        self.reason.load(Ordering::Acquire) != 0 || self.attempts.load(Ordering::Acquire) > attempt
    }

    /// Waits until the job is told to stop: for its driver, and nobody else.
    pub(super) async fn of_job(&self) -> CancelReason {
        std::future::poll_fn(|context| self.poll_job(context)).await
    }

    /// Ready when the job is told to stop: for its driver, and nobody else.
    pub(super) fn poll_job(&self, context: &Context<'_>) -> Poll<CancelReason> {
        self.is_awaited.store(true, Ordering::Relaxed);
        let mut listeners = locked(&self.listeners);
        if let Some(reason) = self.reason() {
            return Poll::Ready(reason);
        }
        if !listeners.driver.as_ref().is_some_and(|driver| driver.will_wake(context.waker())) {
            listeners.driver = Some(context.waker().clone());
        }
        Poll::Pending
    }

    /// The driver waits no more: what it would have been woken by keeps its memory.
    pub(super) fn driver_left(&self) -> Option<Waker> {
        if self.is_awaited.load(Ordering::Relaxed) { locked(&self.listeners).driver.take() } else { None }
    }

    /// Waits until the attempt is told to stop.
    pub(super) async fn of_attempt(&self, attempt: u32) {
        self.watch();
        let watched = Arc::clone(&locked(&self.listeners).work.get_or_insert_default().changed);
        loop {
            let changed = watched.notified();
            if self.is_over(attempt) {
                return;
            }
            changed.await;
        }
    }

    /// Notes that the work looks whether it should stop.
    pub(super) fn watch(&self) {
        self.is_watched.store(true, Ordering::Release);
    }

    pub(super) fn is_watched(&self) -> bool {
        let is_told = |work: &Watching| work.cancellation.as_ref().is_some_and(Cancellation::is_watched);
        self.is_watched.load(Ordering::Acquire) || locked(&self.listeners).work.as_deref().is_some_and(is_told)
    }

    /// Tells `cancellation` too, from now on, for this attempt.
    pub(super) fn pass_to(&self, cancellation: Cancellation, attempt: u32) {
        locked(&self.listeners).work.get_or_insert_default().cancellation = Some(cancellation.clone());
        if self.is_over(attempt) {
            cancellation.cancel();
        }
    }
}
