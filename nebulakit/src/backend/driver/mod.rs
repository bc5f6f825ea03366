//! Walks a graph through a coordinator: starts what is ready, passes on what comes of it, and is over when nothing is left to start.
//!
//! One future walks all of it, on the runtime that polls it; what a task does happens wherever its job's strategy has it. Nothing here knows of files: events
//! go to a [`Record`], values are bytes in memory, and data that tasks store is referred to.

mod branch;
mod fault;
mod frame;
mod gate;
mod grown;
mod job;
mod layout;
mod map;
mod scope;
mod step;
mod tell;
mod value;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;

pub(crate) use self::fault::{End, Fault};
use self::frame::Instance;
pub(crate) use self::gate::Signals;
use self::layout::Layout;
use self::tell::Jobs;
pub(crate) use self::value::literals_of;
use crate::coordinator::Coordinator;
use crate::graph::{Graph, Scope};
use crate::run::{EventKind, NodePath, Record, RunFolder, RunId};
use crate::task::cancellation::Cancellation;
use crate::task::strategy::Strategy;

/// What a run runs in.
pub(crate) struct World {
    pub(crate) coordinator: Coordinator,
    pub(crate) run: RunId,
    pub(crate) record: Arc<dyn Record>,
    pub(crate) signals: Arc<Signals>,
    /// Asks the run to stop.
    pub(crate) stop: Cancellation,
    /// How tasks are run that do not say so themselves.
    pub(crate) strategy: Option<Strategy>,
    /// Where each node's files go, if not all to one place.
    pub(crate) stored: Option<RunFolder>,
}

/// Why a run did not succeed.
#[derive(Debug)]
pub(crate) enum Unfinished {
    /// One of its nodes failed, or was stopped.
    Ended(End),
    /// What happened cannot be recorded.
    Unrecorded(io::Error),
}

/// A run on its way.
struct Walk<'g> {
    graph: &'g Graph,
    world: &'g World,
    /// Those of the scopes that ran, by their addresses.
    layouts: Mutex<HashMap<usize, Arc<Layout<'g>>>>,
    /// Why what happened cannot be recorded any more.
    unrecorded: OnceLock<io::Error>,
}

/// Runs `graph` with these inputs; what comes of it is the bytes of an `outputs.pb`. Dropping the future cancels what runs.
///
/// Everything that the graph names has to be there: it is looked at before.
pub(crate) async fn drive(graph: &Graph, world: &World, given: &[(&str, Bytes)]) -> Result<Bytes, Unfinished> {
    let walk = Arc::new(Walk::new(graph, world));
    let instance = Instance::new(graph, None, given);
    let ended = match Jobs::of(world) {
        Some(jobs) => jobs.told_while(&walk, scope::workflow(Arc::clone(&walk), instance, world.stop.below())).await,
        None => scope::workflow(Arc::clone(&walk), instance, world.stop.below()).await,
    };
    match Arc::into_inner(walk).and_then(|walk| walk.unrecorded.into_inner()) {
        Some(error) => Err(Unfinished::Unrecorded(error)),
        None => ended.map_err(Unfinished::Ended),
    }
}

impl<'g> Walk<'g> {
    fn new(graph: &'g Graph, world: &'g World) -> Self {
        Self { graph, world, layouts: Mutex::default(), unrecorded: OnceLock::new() }
    }

    fn layout(&self, scope: &'g Scope) -> Arc<Layout<'g>> {
        let mut layouts = self.layouts.lock().unwrap_or_else(PoisonError::into_inner);
        let layout = layouts.entry(std::ptr::from_ref(scope).addr()).or_insert_with(|| Arc::new(Layout::of(scope)));
        Arc::clone(layout)
    }

    /// The workflow or launch plan of that name.
    fn workflow(&self, name: &str) -> Option<&'g Graph> {
        self.graph.workflows.get(name)
    }

    /// Whether anybody hears what happens.
    fn is_told(&self) -> bool {
        self.world.record.is_on()
    }

    /// Tells what happened to a node. Where that cannot be recorded the run stops: what nobody can know of may not go on.
    fn tell(&self, node: &NodePath, kind: impl FnOnce() -> io::Result<EventKind>) {
        if !self.is_told() {
            return;
        }
        if let Err(error) = kind().and_then(|kind| self.world.record.record(Some(node), kind)) {
            let _ = self.unrecorded.set(error);
            self.world.stop.cancel();
        }
    }
}
