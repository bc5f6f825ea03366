//! How an execution ended: its outputs, or why it has none.

use std::time::{Duration, Instant};

use super::super::error::{ClientError, ClientErrorKind};
use super::super::execution::{Execution, ExecutionDetails, ExecutionNode, ExecutionPhase};
use crate::backend::{NodeError, RunError};
use crate::coordinator::{FailureKind, JobFailure};

/// The first wait between two looks; it doubles up to the longest.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(5);

/// How long a control plane may be silent before those who wait are told.
const PATIENCE: Duration = Duration::from_secs(600);

/// Waits until the execution is over; its outputs, as the bytes of an `outputs.pb`.
pub(super) async fn outputs(execution: &Execution) -> Result<Vec<u8>, RunError> {
    let details = over(execution).await?;
    match details.phase {
        ExecutionPhase::Succeeded => Ok(execution.outputs().await?),
        ExecutionPhase::Aborted => Err(RunError::Cancelled),
        _ => Err(failed(execution, details).await?),
    }
}

/// Waits until the execution is over. A control plane that does not answer is asked again for ten minutes.
async fn over(execution: &Execution) -> Result<ExecutionDetails, ClientError> {
    let (mut wait, mut heard) = (FIRST, Instant::now());
    loop {
        match execution.details().await {
            Ok(details) if details.phase.is_over() => return Ok(details),
            Ok(_) => heard = Instant::now(),
            Err(error) if may_pass(&error) && heard.elapsed() < PATIENCE => {
                tracing::warn!("waiting for the execution `{}`: {error}", execution.id().name);
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST);
    }
}

/// Whether a later look may do better. A control plane whose database restarts says that it failed, in its own words.
fn may_pass(error: &ClientError) -> bool {
    match error.kind() {
        ClientErrorKind::Unreachable => true,
        ClientErrorKind::Server => !error.said().is_empty(),
        _ => false,
    }
}

/// Why it failed, and where.
async fn failed(execution: &Execution, details: ExecutionDetails) -> Result<RunError, ClientError> {
    let nodes = execution.outline().await?;
    let kind = if details.phase == ExecutionPhase::TimedOut { FailureKind::TimedOut } else { FailureKind::Failed };
    let Some(node) = ExecutionNode::first_failed(&nodes) else {
        let why = details.failure.map_or_else(|| "the platform does not say why".to_owned(), |failure| failure.to_string());
        let message = format!("the execution `{}` failed before any of its nodes ran: {why}", execution.id().name);
        return Ok(ClientError::new(ClientErrorKind::Server, message).into());
    };
    let failure = match node.failure.clone().or(details.failure) {
        Some(failure) => JobFailure::new(kind, &failure.code, failure.message),
        None => JobFailure::new(kind, "Unknown", "the platform does not say why"),
    };
    let of = execution.plan(None).await?.remove(&node.path).map_or_else(|| "a node".to_owned(), |planned| planned.of);
    Ok(RunError::Failed(Box::new(NodeError { node: node.path.clone(), of, failure, error: None })))
}
