//! What values name, until nothing needs it any more.
//!
//! A value is held by the node that it is kept of until all that take from that are over, and by the node around it until that is over in turn. What a node held
//! that did not succeed is never given back: a run that goes on with this one takes it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::run::NodePath;

/// The folders that a value names, until they are given back.
#[derive(Debug, Default)]
pub(crate) struct Hold(pub(crate) Vec<PathBuf>);

/// What is held for a node until it is over.
pub(super) type Holds = Arc<Mutex<Vec<Hold>>>;

/// Counts who needs what tasks stored, and deletes what nothing needs.
pub(crate) trait Shelf: Send + Sync {
    /// Holds what outputs name, and what the node that gave them stored.
    fn hold_of(&self, node: &NodePath, outputs: &[u8]) -> Hold;

    /// Holds what outputs name.
    fn hold(&self, outputs: &[u8]) -> Hold;

    /// Keeps what outputs name for good: something beside the run refers to it.
    fn pin(&self, outputs: &[u8]);

    /// Gives back what was held, and deletes what nobody holds any more.
    fn release(&self, hold: Hold);
}
