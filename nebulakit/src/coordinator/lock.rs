//! Locks that a panic does not poison, and where they come from.
//!
//! The coordinator's locks and atomics are those of the standard library. Built with `--cfg shuttle` they are those of the crate `shuttle`, whose scheduler
//! decides at each of them who goes on: `tests/interleavings` explores what may come of it.

use std::sync::PoisonError;

#[cfg(not(shuttle))]
pub(super) use std::sync::{Mutex, MutexGuard, atomic};

#[cfg(shuttle)]
pub(super) use shuttle::sync::{Mutex, MutexGuard, atomic};

/// Locks what a panic leaves whole: this component's own changes, during which no code of a user's runs, and closures, which may be called again.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
