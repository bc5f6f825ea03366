//! How a running task hears that it should stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::select_all;
use tokio::sync::Notify;

/// Tells a running task that it should stop. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_asked: AtomicBool,
    /// Whether anybody has ever looked.
    is_watched: AtomicBool,
    asked: Notify,
    above: Option<Cancellation>,
}

impl Cancellation {
    /// One that has not been asked for yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that is asked for together with this one, and by itself: a run whose time is up stops nothing but itself.
    pub(crate) fn below(&self) -> Self {
        Self(Arc::new(State { above: Some(self.clone()), ..State::default() }))
    }

    /// Asks the task to stop. More than once is the same as once.
    pub fn cancel(&self) {
        self.0.is_asked.store(true, Ordering::SeqCst);
        self.0.asked.notify_waiters();
    }

    /// Whether the task has been asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.watch();
        self.is_asked()
    }

    /// Waits until the task is asked to stop.
    pub async fn cancelled(&self) {
        self.watch();
        // Each listens before it is looked at, so that no request falls in between.
        let waits = self.and_above().map(|one| {
            let mut asked = Box::pin(one.0.asked.notified());
            asked.as_mut().enable();
            asked
        });
        let waits: Vec<_> = waits.collect();
        if !self.is_asked() {
            select_all(waits).await;
        }
    }

    /// Whether anybody has ever looked: a task that has not cannot be about to stop.
    #[cfg(feature = "coordinator")]
    pub(crate) fn is_watched(&self) -> bool {
        self.0.is_watched.load(Ordering::Relaxed)
    }

    fn watch(&self) {
        self.and_above().for_each(|one| one.0.is_watched.store(true, Ordering::Relaxed));
    }

    fn is_asked(&self) -> bool {
        self.and_above().any(|one| one.0.is_asked.load(Ordering::SeqCst))
    }

    /// This one, and those that it is below.
    fn and_above(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |one| one.0.above.as_ref())
    }
}
