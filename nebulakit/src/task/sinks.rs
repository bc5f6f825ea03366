//! Who hears what a running task says, and what it took.

use std::time::Duration;

/// Hears how far a running task has come; what [`Context::progress`](crate::Context::progress) says goes here.
pub trait ProgressSink: Send + Sync {
    /// `done` of `total` units of work, whatever the task counts; [`None`] where it does not know how many there will be.
    ///
    /// It is called from the task's own code, and should return at once.
    fn report(&self, done: u64, total: Option<u64>);
}

/// Takes the lines that a running task writes to its log; what [`Context::log`](crate::Context::log) says goes here.
pub trait LogSink: Send + Sync {
    /// One line, or several; what is in them comes from the task, and may hold control characters.
    ///
    /// It is called from the task's own code, and should return at once.
    fn write(&self, level: tracing::Level, message: &str);
}

/// Hears how much CPU time a task took.
pub(crate) trait CpuSink: Send + Sync {
    fn took(&self, cpu: Duration);
}
