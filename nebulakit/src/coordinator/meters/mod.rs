//! What a coordinator counts for others to read, by the facade of the crate `metrics`; nothing without that feature.
//!
//! A recorder is the program's own code: it is called when the ledger's lock is free.

#[cfg(feature = "metrics")]
mod facade;
#[cfg(not(feature = "metrics"))]
mod none;

#[cfg(feature = "metrics")]
pub(super) use self::facade::{Meters, Stopwatch};
#[cfg(not(feature = "metrics"))]
pub(super) use self::none::{Meters, Stopwatch};
use crate::coordinator::job::JobState;

/// What an open job is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Queued,
    Running,
    Pausing,
}

impl Phase {
    pub(super) fn of(state: &JobState) -> Option<Self> {
        match state {
            JobState::Queued => Some(Self::Queued),
            JobState::Running { .. } => Some(Self::Running),
            JobState::Backoff { .. } => Some(Self::Pausing),
            JobState::Closed(_) => None,
        }
    }
}
