//! What has been told of a node.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::coordinator::JobFailure;
use crate::run::{NodePath, NodeStatus, RunState};

/// What has been told of a node.
#[derive(Debug, Default, Clone)]
pub(super) struct Told {
    /// How many attempts have begun.
    pub(super) begun: u32,
    /// How many of them have failed, with another one to come.
    pub(super) retried: u32,
    pub(super) is_waiting: bool,
    pub(super) is_mapped: bool,
    pub(super) is_decided: bool,
    pub(super) is_over: bool,
    /// Whether it failed or was skipped.
    pub(super) is_bad: bool,
    /// Why it failed for good, if it is an element of a map.
    pub(super) failure: Option<JobFailure>,
    /// When the last of it happened.
    pub(super) latest: Option<SystemTime>,
}

impl Told {
    /// What a record tells of each node.
    pub(super) fn of_all(state: &RunState) -> BTreeMap<NodePath, Self> {
        let told = state.nodes.iter().map(|(path, node)| {
            let told = Self {
                begun: node.attempts,
                retried: node.attempts.saturating_sub(u32::from(node.status != NodeStatus::Backoff)),
                is_waiting: matches!(node.status, NodeStatus::Waiting { .. }),
                is_mapped: node.elements.is_some(),
                is_decided: node.arm.is_some(),
                is_over: node.is_over(),
                is_bad: matches!(node.status, NodeStatus::Failed | NodeStatus::Skipped { .. }),
                failure: node.failure.clone().filter(|_| path.is_element() && node.status == NodeStatus::Failed),
                latest: node.ended.or(node.started).or(node.ready),
            };
            (path.clone(), told)
        });
        told.collect()
    }
}
