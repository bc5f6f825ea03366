//! A run from its beginning to its end.

use std::sync::Arc;

use bytes::Bytes;

use super::ending::Ending;
use super::frame::Instance;
use super::scope::workflow;
use super::standing::Standing;
use super::walk::Walk;
use super::world::{Unfinished, World};
use crate::graph::Graph;

/// Runs `graph` with these inputs, and returns the bytes of an `outputs.pb`. Dropping the future cancels what runs.
///
/// The caller has checked that everything that the graph names exists.
pub(crate) async fn drive(graph: &Graph, world: &World, given: &[(&str, Bytes)]) -> Result<Bytes, Unfinished> {
    let ending = Ending::of(world);
    let walk = Arc::new(Walk::new(graph, world, &ending));
    let driven = workflow(Arc::clone(&walk), Instance::new(graph, None, given), ending.stop.clone());
    let ended = if walk.is_told() { Standing::new(world).told_while(&walk, driven).await } else { driven.await };
    drop(walk);
    match ending.unrecorded.into_inner() {
        Some(error) => Err(Unfinished::Unrecorded(error)),
        None => ended.map_err(Unfinished::Ended),
    }
}
