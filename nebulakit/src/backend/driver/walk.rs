//! A graph while it runs: what all of its nodes share.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::fault::End;
use super::layout::Layout;
use super::world::World;
use crate::graph::{Graph, Scope};
use crate::run::{EventKind, NodePath};

/// A graph while it runs.
pub(super) struct Walk<'g> {
    pub(super) graph: &'g Graph,
    pub(super) world: &'g World,
    /// The layouts of the scopes that ran, by their addresses.
    layouts: Mutex<HashMap<usize, Arc<Layout<'g>>>>,
    /// The failure that ends the whole run.
    pub(super) fatal: OnceLock<End>,
    /// Why events cannot be recorded any more.
    pub(super) unrecorded: OnceLock<io::Error>,
}

impl<'g> Walk<'g> {
    pub(super) fn new(graph: &'g Graph, world: &'g World) -> Self {
        Self { graph, world, layouts: Mutex::default(), fatal: OnceLock::new(), unrecorded: OnceLock::new() }
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

    /// Whether events are recorded.
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

    /// Records what happened to the run itself.
    pub(super) fn tell_of_run(&self, kind: EventKind) {
        if let Err(error) = self.world.record.record(None, kind) {
            self.unrecorded(error);
        }
    }

    /// Ends the run with a failure, whatever else fails in it.
    pub(super) fn fatal(&self, end: &End) {
        let _ = self.fatal.set(end.clone());
        self.world.stop.cancel();
    }

    /// Stops the run, because events cannot be recorded any more.
    pub(super) fn unrecorded(&self, error: io::Error) {
        let _ = self.unrecorded.set(error);
        self.world.stop.cancel();
    }
}
