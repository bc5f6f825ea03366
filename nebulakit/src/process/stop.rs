//! Who decides how the process ends: the work that finishes, or the thread that gave up waiting for it.
//!
//! The task runs on the main thread, and another thread listens to signals. Exactly one of them stores how the task ended.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::task::cancellation::Cancellation;

/// Why a task was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// By the signal of this name.
    Signal(&'static str),
    /// Its time was up.
    Overdue,
}

/// A signal that asked another process to stop, and when it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) name: &'static str,
    pub(crate) at: Instant,
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Inputs are fetched, the task's own code runs, or the data of its outputs is stored.
    Underway,
    /// The result is there, and is being stored.
    Over,
    /// Somebody else decides the end.
    Taken,
}

#[derive(Debug)]
struct State {
    reason: Option<Reason>,
    phase: Phase,
}

/// The state that the work and its watchers share. Clones share it too.
#[derive(Debug, Clone)]
pub(crate) struct Stop(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    cancellation: Cancellation,
}

impl Default for Stop {
    fn default() -> Self {
        let state = Mutex::new(State { reason: None, phase: Phase::Underway });
        Self(Arc::new(Shared { state, changed: Condvar::new(), cancellation: Cancellation::default() }))
    }
}

impl Stop {
    /// What the task hears of it.
    pub(crate) fn cancellation(&self) -> &Cancellation {
        &self.0.cancellation
    }

    /// Asks the task to stop; the first reason counts.
    pub(crate) fn ask(&self, reason: Reason) {
        self.lock().reason.get_or_insert(reason);
        self.0.cancellation.cancel();
    }

    /// Whether the result is still to come.
    pub(crate) fn is_underway(&self) -> bool {
        self.lock().phase < Phase::Over
    }

    /// The work has ended, and the caller goes on to store its result. Returns why it was asked to stop, if it was.
    pub(crate) fn work_is_over(&self) -> Option<Reason> {
        let mut state = self.lock();
        while state.phase == Phase::Taken {
            // Somebody else has taken the decision, and is about to end the process.
            state = self.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.phase = Phase::Over;
        self.0.changed.notify_all();
        state.reason
    }

    /// Waits until the work has ended; says whether it has within `limit`.
    pub(crate) fn sees_the_work_over(&self, limit: Duration) -> bool {
        let waited = self.0.changed.wait_timeout_while(self.lock(), limit, |state| state.phase < Phase::Over);
        waited.unwrap_or_else(PoisonError::into_inner).0.phase >= Phase::Over
    }

    /// Takes the decision from work that has not ended. `false` where it has, or where another was faster.
    pub(crate) fn take(&self) -> bool {
        let mut state = self.lock();
        let takes = state.phase < Phase::Over;
        if takes {
            state.phase = Phase::Taken;
        }
        takes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn one_of_them_decides() {
        let stop = Stop::default();
        assert!(stop.take());
        assert!(!stop.take(), "another was faster");
        let stop = Stop::default();
        assert_eq!(stop.work_is_over(), None);
        assert!(!stop.take(), "the work has ended");
    }

    #[test]
    fn the_first_reason_counts_and_the_task_hears_of_it() {
        let stop = Stop::default();
        stop.ask(Reason::Overdue);
        stop.ask(Reason::Signal("SIGTERM"));
        assert!(stop.cancellation().is_cancelled());
        assert_eq!(stop.work_is_over(), Some(Reason::Overdue));
    }

    #[test]
    fn the_end_of_the_work_is_waited_for() {
        let stop = Stop::default();
        assert!(!stop.sees_the_work_over(NOW) && stop.is_underway());
        let other = stop.clone();
        let waits = std::thread::spawn(move || other.sees_the_work_over(Duration::from_secs(60)));
        stop.work_is_over();
        assert!(waits.join().unwrap() && !stop.is_underway());
    }
}
