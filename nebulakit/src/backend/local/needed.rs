//! Which deleted files a run needs that goes on with another one: found out before it starts, so that the nodes that stored them run again first.

use std::sync::Arc;

use bytes::Bytes;

use super::memory::Remembered;
use crate::backend::driver::{Memory as _, Signals, World, drive, literals_of};
use crate::backend::{Plan, RunError};
use crate::coordinator::Coordinator;
use crate::run::{Nowhere, RunId};
use crate::task::cancellation::Cancellation;
use crate::task::mock::Mocks;

/// Walks the graph with what is kept, and runs nothing, until no more is needed: what is made again can need more of it.
pub(super) async fn find(plan: &Plan, memory: &Arc<Remembered>, coordinator: &Coordinator) -> Result<(), RunError> {
    let Some(former) = memory.former.as_ref().filter(|former| former.has_deleted()) else { return Ok(()) };
    let inputs = Bytes::copy_from_slice(&plan.options.inputs);
    let given = literals_of(&inputs).map_err(RunError::Inputs)?;
    loop {
        let before = memory.needed().len();
        let world = World {
            coordinator: coordinator.clone(),
            run: RunId::from("rehearsal"),
            record: Arc::new(Nowhere),
            signals: Arc::new(Signals::open(former.answers(&inputs))),
            stop: Cancellation::new(),
            strategy: None,
            stored: None,
            moved: Arc::default(),
            memory: Some(Arc::clone(memory) as _),
            is_rehearsal: true,
            mocks: Mocks::default(),
            shelf: None,
            from: plan.options.from.clone(),
        };
        // How else it ends says nothing: what would run counts as stopped.
        if let Ok(outputs) = drive(&plan.graph, &world, &given).await {
            memory.is_needed(&outputs);
        }
        if memory.needed().len() == before {
            return Ok(());
        }
    }
}
