//! Records what a task says while it runs.

use std::sync::{Arc, Mutex, PoisonError};

use crate::task::sinks::{LogSink, ProgressSink};

/// One line of a run's log, from [`Context::log`](crate::Context::log).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// How serious it is.
    pub level: tracing::Level,
    /// The text.
    pub message: String,
}

/// A list that several threads add to.
type Kept<T> = Arc<Mutex<Vec<T>>>;

/// Keeps what was said, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Recorded {
    pub(super) metrics: Kept<String>,
    pub(super) progress: Kept<(u64, Option<u64>)>,
    pub(super) log: Kept<Line>,
}

/// What was said so far.
pub(super) fn so_far<T: Clone>(kept: &Mutex<Vec<T>>) -> Vec<T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

impl ProgressSink for Recorded {
    fn report(&self, done: u64, total: Option<u64>) {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).push((done, total));
    }
}

impl LogSink for Recorded {
    fn write(&self, level: tracing::Level, message: &str) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(Line { level, message: message.to_owned() });
    }
}
