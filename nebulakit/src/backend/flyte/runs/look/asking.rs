//! What has to be asked of a node: its attempts, what it gave, and what came of the elements of a map.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use nebulakit_types::wire::flyteidl::core::{LiteralMap, literal};
use prost::Message as _;

use super::super::super::error::ClientError;
use super::super::super::execution::{AttemptPhase, Execution, ExecutionNode, MapElement, NodeAttempt, What};
use super::super::tell::{Came, Sight, latest};
use super::looker::{AT_A_TIME, Found, Looker, passes};
use crate::run::{NodePath, Recorded};

impl Looker {
    /// Asks what has to be asked of a node.
    pub(super) async fn seen(&self, (path, execution, node): Found) -> Result<Sight, ClientError> {
        let what = self.teller.nodes.what(&path);
        let is_tried = matches!(what, None | Some(What::Task | What::Map { .. })) && node.execution.is_none();
        let attempts = if is_tried { execution.attempts(&node).await? } else { Vec::new() };
        let outputs = match node.phase.is_success() && self.teller.sink.keeps() {
            true => match execution.node_outputs(&node).await {
                Ok(outputs) => self.teller.sink.keep(outputs.into()).await,
                Err(error) if passes(&error) => return Err(error),
                // The node is over all the same.
                Err(_) => Recorded::Not,
            },
            false => Recorded::Not,
        };
        let is_map = node.is_map || matches!(what, Some(What::Map { .. }));
        let (elements, size) = match attempts.last().filter(|_| is_map) {
            Some(attempt) => (self.came(&path, &execution, &node, attempt).await, self.size(&path, &execution, &node).await),
            None => (BTreeMap::new(), None),
        };
        Ok(Sight { path, node, attempts, outputs, size, elements })
    }

    /// How many elements a map has, by the lists that it goes through.
    async fn size(&self, path: &NodePath, execution: &Execution, node: &ExecutionNode) -> Option<u64> {
        let Some(What::Map { over }) = self.teller.nodes.what(path) else { return None };
        if self.teller.is_mapped(path) {
            return None;
        }
        let inputs = execution.node_inputs(node).await.ok()?;
        let inputs = LiteralMap::decode(inputs.as_slice()).ok()?;
        let lengths = over.iter().filter_map(|name| match &inputs.literals.get(name)?.value {
            Some(literal::Value::Collection(list)) => Some(list.literals.len() as u64),
            _ => None,
        });
        lengths.max()
    }

    /// What came of the elements of a map that are news. Documents that cannot be read are left out: the elements are over all the same.
    async fn came(&self, map: &NodePath, execution: &Execution, node: &ExecutionNode, attempt: &NodeAttempt) -> BTreeMap<(u32, u32), Came> {
        let mut tries = Vec::new();
        for element in latest(&attempt.elements).into_values() {
            let path = map.element(element.index as usize);
            if self.teller.is_over(&path) {
                continue;
            }
            tries.extend((self.teller.retried(&path)..element.attempt).map(|number| (element, number, false)));
            match element.phase {
                AttemptPhase::Succeeded if self.teller.sink.keeps() => tries.push((element, element.attempt, true)),
                AttemptPhase::Failed => tries.push((element, element.attempt, false)),
                _ => {}
            }
        }
        let read = tries.into_iter().map(|(element, number, is_success)| self.read(execution, node, attempt, element, number, is_success));
        stream::iter(read.collect::<Vec<_>>()).buffered(AT_A_TIME).filter_map(async |came| came).collect().await
    }

    async fn read(
        &self,
        execution: &Execution,
        node: &ExecutionNode,
        attempt: &NodeAttempt,
        element: &MapElement,
        number: u32,
        is_success: bool,
    ) -> Option<((u32, u32), Came)> {
        let came = if is_success {
            let outputs = execution.element_outputs(node, attempt, element.index, number).await;
            match outputs {
                Ok(outputs) => Ok(Came::Gave(self.teller.sink.keep(outputs.into()).await)),
                Err(error) => Err(error),
            }
        } else {
            execution.element_failure(node, attempt, element.index, number).await.map(Came::Failed)
        };
        let came =
            came.inspect_err(|error| tracing::debug!(%error, "what came of the element {} of {} is not known", element.index, node.path));
        Some(((element.index, number), came.ok()?))
    }
}
