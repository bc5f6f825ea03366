//! How a running task hears that it should stop.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

/// Tells a running task that it should stop. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_asked: AtomicBool,
    /// Whether anybody has ever looked, at this one or at another that is asked for together with it.
    is_watched: Arc<AtomicBool>,
    asked: Notify,
    /// Those that are asked for together with this one, as far as anything has them still.
    below: Mutex<Vec<Weak<State>>>,
}

impl Cancellation {
    /// One that has not been asked for yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One that is asked for together with this one, and by itself: a run whose time is up stops nothing but itself.
    pub(crate) fn below(&self) -> Self {
        let (is_watched, below) = (Arc::clone(&self.0.is_watched), Mutex::default());
        let one = Self(Arc::new(State { is_asked: AtomicBool::new(false), is_watched, asked: Notify::new(), below }));
        let mut below = self.0.below();
        if below.len() == below.capacity() {
            below.retain(|one| one.strong_count() > 0);
        }
        below.push(Arc::downgrade(&one.0));
        drop(below);
        // A request that came before did not find it.
        if self.0.is_asked.load(Ordering::SeqCst) {
            one.cancel();
        }
        one
    }

    /// Asks the task to stop. More than once is the same as once.
    pub fn cancel(&self) {
        let mut rest = vec![Arc::clone(&self.0)];
        while let Some(one) = rest.pop() {
            one.is_asked.store(true, Ordering::SeqCst);
            one.asked.notify_waiters();
            rest.extend(one.below().iter().filter_map(Weak::upgrade));
        }
    }

    /// Whether the task has been asked to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_watched.store(true, Ordering::Relaxed);
        self.0.is_asked.load(Ordering::SeqCst)
    }

    /// Whether anybody has ever looked: a task that has not cannot be about to stop.
    #[cfg(feature = "coordinator")]
    pub(crate) fn is_watched(&self) -> bool {
        self.0.is_watched.load(Ordering::Relaxed)
    }

    /// Waits until the task is asked to stop.
    pub async fn cancelled(&self) {
        let mut asked = pin!(self.0.asked.notified());
        // It listens before it looks, so that no request falls in between.
        asked.as_mut().enable();
        if !self.is_cancelled() {
            asked.await;
        }
    }
}

impl State {
    fn below(&self) -> MutexGuard<'_, Vec<Weak<Self>>> {
        self.below.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn all_below_are_asked_and_none_above() {
        let top = Cancellation::new();
        let (one, other) = (top.below(), top.below());
        let inner = one.below();
        one.cancel();
        let asked = [&top, &one, &other, &inner].map(|one| (one.is_cancelled(), one.cancelled().now_or_never().is_some()));
        assert_eq!(asked, [(false, false), (true, true), (false, false), (true, true)]);
        assert!(one.below().is_cancelled());
        top.cancel();
        assert!(other.is_cancelled());
    }

    #[cfg(feature = "coordinator")]
    #[test]
    fn a_look_at_one_below_is_seen_above() {
        let top = Cancellation::new();
        let below = top.below();
        assert!(!top.is_watched());
        assert!(!below.is_cancelled());
        assert!(top.is_watched());
    }

    #[test]
    fn those_that_are_gone_take_no_memory() {
        let top = Cancellation::new();
        (0..1_000).for_each(|_| drop(top.below()));
        assert!(top.0.below().len() < 10);
    }
}
