//! What is known of the nodes of a run.

use std::collections::HashMap;

use crate::run::{EventKind, JobFailure, NodePath};

/// How far a node is.
#[derive(Debug, Clone)]
pub(super) enum Stage {
    /// It has begun.
    Begun,
    /// It is over.
    Over,
    /// It failed.
    Failed(JobFailure),
    /// It never begins.
    Skipped,
}

/// How far each node is of which anything was heard.
#[derive(Debug, Default)]
pub(super) struct Known(HashMap<NodePath, Stage>);

impl Known {
    pub(super) fn hear(&mut self, node: &NodePath, kind: &EventKind) {
        let stage = match kind {
            EventKind::Ready { .. } | EventKind::Started { .. } | EventKind::Waiting { .. } => Stage::Begun,
            EventKind::Succeeded { .. } | EventKind::Cancelled => Stage::Over,
            EventKind::Failed { failure, .. } => Stage::Failed(failure.clone()),
            EventKind::Skipped { .. } => Stage::Skipped,
            _ => return,
        };
        self.0.insert(node.clone(), stage);
    }

    pub(super) fn of(&self, node: &str) -> Option<&Stage> {
        self.0.get(node)
    }

    /// The nodes that have begun and are not over.
    pub(super) fn unfinished(&self) -> Vec<NodePath> {
        self.0.iter().filter(|(_, stage)| matches!(stage, Stage::Begun)).map(|(node, _)| node.clone()).collect()
    }
}
