//! A run from its beginning to its end.

use std::sync::Arc;

use bytes::Bytes;

use super::frame::Instance;
use super::scope::workflow;
use super::standing::Standing;
use super::walk::Walk;
use super::world::{Unfinished, World};
use crate::graph::Graph;

/// Runs `graph` with these inputs; what comes of it is the bytes of an `outputs.pb`. Dropping the future cancels what runs.
///
/// Everything that the graph names has to be there: it is looked at before.
pub(crate) async fn drive(graph: &Graph, world: &World, given: &[(&str, Bytes)]) -> Result<Bytes, Unfinished> {
    let walk = Arc::new(Walk::new(graph, world));
    let instance = Instance::new(graph, None, given);
    let ended = workflow(Arc::clone(&walk), instance, world.stop.below());
    let ended = if walk.is_told() { Standing::new(world).told_while(&walk, ended).await } else { ended.await };
    let Walk { fatal, unrecorded, .. } = match Arc::into_inner(walk) {
        Some(walk) => walk,
        None => return ended.map_err(Unfinished::Ended),
    };
    match (unrecorded.into_inner(), fatal.into_inner()) {
        (Some(error), _) => Err(Unfinished::Unrecorded(error)),
        (None, Some(fatal)) => Err(Unfinished::Ended(fatal)),
        (None, None) => ended.map_err(Unfinished::Ended),
    }
}
