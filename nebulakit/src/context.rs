//! What a running task may ask.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::identity::{ExecutionId, Identity, TaskId};
use crate::signal::Cancellation;

/// The running task's surroundings; cheap to clone.
#[derive(Debug, Clone)]
pub struct Context {
    inner: Arc<Inner>,
}

/// What a [`Context`] is made of.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) identity: Identity,
    pub(crate) cancellation: Cancellation,
    pub(crate) started: SystemTime,
    pub(crate) deadline: Option<Instant>,
    pub(crate) output_prefix: String,
    pub(crate) raw_output_prefix: Option<String>,
}

impl Context {
    pub(crate) fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// The execution that this task is part of.
    #[must_use]
    pub fn execution_id(&self) -> &ExecutionId {
        &self.inner.identity.execution
    }

    /// The task as it is registered.
    #[must_use]
    pub fn task_id(&self) -> &TaskId {
        &self.inner.identity.task
    }

    /// Which attempt this is, from 0.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.inner.identity.attempt
    }

    /// When this process began to run the task.
    #[must_use]
    pub fn started(&self) -> SystemTime {
        self.inner.started
    }

    /// Until when the task has to end, from its own `timeout`; [`None`] without one.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.inner.deadline
    }

    /// How long the task may still run; zero when the time is up, [`None`] without a `timeout`.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.inner.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Whether the task has been asked to stop; blocking code looks here from time to time.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.inner.cancellation.is_cancelled()
    }

    /// Waits until the task is asked to stop; for `select!` in async code.
    pub async fn cancelled(&self) {
        self.inner.cancellation.cancelled().await;
    }

    /// Where outputs go.
    #[must_use]
    pub fn output_prefix(&self) -> &str {
        &self.inner.output_prefix
    }

    /// Where files, directories and tables go; [`None`] where the caller named no place.
    #[must_use]
    pub fn raw_output_prefix(&self) -> Option<&str> {
        self.inner.raw_output_prefix.as_deref()
    }
}
