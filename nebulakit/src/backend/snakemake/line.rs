//! A line of what a job tells.

use serde::{Deserialize, Serialize};

use crate::run::{Event, JobFailure, NodePath};

/// A line of `told.jsonl`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// Something happened to a node.
    Event(Event),
    /// A node logged or printed something.
    Log {
        /// The node.
        node: NodePath,
        /// A word: what it came from.
        source: String,
        /// What it was.
        text: String,
    },
}

/// Which node failed first, and why: `failed.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FirstFailure {
    pub(super) node: NodePath,
    /// What it runs.
    pub(super) of: String,
    pub(super) failure: JobFailure,
}
