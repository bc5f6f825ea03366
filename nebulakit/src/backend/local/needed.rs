//! Finds out, before a resumed run starts, which deleted files it needs, so that the nodes that stored them run again first.

use std::sync::Arc;

use bytes::Bytes;

use super::former::Former;
use super::memory::Remembered;
use super::rehearsal;
use crate::backend::driver::{Memory as _, drive, literals_of};
use crate::backend::{Plan, RunError};
use crate::coordinator::Coordinator;
use crate::run::Nowhere;

/// Walks the graph with what is kept, and runs nothing, until no more is needed: what is given something else runs again, too, and can need more of it.
pub(super) async fn find(plan: &Plan, memory: &Arc<Remembered>, coordinator: &Coordinator) -> Result<(), RunError> {
    if !memory.former.as_ref().is_some_and(Former::has_deleted) {
        return Ok(());
    }
    let inputs = Bytes::copy_from_slice(&plan.options.inputs);
    let given = literals_of(&inputs).map_err(RunError::Inputs)?;
    memory.needed().begin();
    loop {
        let before = memory.needed().count();
        let world = rehearsal::world(plan, memory, coordinator.clone(), Arc::new(Nowhere));
        // How else it ends says nothing: what would run counts as stopped.
        if let Ok(outputs) = drive(&plan.graph, &world, &given).await {
            memory.is_needed(&outputs);
        }
        let mut needed = memory.needed();
        if needed.count() == before {
            needed.end();
            return Ok(());
        }
    }
}
