//! Requests to a run that goes on elsewhere and that nobody watches: the control plane is asked itself.

use super::super::error::{ClientError, ClientErrorKind};
use super::super::execution::{Execution, ExecutionNode};
use super::backend::FlyteBackend;
use super::known::Nodes;
use super::watch::{CANCELLED, stored};
use crate::backend::RunError;
use crate::run::{Request, RunHandle};

impl FlyteBackend {
    /// Asks the control plane for what somebody asks of a run; the execution that was asked, or [`None`] if the run is not one of Flyte.
    ///
    /// # Errors
    /// When the run's folder cannot be read, its execution is at another control plane or over, or its gates do not take such an answer.
    pub(crate) async fn ask(&self, run: &RunHandle, request: Request) -> Result<Option<Execution>, RunError> {
        let Some(execution) = self.execution(run)? else { return Ok(None) };
        match request {
            Request::Cancel | Request::Kill => execution.terminate(CANCELLED).await?,
            Request::Answer { signal, answer } => {
                let nodes = Nodes::of(&run.graph().map_err(RunError::Record)?);
                let answer = stored(&self.client, nodes.takes(&signal), &signal, answer).await?;
                match execution.answer(&signal, answer.clone()).await {
                    Err(error) if error.kind() == ClientErrorKind::NotFound => match with_gate(&execution, &signal).await? {
                        Some(launched) => launched.answer(&signal, answer).await?,
                        None => return Err(error.into()),
                    },
                    answered => answered?,
                }
            }
        }
        Ok(Some(execution))
    }
}

/// The execution with the gate of a signal, among those that launch plans within an execution started.
async fn with_gate(execution: &Execution, signal: &str) -> Result<Option<Execution>, ClientError> {
    let mut left = vec![execution.clone()];
    while let Some(execution) = left.pop() {
        for node in execution.outline().await?.iter().flat_map(ExecutionNode::walk).filter(|node| !node.phase.is_over()) {
            let Some(id) = node.execution.clone() else { continue };
            let launched = execution.client().execution_of(id);
            if launched.signals().await?.iter().any(|known| known.id == signal) {
                return Ok(Some(launched));
            }
            left.push(launched);
        }
    }
    Ok(None)
}
