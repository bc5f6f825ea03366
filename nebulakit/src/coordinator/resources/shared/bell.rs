//! Wakes the thread that shares what a coordinator has and wants.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Rung when something changed.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_rung: bool,
    is_over: bool,
}

/// Why a wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rung {
    Changed,
    TimedOut,
    /// The coordinator is gone.
    Over,
}

impl Bell {
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ring(&self) {
        self.locked().is_rung = true;
        self.changed.notify_one();
    }

    /// Rings for the last time.
    pub(crate) fn end(&self) {
        self.locked().is_over = true;
        self.changed.notify_one();
    }

    /// Waits until it rings, or for `longest`.
    pub(crate) fn wait(&self, longest: Option<Duration>) -> Rung {
        let quiet = |state: &mut State| !state.is_rung && !state.is_over;
        let mut state = self.locked();
        match longest {
            None => state = self.changed.wait_while(state, quiet).unwrap_or_else(PoisonError::into_inner),
            Some(longest) => state = self.changed.wait_timeout_while(state, longest, quiet).unwrap_or_else(PoisonError::into_inner).0,
        }
        match (state.is_over, std::mem::take(&mut state.is_rung)) {
            (true, _) => Rung::Over,
            (false, true) => Rung::Changed,
            (false, false) => Rung::TimedOut,
        }
    }
}
