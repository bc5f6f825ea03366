//! A run from its beginning to its end.

use std::sync::Arc;

use bytes::Bytes;

use super::frame::Instance;
use super::scope::workflow;
use super::tell::Jobs;
use super::walk::Walk;
use super::world::{Unfinished, World};
use crate::graph::Graph;

/// Runs `graph` with these inputs, and returns the bytes of an `outputs.pb`. Dropping the future cancels what runs.
///
/// The caller has checked that everything that the graph names exists.
pub(crate) async fn drive(graph: &Graph, world: &World, given: &[(&str, Bytes)]) -> Result<Bytes, Unfinished> {
    let walk = Arc::new(Walk::new(graph, world));
    let instance = Instance::new(graph, None, given);
    let ended = match Jobs::of(world) {
        Some(jobs) => jobs.told_while(&walk, workflow(Arc::clone(&walk), instance, world.stop.below())).await,
        None => workflow(Arc::clone(&walk), instance, world.stop.below()).await,
    };
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
