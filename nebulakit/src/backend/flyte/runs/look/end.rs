//! How an execution ended.

use std::time::SystemTime;

use super::super::super::execution::{ExecutionDetails, ExecutionPhase};
use super::super::tell::{failure, succeeded};
use super::looker::{Looker, Trouble};
use crate::coordinator::FailureKind;
use crate::run::{EventKind, Origin, Recorded, RunOutcome};

impl Looker {
    /// Tells how an execution ended that is over.
    pub(in super::super) async fn end(&mut self, details: &ExecutionDetails) -> Result<RunOutcome, Trouble> {
        let (outcome, outputs) = match details.phase {
            ExecutionPhase::Succeeded => {
                let outputs = match self.teller.sink.keeps() {
                    true => Some(self.teller.sink.keep_all(&self.execution.outputs().await?)?),
                    false => None,
                };
                self.teller.leave(&succeeded(Recorded::Not, Origin::Run));
                (RunOutcome::Succeeded, outputs)
            }
            ExecutionPhase::Aborted => {
                self.teller.leave(&EventKind::Cancelled);
                (RunOutcome::Cancelled, None)
            }
            phase => {
                self.teller.skip();
                self.teller.leave(&EventKind::Cancelled);
                let kind = if phase == ExecutionPhase::TimedOut { FailureKind::TimedOut } else { FailureKind::Failed };
                let outcome = match self.teller.failed() {
                    Some((node, failure)) => RunOutcome::Failed { node: Some(node.clone()), failure: failure.clone() },
                    None => RunOutcome::Failed { node: None, failure: failure(details.failure.as_ref(), kind, "") },
                };
                (outcome, None)
            }
        };
        self.teller.flush()?;
        self.teller.of_run(when(details), EventKind::Ended { outcome: outcome.clone(), outputs });
        self.teller.flush()?;
        Ok(outcome)
    }
}

/// When an execution was over, if it is.
pub(super) fn when(details: &ExecutionDetails) -> Option<SystemTime> {
    let ended = details.started.zip(details.duration).map(|(started, took)| started + took).or(details.updated);
    ended.filter(|_| details.phase.is_over())
}
