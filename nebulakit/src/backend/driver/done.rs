//! The results of tasks and nodes.

use bytes::Bytes;

use crate::coordinator::Usage;
use crate::run::Origin;

/// The outputs of a task, and the resources that it took.
pub(super) struct Ran {
    /// The bytes of an `outputs.pb`.
    pub(super) outputs: Bytes,
    pub(super) used: Option<Usage>,
}

/// The result of a node.
pub(super) struct Done {
    /// The bytes of an `outputs.pb`.
    pub(super) outputs: Bytes,
    pub(super) from: Origin,
    /// The digest of its inputs, if it is needed.
    pub(super) inputs: Option<String>,
    /// The digest of the metadata of the files that its outputs name.
    pub(super) files: Option<String>,
    /// What its last attempt took, if it had one.
    pub(super) used: Option<Usage>,
}

impl From<Ran> for Done {
    fn from(Ran { outputs, used }: Ran) -> Self {
        Self { used, ..Self::from(outputs) }
    }
}

impl From<Bytes> for Done {
    fn from(outputs: Bytes) -> Self {
        Self { outputs, from: Origin::Run, inputs: None, files: None, used: None }
    }
}
