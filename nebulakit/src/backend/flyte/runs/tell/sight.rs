//! A node as it was seen: with its attempts, what it gave, and what came of the elements of a map.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::super::super::execution::{ExecutionFailure, ExecutionNode, NodeAttempt};
use crate::run::{NodePath, Recorded};

/// A node as it was seen.
pub(in super::super) struct Sight {
    /// Its path among ours.
    pub(in super::super) path: NodePath,
    pub(in super::super) node: ExecutionNode,
    pub(in super::super) attempts: Vec<NodeAttempt>,
    /// What it gave, if it has succeeded.
    pub(in super::super) outputs: Recorded,
    /// How many elements it has, where that is news: the platform tells of those alone that had their turn.
    pub(in super::super) size: Option<u64>,
    /// What came of the tries at elements that are news, by the element and the try.
    pub(in super::super) elements: BTreeMap<(u32, u32), Came>,
}

/// What came of a try at an element.
pub(in super::super) enum Came {
    Gave(Recorded),
    Failed(ExecutionFailure),
}

impl Sight {
    /// When the node was over, as far as the platform says it.
    pub(in super::super) fn ended(&self) -> Option<SystemTime> {
        let ExecutionNode { started, duration, updated, .. } = &self.node;
        started.zip(*duration).map(|(started, took)| started + took).or(*updated)
    }
}
