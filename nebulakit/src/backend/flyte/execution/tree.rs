//! The nodes of an execution as the control plane tells them: level by level, each with its attempts.

use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use nebulakit_types::wire::flyteidl::admin::sort::Direction;
use nebulakit_types::wire::flyteidl::admin::{
    NodeExecution, NodeExecutionGetRequest, NodeExecutionListRequest, TaskExecutionGetRequest, TaskExecutionListRequest,
};

use tokio::sync::Semaphore;

use super::super::admin::{GET_NODE_EXECUTION, GET_TASK_EXECUTION, LIST_NODE_EXECUTIONS, LIST_TASK_EXECUTIONS};
use super::super::error::ClientError;
use super::Execution;
use super::attempts::NodeAttempt;
use super::nodes::ExecutionNode;
use super::pages::{by_creation, pages};
use super::phase::NodePhase;

/// How many calls are made at once.
const CONCURRENCY: usize = 16;

/// How deep nodes can be in each other; no workflow is deeper.
const DEEPEST: usize = 64;

/// The nodes that the platform adds to every workflow.
pub(super) const OF_THE_PLATFORM: [&str; 2] = ["start-node", "end-node"];

/// How much is read of each node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// What lists tell.
    Outline,
    /// Its attempts too.
    Whole,
}

impl Execution {
    /// All nodes that have come to their turn, with their attempts, logs and whole messages.
    ///
    /// # Errors
    /// The execution does not exist, the control plane cannot be reached, or this user may not see it.
    pub async fn nodes(&self) -> Result<Vec<ExecutionNode>, ClientError> {
        self.level(None, 0, Extent::Whole, &Semaphore::new(CONCURRENCY)).await
    }

    /// All nodes that have come to their turn, without their attempts: one call for each workflow, arm and dynamic task, and for each node that has failed.
    ///
    /// # Errors
    /// Those of [`Execution::nodes`].
    pub async fn outline(&self) -> Result<Vec<ExecutionNode>, ClientError> {
        self.level(None, 0, Extent::Outline, &Semaphore::new(CONCURRENCY)).await
    }

    /// The attempts at a node that runs a task.
    ///
    /// # Errors
    /// There is no node with this id, or it cannot be read.
    pub async fn attempts(&self, node: &ExecutionNode) -> Result<Vec<NodeAttempt>, ClientError> {
        let rows = pages(None, |token, limit| async move {
            let request = TaskExecutionListRequest {
                node_execution_id: Some(self.node_id(&node.id)),
                limit,
                token,
                sort_by: by_creation(Direction::Ascending),
                ..TaskExecutionListRequest::default()
            };
            let page = self.client.call(&LIST_TASK_EXECUTIONS, &request).await?;
            Ok((page.task_executions, page.token))
        });
        let mut attempts = Vec::new();
        for row in rows.await? {
            let id = row.id.clone();
            let mut attempt = NodeAttempt::from_wire(row);
            if attempt.failure.as_ref().is_some_and(|failure| failure.may_be_cut()) {
                attempt = NodeAttempt::from_wire(self.client.call(&GET_TASK_EXECUTION, &TaskExecutionGetRequest { id }).await?);
            }
            attempts.push(attempt);
        }
        Ok(attempts)
    }

    /// The nodes in `parent`, or those of the execution's own workflow.
    fn level<'a>(
        &'a self,
        parent: Option<&'a ExecutionNode>,
        depth: usize,
        extent: Extent,
        turns: &'a Semaphore,
    ) -> BoxFuture<'a, Result<Vec<ExecutionNode>, ClientError>> {
        Box::pin(async move {
            if depth == DEEPEST {
                return Ok(Vec::new());
            }
            let turn = turns.acquire().await;
            let rows = self.listed(parent.map_or("", |parent| &parent.id)).await?;
            drop(turn);
            let nodes = rows.into_iter().map(|row| ExecutionNode::from_wire(row, parent));
            let nodes: Vec<_> = nodes.filter(|node| !is_of_the_platform(node)).map(|node| self.whole(node, depth, extent, turns)).collect();
            stream::iter(nodes).buffered(CONCURRENCY).try_collect().await
        })
    }

    /// The node with what is in it.
    async fn whole(&self, mut node: ExecutionNode, depth: usize, extent: Extent, turns: &Semaphore) -> Result<ExecutionNode, ClientError> {
        let has_failed = matches!(node.phase, NodePhase::Failed | NodePhase::TimedOut);
        if node.failure.as_ref().is_some_and(|failure| failure.may_be_cut()) {
            let request = NodeExecutionGetRequest { id: Some(self.node_id(&node.id)) };
            let _turn = turns.acquire().await;
            let whole = ExecutionNode::from_wire(self.client.call(&GET_NODE_EXECUTION, &request).await?, None);
            node.failure = whole.failure.or(node.failure);
        }
        if node.is_parent {
            node.children = self.level(Some(&node), depth + 1, extent, turns).await?;
        }
        let has_attempts = node.execution.is_none() && (!node.is_parent || node.is_dynamic || node.is_map);
        if has_attempts && (extent == Extent::Whole || (has_failed && node.failure.is_none())) {
            let _turn = turns.acquire().await;
            let attempts = self.attempts(&node).await?;
            node.attempted(attempts);
        }
        Ok(node)
    }

    async fn listed(&self, parent: &str) -> Result<Vec<NodeExecution>, ClientError> {
        pages(None, |token, limit| async move {
            let request = NodeExecutionListRequest {
                workflow_execution_id: Some(self.id.to_wire()),
                limit,
                token,
                sort_by: by_creation(Direction::Ascending),
                unique_parent_id: parent.to_owned(),
                ..NodeExecutionListRequest::default()
            };
            let page = self.client.call(&LIST_NODE_EXECUTIONS, &request).await?;
            Ok((page.node_executions, page.token))
        })
        .await
    }
}

fn is_of_the_platform(node: &ExecutionNode) -> bool {
    let id = node.path.as_str().rsplit('/').next().unwrap_or_default();
    OF_THE_PLATFORM.contains(&id)
}
