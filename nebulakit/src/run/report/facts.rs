//! What a report says about a run: read once, so that all of it describes one moment.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::run::error::RecordError;
use crate::run::event::EventKind;
use crate::run::handle::RunHandle;
use crate::run::path::NodePath;
use crate::run::state::{NodeState, NodeStatus, RunState, RunStatus};
use crate::run::words::{between, until};

/// A run at one moment.
pub(super) struct Facts<'r> {
    pub(super) run: &'r RunHandle,
    pub(super) status: RunStatus,
    pub(super) state: Arc<RunState>,
    pub(super) now: SystemTime,
    /// The nodes, the most interesting ones first.
    ranked: Vec<Node>,
}

/// A node with its attempts.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) path: NodePath,
    pub(super) state: NodeState,
    pub(super) attempts: Vec<Attempt>,
}

/// An attempt at a node.
#[derive(Clone, Copy)]
pub(super) struct Attempt {
    pub(super) began: SystemTime,
    pub(super) ended: SystemTime,
    pub(super) failed: bool,
}

impl<'r> Facts<'r> {
    /// Reads the run.
    ///
    /// # Errors
    /// When its events cannot be read.
    pub(super) fn of(run: &'r RunHandle) -> Result<Self, RecordError> {
        let (status, state) = (run.status()?, run.state()?);
        let now = until(&status, state.ended, state.latest);
        let mut attempts = attempts(run, state.events)?;
        let mut ranked: Vec<_> = state
            .nodes
            .iter()
            .map(|(path, state)| {
                let ended = |(began, ended): (SystemTime, Option<SystemTime>), failed| Attempt {
                    began,
                    ended: ended.or(state.ended).unwrap_or(now),
                    failed,
                };
                let of_node = attempts.remove(path).unwrap_or_default();
                let is_last = |index| index + 1 == of_node.len();
                let attempts = of_node.iter().enumerate().map(|(index, attempt)| {
                    ended(*attempt, !is_last(index) || matches!(state.status, NodeStatus::Failed | NodeStatus::Backoff))
                });
                Node { path: path.clone(), state: state.clone(), attempts: attempts.collect() }
            })
            .collect();
        ranked.sort_by_cached_key(|node| (rank(&node.state.status), Reverse(node.took(now)), node.path.clone()));
        Ok(Self { run, status, state, now, ranked })
    }

    /// The nodes, the most interesting ones first: failed ones, active ones, those that took longest.
    pub(super) fn ranked(&self) -> &[Node] {
        &self.ranked
    }

    /// The first `most` of them, in the order in which they became ready.
    pub(super) fn first(&self, most: usize) -> Vec<&Node> {
        let mut first: Vec<_> = self.ranked.iter().take(most).collect();
        first.sort_by_cached_key(|node| (node.state.ready.or(node.state.ended), node.path.clone()));
        first
    }
}

impl Node {
    /// How long it took: from when it was ready until it was over, or until now.
    pub(super) fn took(&self, now: SystemTime) -> Duration {
        between(self.state.ready, self.state.ended.unwrap_or(now))
    }
}

/// How interesting a status is; lower is more.
fn rank(status: &NodeStatus) -> u8 {
    match status {
        NodeStatus::Failed => 0,
        NodeStatus::Running | NodeStatus::Backoff | NodeStatus::Waiting { .. } => 1,
        NodeStatus::Succeeded(_) | NodeStatus::Cancelled => 2,
        NodeStatus::Queued => 3,
        NodeStatus::Skipped { .. } => 4,
    }
}

/// When each attempt began, and when it ended if another one followed: the state does not keep that.
type Attempts = HashMap<NodePath, Vec<(SystemTime, Option<SystemTime>)>>;

fn attempts(run: &RunHandle, count: u64) -> Result<Attempts, RecordError> {
    let (mut attempts, mut events) = (Attempts::new(), run.events());
    for _ in 0..count {
        let Some(event) = events.read()? else { break };
        match (event.node, event.kind) {
            (Some(node), EventKind::Started { .. }) => attempts.entry(node).or_default().push((event.at, None)),
            (Some(node), EventKind::Retrying { .. }) => {
                if let Some((_, ended)) = attempts.get_mut(&node).and_then(|attempts| attempts.last_mut()) {
                    *ended = Some(event.at);
                }
            }
            _ => {}
        }
    }
    Ok(attempts)
}
