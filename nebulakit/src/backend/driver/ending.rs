//! What ends a run before all of its nodes are over.

use std::io;
use std::sync::{Arc, OnceLock};

use super::fault::{End, Fault};
use super::world::World;
use crate::run::NodePath;
use crate::task::cancellation::Cancellation;

/// What ends a run, whatever else happens in it: one for its graph and for those that dynamic tasks give.
pub(super) struct Ending {
    /// Asks all nodes to stop, except for failure handlers of workflows that a fatal failure is in.
    pub(super) stop: Cancellation,
    /// The failure that ends the run.
    fatal: OnceLock<Arc<Fault>>,
    /// Why what happened cannot be recorded any more.
    pub(super) unrecorded: OnceLock<io::Error>,
}

impl Ending {
    pub(super) fn of(world: &World) -> Self {
        Self { stop: world.stop.below(), fatal: OnceLock::new(), unrecorded: OnceLock::new() }
    }

    /// A failure ends the run, whatever else may fail in it.
    pub(super) fn fatal(&self, end: &End) {
        if let End::Failed(fault) = end {
            let _ = self.fatal.set(Arc::clone(fault));
        }
        self.stop.cancel();
    }

    /// The failure that ends the run, where it is in the node at `path`; [`None`] stands for the run itself.
    pub(super) fn fatal_in(&self, path: Option<&NodePath>) -> Option<Arc<Fault>> {
        self.fatal.get().filter(|fault| path.is_none_or(|path| path.holds(&fault.node))).cloned()
    }
}
