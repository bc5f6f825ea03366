//! How a job's work ended.

use bytes::Bytes;

use super::super::line::FirstFailure;
use super::work::Work;
use crate::run::{FailureKind, JobFailure};
use crate::task::failure::chain_in_line;

/// How the work ended: what it gave, or why it gave nothing.
pub(super) type Ended = Result<Bytes, Why>;

/// Why it gave nothing.
pub(super) enum Why {
    /// The node that the driver ran failed, and has told so.
    Failed(Box<FirstFailure>),
    /// This node failed, and nobody has told so.
    Own(Box<FirstFailure>),
    /// It was stopped.
    Stopped,
    /// It was stopped with the other elements of its map.
    MapStopped,
}

impl Why {
    /// A failure of the node itself.
    pub(super) fn own(work: &Work<'_>, code: &str, message: impl Into<String>) -> Self {
        Self::own_failure(work, JobFailure::new(FailureKind::Failed, code, message))
    }

    pub(super) fn own_failure(work: &Work<'_>, failure: JobFailure) -> Self {
        let of = work.spot.map_or(&*work.graph.name, |spot| spot.what()).to_owned();
        Self::Own(Box::new(FirstFailure { node: work.path(), of, failure }))
    }
}

impl Work<'_> {
    /// A failure of the node itself.
    pub(super) fn fault(&self, message: impl Into<String>) -> Why {
        Why::own(self, "SYSTEM", message)
    }

    pub(super) fn unbound(&self, error: &nebulakit_types::Error) -> Why {
        Why::own(self, "SYSTEM:BindingResolutionFailure", format!("cannot resolve an input: {}", chain_in_line(error)))
    }
}
