//! Who looks at an execution, and what it knows from before.

use std::collections::BTreeMap;

use super::super::super::error::{ClientError, ClientErrorKind};
use super::super::super::execution::{Execution, ExecutionNode};
use super::super::tell::Teller;
use crate::run::{NodePath, RecordError};

/// How many calls are made at once in a look.
pub(super) const AT_A_TIME: usize = 8;

/// Looks at an execution.
pub(in super::super) struct Looker {
    pub(in super::super) execution: Execution,
    pub(in super::super) teller: Teller,
    /// The executions that nodes launched, by the paths of the nodes.
    pub(super) launched: BTreeMap<NodePath, Execution>,
    /// Of which nodes it was asked what is in them, and how many nodes that were then.
    pub(super) learnt: BTreeMap<NodePath, usize>,
}

/// Why a look came to nothing.
#[derive(Debug)]
pub(in super::super) enum Trouble {
    /// The control plane.
    Flyte(ClientError),
    /// What was seen cannot be recorded.
    Record(RecordError),
}

impl From<ClientError> for Trouble {
    fn from(error: ClientError) -> Self {
        Self::Flyte(error)
    }
}

impl From<RecordError> for Trouble {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

/// A node with its path among ours.
pub(super) type Found = (NodePath, Execution, ExecutionNode);

impl Looker {
    pub(in super::super) fn new(execution: Execution, teller: Teller) -> Self {
        Self { execution, teller, launched: BTreeMap::new(), learnt: BTreeMap::new() }
    }
}

/// Whether the control plane may answer the next time.
pub(in super::super) fn passes(error: &ClientError) -> bool {
    matches!(error.kind(), ClientErrorKind::Unreachable | ClientErrorKind::Server)
}
