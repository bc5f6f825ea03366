//! What can be said beforehand of a node that is not reached, because one that it needs would have to run first.

use bytes::Bytes;

use super::step::Step;
use super::value;
use crate::run::{EventKind, NodePath};
use crate::task::registry::registry;

impl Step<'_> {
    /// Records what will happen to the node once `because` has run: it runs, if nothing can be known of its outputs; else its fate is unknown.
    pub(super) fn foretell(&self, because: NodePath) {
        self.walk.tell(&self.path, || EventKind::Ready { of: self.what() });
        self.walk.tell(&self.path, || if self.surely_runs() { EventKind::Cancelled } else { EventKind::Skipped { because } });
    }

    /// Tells that what the node is given is needed, as it would run.
    pub(super) fn foretell_needs(&self, inputs: &[(&str, Bytes)]) {
        if let Some(memory) = self.walk.rehearsed() {
            memory.is_needed(&value::literals(inputs));
        }
    }

    /// Whether it runs whatever it is given.
    fn surely_runs(&self) -> bool {
        let Some((name, task)) = self.node.task().and_then(|name| Some((name, registry().get(name)?))) else { return false };
        let memory = self.walk.world.memory.as_ref();
        !memory.is_some_and(|memory| memory.may_recall(&self.path, name, self.cache_version(task)))
    }
}
