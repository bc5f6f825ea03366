//! A graph while it runs: what all of its nodes share.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::ending::Ending;
use super::layout::Layout;
use super::memory::Memory;
use super::world::World;
use crate::graph::{Graph, Scope};
use crate::run::{EventKind, NodePath};

/// A graph that runs: the run's own, or one that a dynamic task gave.
pub(super) struct Walk<'g> {
    pub(super) graph: &'g Graph,
    pub(super) world: &'g World,
    pub(super) ending: &'g Ending,
    /// Those of the scopes that ran, by their addresses.
    layouts: Mutex<HashMap<usize, Arc<Layout<'g>>>>,
}

impl<'g> Walk<'g> {
    pub(super) fn new(graph: &'g Graph, world: &'g World, ending: &'g Ending) -> Self {
        Self { graph, world, ending, layouts: Mutex::default() }
    }

    pub(super) fn layout(&self, scope: &'g Scope) -> Arc<Layout<'g>> {
        let mut layouts = self.layouts.lock().unwrap_or_else(PoisonError::into_inner);
        let layout = layouts.entry(std::ptr::from_ref(scope).addr()).or_insert_with(|| Arc::new(Layout::of(scope)));
        Arc::clone(layout)
    }

    /// The workflow or launch plan with that name.
    pub(super) fn workflow(&self, name: &str) -> Option<&'g Graph> {
        self.graph.workflows.get(name)
    }

    /// What hears of what is needed, where it is only looked at what would run.
    pub(super) fn rehearsed(&self) -> Option<&dyn Memory> {
        self.world.memory.as_deref().filter(|_| self.world.is_rehearsal)
    }

    /// Whether anybody hears what happens.
    pub(super) fn is_told(&self) -> bool {
        self.world.record.is_on()
    }

    /// Records what happened to a node. If that fails, the run stops: it must not go on unseen.
    pub(super) fn tell(&self, node: &NodePath, kind: impl FnOnce() -> EventKind) {
        if self.is_told()
            && let Err(error) = self.world.record.record(Some(node), kind())
        {
            self.unrecorded(error);
        }
    }

    /// Has the kernel take what was told, once for all nodes that are over by then: what needs them begins behind this.
    pub(super) fn flush(&self) {
        if self.is_told()
            && let Err(error) = self.world.record.flush()
        {
            self.unrecorded(error);
        }
    }

    /// Tells what happened to the run itself.
    pub(super) fn tell_of_run(&self, kind: EventKind) {
        if let Err(error) = self.world.record.record(None, kind) {
            self.unrecorded(error);
        }
    }

    /// What happens cannot be recorded any more: the run stops.
    pub(super) fn unrecorded(&self, error: io::Error) {
        let _ = self.ending.unrecorded.set(error);
        self.world.stop.cancel();
    }
}
