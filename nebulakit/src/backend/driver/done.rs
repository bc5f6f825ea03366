//! What tasks and nodes gave.

use bytes::Bytes;

use crate::coordinator::Usage;
use crate::run::Origin;

/// What a task gave, and what it took.
pub(super) struct Ran {
    /// The bytes of an `outputs.pb`.
    pub(super) outputs: Bytes,
    pub(super) used: Option<Usage>,
}

/// What a node gave.
pub(super) struct Done {
    /// The bytes of an `outputs.pb`.
    pub(super) outputs: Bytes,
    pub(super) from: Origin,
    /// The digest of what it was given, where somebody asks for it.
    pub(super) inputs: Option<String>,
    /// What tells whether the files that it names are what they were.
    pub(super) files: Option<String>,
    /// What its last attempt took, where it had one.
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
