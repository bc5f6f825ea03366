//! Which deleted files a run needs that goes on with another one: found out before it starts, so that the nodes that stored them run again first.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;

use super::former::Former;
use super::memory::Remembered;
use super::rehearsal;
use crate::backend::driver::{Memory as _, drive, literals_of};
use crate::backend::{Plan, RunError};
use crate::coordinator::Coordinator;
use crate::run::{NodePath, Nowhere};

/// The nodes whose files were deleted and are needed again.
#[derive(Default)]
pub(super) struct Needed {
    nodes: HashSet<NodePath>,
    /// While they are searched for: of the nodes that are kept, those whose deleted files they were given.
    given: Option<HashMap<NodePath, Vec<NodePath>>>,
}

impl Needed {
    pub(super) fn contains(&self, node: &NodePath) -> bool {
        self.nodes.contains(node)
    }

    /// Adds a node, and those that it needs in turn to run again.
    pub(super) fn add(&mut self, node: NodePath) {
        let mut left = vec![node];
        while let Some(node) = left.pop() {
            if !self.nodes.contains(&node) {
                left.extend(self.given.iter().filter_map(|given| given.get(&node)).flatten().cloned());
                self.nodes.insert(node);
            }
        }
    }

    /// Whether it is asked what nodes that are kept were given.
    pub(super) fn is_searched(&self) -> bool {
        self.given.is_some()
    }

    /// Hears of the nodes whose deleted files a node was given that is kept.
    pub(super) fn kept(&mut self, node: &NodePath, given: Vec<NodePath>) {
        if let Some(all) = self.given.as_mut().filter(|_| !given.is_empty()) {
            all.insert(node.clone(), given);
        }
    }
}

/// Walks the graph with what is kept, and runs nothing, until no more is needed: what is given something else runs again, too, and can need more of it.
pub(super) async fn find(plan: &Plan, memory: &Arc<Remembered>, coordinator: &Coordinator) -> Result<(), RunError> {
    if !memory.former.as_ref().is_some_and(Former::has_deleted) {
        return Ok(());
    }
    let inputs = Bytes::copy_from_slice(&plan.options.inputs);
    let given = literals_of(&inputs).map_err(RunError::Inputs)?;
    memory.needed().given = Some(HashMap::new());
    loop {
        let before = memory.needed().nodes.len();
        let world = rehearsal::world(plan, memory, coordinator.clone(), Arc::new(Nowhere));
        // How else it ends says nothing: what would run counts as stopped.
        if let Ok(outputs) = drive(&plan.graph, &world, &given).await {
            memory.is_needed(&outputs);
        }
        let mut needed = memory.needed();
        if needed.nodes.len() == before {
            needed.given = None;
            return Ok(());
        }
    }
}
