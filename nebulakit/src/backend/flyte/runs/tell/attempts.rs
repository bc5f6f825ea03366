//! The attempts at a node: those that began, and those that failed with another one behind them.

use std::time::Duration;

use super::super::super::execution::{AttemptPhase, NodeAttempt};
use super::failure;
use super::sight::Sight;
use super::teller::Teller;
use super::told::Told;
use crate::coordinator::{FailureKind, JobFailure};
use crate::run::EventKind;

impl Teller {
    pub(super) fn attempts(&mut self, Sight { path, node, attempts, .. }: &Sight, told: &mut Told) {
        let is_over = node.phase.is_over();
        let last = attempts.last().map(|attempt| attempt.number);
        for attempt in attempts {
            let is_waiting = matches!(attempt.phase, AttemptPhase::Undefined | AttemptPhase::Queued | AttemptPhase::WaitingForResources);
            if attempt.number >= told.begun && !is_waiting {
                let began = attempt.started.or_else(|| node.started.filter(|_| attempt.number == 0));
                self.record(path, began, EventKind::Started { attempt: attempt.number });
                told.begun = attempt.number + 1;
            }
            let is_retried = attempt.phase.is_failure() && (Some(attempt.number) != last || !is_over) && attempt.number < told.begun;
            if is_retried
                && attempt.number >= told.retried
                && (Some(attempt.number) != last || attempt.phase == AttemptPhase::RetryableFailed)
            {
                let failure = failure(attempt.failure.as_ref(), FailureKind::Failed, &attempt.reason);
                let failure = JobFailure { recoverable: true, ..failure };
                self.record(
                    path,
                    ended(attempt),
                    EventKind::Retrying { attempt: attempt.number, delay: Duration::ZERO, failure, used: None },
                );
                told.retried = attempt.number + 1;
            }
        }
    }
}

/// When an attempt was over, if the platform says so.
pub(super) fn ended(attempt: &NodeAttempt) -> Option<std::time::SystemTime> {
    Some(attempt.started? + attempt.duration?)
}
