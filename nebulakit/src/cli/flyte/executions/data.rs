//! The inputs and outputs of an execution, of its nodes and of elements of maps.

use nebulakit_types::visible;

use super::found::{self, Found};
use super::registered::{Called, no_map};
use crate::backend::flyte::{ClientError, ClientErrorKind, Execution, ExecutionId};
use crate::cli::complaint::Complaint;
use crate::cli::flyte::place::reached;
use crate::cli::setting::Setting;
use crate::services::config::Config;

/// The inputs of an execution, one of its nodes or an element of a map.
pub(super) fn taken(id: ExecutionId, node: Option<&str>, config: &Config, setting: &Setting<'_>) -> Result<Vec<u8>, Complaint> {
    let Some(node) = node else { return reached(config, setting, async |client| client.execution_of(id).inputs().await) };
    let (found, task, inputs) = reached(config, setting, async |client| {
        let found = found::node(client.execution_of(id), node).await?;
        let task = match (found.element, found.node.last_attempt()) {
            (Some(_), Some(last)) => Some(client.attempted(last).await?),
            _ => None,
        };
        let inputs = found.execution.node_inputs(&found.node).await?;
        Ok((found, task, inputs))
    })?;
    match (found.element, task.map(|task| Called::of(&task)).filter(|called| called.is_map)) {
        (None, _) => Ok(inputs),
        (Some(index), Some(called)) => called.element(&inputs, index),
        (Some(_), None) if found.node.is_map => {
            let path = visible::line(&found.node.path);
            let message = format!("which inputs the map {path} goes through is not known: its task is not one of a program like this");
            Err(Complaint::failed(message).hint(format!("hint: `{path}` without an element has all inputs")))
        }
        (Some(_), None) => Err(no_map(&found.node)),
    }
}

/// The outputs of an execution or one of its nodes, which has to have some.
pub(super) async fn gave(execution: Execution, node: Option<&str>) -> Result<Vec<u8>, ClientError> {
    match node {
        None => execution.outputs().await,
        Some(node) => {
            let Found { execution, node, element } = found::node(execution, node).await?;
            let Some(index) = element else { return execution.node_outputs(&node).await };
            let tried = node.last_attempt().and_then(|last| Some((last, last.elements.iter().rfind(|element| element.index == index)?)));
            match tried {
                Some((attempt, element)) => execution.element_outputs(&node, attempt, index, element.attempt).await,
                None => Err(ClientError::of(
                    ClientErrorKind::NotFound,
                    format!("the node `{}` has no element {index}", visible::line(&node.path)),
                )),
            }
        }
    }
}
