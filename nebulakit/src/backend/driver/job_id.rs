//! Which job is of which node.

use crate::coordinator::RequestId;
use crate::run::{NodePath, RunId};

/// The id of the job of a node. A coordinator may have several runs.
pub(super) fn job_id(run: &RunId, node: &NodePath) -> String {
    format!("{run}:{node}")
}

/// The node of a job of the run whose jobs begin so.
pub(super) fn node(prefix: &str, job: &RequestId) -> Option<NodePath> {
    job.chosen()?.strip_prefix(prefix).map(NodePath::from)
}
