//! A node of an execution.

use std::time::{Duration, SystemTime};

use nebulakit_types::wire::flyteidl::admin::node_execution_closure::{OutputResult, TargetMetadata};
use nebulakit_types::wire::flyteidl::admin::{NodeExecution, NodeExecutionGetDataRequest, NodeExecutionGetDataResponse};
use nebulakit_types::wire::flyteidl::core::NodeExecutionIdentifier;

use super::super::admin::GET_NODE_EXECUTION_DATA;
use super::super::error::ClientError;
use super::attempts::NodeAttempt;
use super::failure::ExecutionFailure;
use super::id::ExecutionId;
use super::phase::{AttemptPhase, CacheUsed, NodePhase};
use super::times::{instant, span};
use super::{Execution, data};
use crate::run::NodePath;

/// A node of an execution, with the nodes that it is made of.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ExecutionNode {
    /// Its id, which no other node of the execution has. The platform makes up the id of a node within others, and hashes long ones.
    pub id: String,
    /// Its path, of the ids that the workflow says: `n0/dn3`.
    pub path: NodePath,
    /// How far it is.
    pub phase: NodePhase,
    /// What the cache had to do with it.
    pub cache: CacheUsed,
    /// Why it failed: the node's failure, else that of its last attempt.
    pub failure: Option<ExecutionFailure>,
    /// When it came to its turn.
    pub created: Option<SystemTime>,
    /// When it began.
    pub started: Option<SystemTime>,
    /// When it changed last.
    pub updated: Option<SystemTime>,
    /// How long it took, once it is over.
    pub duration: Option<Duration>,
    /// Whether it is a dynamic task that has made nodes.
    pub is_dynamic: bool,
    /// Whether it is a map.
    pub is_map: bool,
    /// Whether it has a deck.
    pub has_deck: bool,
    /// The execution that it launched: that of a launch plan.
    pub execution: Option<ExecutionId>,
    /// The attempts at it, if it runs a task and they were asked for.
    pub attempts: Vec<NodeAttempt>,
    /// The nodes that it is made of: those of its workflow, of the arm that was taken, or those that it made.
    pub children: Vec<Self>,
    /// At which attempt of the node that it is part of it was made.
    pub(super) retry_group: String,
    pub(super) is_parent: bool,
    /// Where its inputs are: its data is beside them.
    pub(super) inputs_at: String,
}

impl ExecutionNode {
    /// The node, in the node `parent`.
    pub(super) fn from_wire(node: NodeExecution, parent: Option<&Self>) -> Self {
        let id = node.id.map(|id| id.node_id).unwrap_or_default();
        let metadata = node.metadata.unwrap_or_default();
        let closure = node.closure.unwrap_or_default();
        let failure = match &closure.output_result {
            Some(OutputResult::Error(error)) => Some(ExecutionFailure::from_wire(error)),
            _ => None,
        };
        let (cache, execution) = match closure.target_metadata {
            Some(TargetMetadata::TaskNodeMetadata(task)) => (CacheUsed::from_wire(task.cache_status), None),
            Some(TargetMetadata::WorkflowNodeMetadata(launched)) => {
                (CacheUsed::Disabled, launched.execution_id.map(ExecutionId::from_wire))
            }
            None => (CacheUsed::Disabled, None),
        };
        let spec_id = if metadata.spec_node_id.is_empty() { &id } else { &metadata.spec_node_id };
        Self {
            path: path(spec_id, parent),
            id,
            phase: NodePhase::from_wire(closure.phase),
            cache,
            failure,
            created: instant(closure.created_at.as_ref()),
            started: instant(closure.started_at.as_ref()),
            updated: instant(closure.updated_at.as_ref()),
            duration: span(closure.duration.as_ref()).filter(|span| !span.is_zero()),
            is_dynamic: metadata.is_dynamic,
            is_map: metadata.is_array,
            has_deck: !closure.deck_uri.is_empty(),
            execution,
            attempts: Vec::new(),
            children: Vec::new(),
            retry_group: metadata.retry_group,
            is_parent: metadata.is_parent_node || metadata.is_dynamic,
            inputs_at: node.input_uri,
        }
    }

    /// The node and all nodes within it, each before those that it is made of.
    pub fn walk(&self) -> impl Iterator<Item = &Self> {
        let mut left = vec![self];
        std::iter::from_fn(move || {
            let next = left.pop()?;
            left.extend(next.children.iter().rev());
            Some(next)
        })
    }

    /// Of these nodes, which are beside each other, the one that failed first; of a node that failed by what it is made of, that.
    #[must_use]
    pub fn first_failed(nodes: &[Self]) -> Option<&Self> {
        let group = |node: &Self| node.retry_group.parse().unwrap_or(0_u32);
        // A dynamic task that was tried again has the nodes of each attempt.
        let last = nodes.iter().map(group).max();
        let failed = nodes.iter().filter(|node| Some(group(node)) == last && matches!(node.phase, NodePhase::Failed | NodePhase::TimedOut));
        failed.map(|node| Self::first_failed(&node.children).unwrap_or(node)).min_by_key(|node| node.updated)
    }

    /// The last attempt at it.
    #[must_use]
    pub fn last_attempt(&self) -> Option<&NodeAttempt> {
        self.attempts.iter().max_by_key(|attempt| attempt.number)
    }

    /// Takes the attempts, and the failure of the last one where the node itself has none: a failure that a task reports is not told of its node if
    /// the task may have a deck.
    pub(super) fn attempted(&mut self, mut attempts: Vec<NodeAttempt>) {
        attempts.sort_by_key(|attempt| attempt.number);
        if self.failure.is_none() && matches!(self.phase, NodePhase::Failed | NodePhase::Failing | NodePhase::TimedOut) {
            self.failure =
                attempts.iter().rev().find(|attempt| attempt.phase != AttemptPhase::Aborted).and_then(|last| last.failure.clone());
        }
        self.attempts = attempts;
    }
}

/// The path of a node. Those of an arm are beside their condition, whose id is the beginning of theirs.
fn path(spec_id: &str, parent: Option<&ExecutionNode>) -> NodePath {
    let Some(parent) = parent else { return NodePath::from(spec_id) };
    let condition = parent.path.as_str().rsplit('/').next().unwrap_or_default();
    let is_of_arm = spec_id.strip_prefix(condition).is_some_and(|rest| rest.starts_with('-'));
    match is_of_arm {
        true => NodePath::below(parent.path.parent().as_ref(), spec_id),
        false => NodePath::below(Some(&parent.path), spec_id),
    }
}

impl Execution {
    /// What a node was given, as the bytes of an `inputs.pb`; of a map, all of its lists.
    ///
    /// # Errors
    /// There is no node with this id, its inputs cannot be read, or they are larger than the largest answer of the settings.
    pub async fn node_inputs(&self, node: &ExecutionNode) -> Result<Vec<u8>, ClientError> {
        let data = self.node_data(&node.id).await?;
        data::values(&self.client, data.full_inputs, data.inputs).await
    }

    /// What a node gave, as the bytes of an `outputs.pb`; nothing before it has succeeded.
    ///
    /// # Errors
    /// Those of [`Execution::node_inputs`].
    pub async fn node_outputs(&self, node: &ExecutionNode) -> Result<Vec<u8>, ClientError> {
        let data = self.node_data(&node.id).await?;
        data::values(&self.client, data.full_outputs, data.outputs).await
    }

    pub(super) async fn node_data(&self, id: &str) -> Result<NodeExecutionGetDataResponse, ClientError> {
        self.client.call(&GET_NODE_EXECUTION_DATA, &NodeExecutionGetDataRequest { id: Some(self.node_id(id)) }).await
    }

    pub(super) fn node_id(&self, id: &str) -> NodeExecutionIdentifier {
        NodeExecutionIdentifier { node_id: id.to_owned(), execution_id: Some(self.id.to_wire()) }
    }
}
