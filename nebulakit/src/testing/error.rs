//! How a run failed.

use std::fmt;

use crate::task::error::of_type;
use crate::task::failure::{Failure, Origin, Unsuccessful};

/// Why a run has no outputs: what would be reported to the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunError {
    /// [`None`] if the task asked to end without outputs.
    failure: Option<Failure>,
}

impl RunError {
    pub(super) fn new(ended: Unsuccessful, task: &str) -> Self {
        Self {
            failure: match ended {
                Unsuccessful::BadInputs(error) => Some(Failure::of_input(task, &error)),
                Unsuccessful::Failed(failure) => Some(failure),
                Unsuccessful::Ignored => None,
            },
        }
    }

    pub(super) fn failed(failure: Failure) -> Self {
        Self { failure: Some(failure) }
    }

    /// The code that a console shows, such as `USER:RuntimeError`, `USER:Panic` or the author's own; empty if the task asked to end without
    /// outputs.
    #[must_use]
    pub fn code(&self) -> &str {
        self.failure.as_ref().map_or("", |failure| &failure.code)
    }

    /// The message that a console shows: the error with all its causes, without the backtrace that `RUST_BACKTRACE` adds.
    #[must_use]
    pub fn message(&self) -> &str {
        let Some(failure) = &self.failure else { return "the task ended without outputs, as it asked to" };
        failure.message.split("\n\nStack backtrace:\n").next().unwrap_or_default()
    }

    /// Whether the platform makes another attempt while the task has `retries` left; [`None`] if the task does not say, and the platform
    /// decides: no on Flyte 1, yes on Flyte 2.
    #[must_use]
    pub fn is_recoverable(&self) -> Option<bool> {
        self.failure.as_ref().map_or(Some(false), |failure| failure.recoverable)
    }

    /// Whether the fault lies with the task's own code or its caller, not with a store or this library.
    #[must_use]
    pub fn is_of_user(&self) -> bool {
        self.failure.as_ref().is_some_and(|failure| failure.origin == Origin::User)
    }

    /// The error that the task's function returned, by its type.
    #[must_use]
    pub fn downcast_ref<E: fmt::Display + fmt::Debug + Send + Sync + 'static>(&self) -> Option<&E> {
        of_type(self.failure.as_ref()?.error.as_deref()?)
    }

    /// Whether the task asked to end without outputs, by [`IgnoreOutputs`](crate::IgnoreOutputs).
    #[must_use]
    pub fn is_ignored(&self) -> bool {
        self.failure.is_none()
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.failure {
            Some(failure) => write!(f, "{}: {}", failure.code, failure.message),
            None => f.write_str(self.message()),
        }
    }
}

impl std::error::Error for RunError {}
