//! Which job belongs to which node.

use crate::coordinator::RequestId;
use crate::run::{NodePath, RunId};

/// The id of a node's job. A coordinator can have several runs.
pub(super) fn job_id(run: &RunId, node: &NodePath) -> String {
    format!("{run}:{node}")
}

/// The node of a job of whichever run; run ids have no colon.
pub(crate) fn node_of(job: &RequestId) -> Option<NodePath> {
    job.chosen()?.split_once(':').map(|(_, node)| NodePath::from(node))
}

/// The node of a job, if the job's id begins with the prefix of the run.
pub(super) fn node(prefix: &str, job: &RequestId) -> Option<NodePath> {
    job.chosen()?.strip_prefix(prefix).map(NodePath::from)
}
