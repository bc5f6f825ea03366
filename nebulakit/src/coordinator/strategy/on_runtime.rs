//! Attempts on the async runtime.

use crate::coordinator::context::{Attempt, Executing};
use crate::coordinator::error::WorkKind;
use crate::coordinator::strategy::ExecutionStrategy;

/// Runs attempts on the runtime that they were submitted on: for work that waits more than it computes. Closures that block, and tasks that are
/// plain functions, run on the runtime's threads for such.
#[derive(Debug, Clone, Copy, Default)]
pub struct AsyncStrategy {
    slots: Option<usize>,
}

impl AsyncStrategy {
    /// One that runs any number of attempts at once.
    #[must_use]
    pub const fn new() -> Self {
        Self { slots: None }
    }

    /// One that runs `slots` attempts at once, at least one.
    #[must_use]
    pub const fn with_slots(slots: usize) -> Self {
        Self { slots: Some(if slots == 0 { 1 } else { slots }) }
    }
}

impl ExecutionStrategy for AsyncStrategy {
    fn accepts(&self, kind: WorkKind) -> bool {
        kind != WorkKind::Container
    }

    fn slots(&self) -> Option<usize> {
        self.slots
    }

    fn execute(&self, attempt: Attempt) -> Executing<'_> {
        attempt.run()
    }
}
