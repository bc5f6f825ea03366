//! How a run ended: as an error for the caller, and as an outcome for its record.

use std::sync::Arc;

use crate::backend::driver::{End, Fault, Unfinished};
use crate::backend::error::{NodeError, RunError};
use crate::coordinator::FailureKind;
use crate::run::{JobFailure, RunOutcome};
use crate::task::failure::{chain_in_line, code};

/// Why the run has no outputs.
pub(super) fn why(ended: Unfinished) -> RunError {
    match ended {
        Unfinished::Unrecorded(error) => RunError::Folder(error),
        Unfinished::Ended(End::Cancelled) => RunError::Cancelled,
        Unfinished::Ended(End::Failed(fault)) => {
            let Fault { node, of, failure, error, .. } = Arc::unwrap_or_clone(fault);
            RunError::Failed(Box::new(NodeError { node, of: of.into_owned(), failure, error }))
        }
    }
}

/// The outcome in the record.
pub(super) fn outcome(error: &RunError) -> RunOutcome {
    match error {
        RunError::Cancelled => RunOutcome::Cancelled,
        RunError::Failed(error) => RunOutcome::Failed { node: Some(error.node.clone()), failure: error.failure.clone() },
        error => RunOutcome::Failed { node: None, failure: JobFailure::new(FailureKind::Failed, code::SYSTEM, chain_in_line(error)) },
    }
}
