//! What can be said beforehand of a node that is not reached, because one that it needs would have to run first.

use super::step::Step;
use crate::graph::{Kind, Mapped};
use crate::run::{EventKind, NodePath};
use crate::task::registry::registry;

impl Step<'_> {
    /// Records what will happen to the node once `because` has run: it runs, if nothing can be known of its outputs; else its fate is unknown.
    pub(super) fn foretell(&self, because: NodePath) {
        self.walk.tell(&self.path, || EventKind::Ready { of: self.what() });
        self.walk.tell(&self.path, || if self.surely_runs() { EventKind::Cancelled } else { EventKind::Skipped { because } });
    }

    /// Whether it runs whatever its inputs are.
    fn surely_runs(&self) -> bool {
        let name = match &self.node.kind {
            Kind::Task(name) | Kind::Reference(name) => name,
            Kind::Map(map) => match &map.of {
                Mapped::Task(name) => name,
                Mapped::Workflow(_) => return false,
            },
            _ => return false,
        };
        let Some(task) = registry().get(name) else { return false };
        let memory = self.walk.world.memory.as_ref();
        !memory.is_some_and(|memory| memory.may_recall(&self.path, name, self.cache_version(task)))
    }
}
