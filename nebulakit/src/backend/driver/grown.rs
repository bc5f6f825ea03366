//! The graph that a dynamic task gave, which runs in its place.

use std::sync::Arc;

use bytes::Bytes;
use nebulakit_types::convert::reader::LiteralView;

use super::fault::{End, Fault, code};
use super::frame::Instance;
use super::scope::workflow;
use super::step::Step;
use super::{Walk, value};
use crate::backend::needs::missing;
use crate::graph::Graph;
use crate::run::NodePath;
use crate::task::cancellation::Cancellation;
use crate::task::failure::chain_in_line;
use crate::task::failure::code::NO_GRAPH;
use crate::task::returns::GRAPH;

impl Step<'_> {
    /// Runs the graph that the dynamic task at `path` gave. What fails in it is not tried again: the task's attempts are its own.
    pub(super) async fn grown(&self, path: &NodePath, given: &Bytes, stop: &Cancellation) -> Result<Bytes, End> {
        let fault = |code: &str, said: String| Fault::new(path, self.what(), code, said);
        let json = value::named(given, GRAPH).map_err(|error| fault(code::BINDING, chain_in_line(&error)))?.unwrap_or_default();
        let graph = match value::view(&json) {
            Ok(LiteralView::String(json)) => Graph::from_json(json).map_err(|problems| fault(NO_GRAPH, problems.to_string()))?,
            _ => return Err(fault(NO_GRAPH, "it gave no graph".to_owned())),
        };
        let reasons = missing(&graph);
        if !reasons.is_empty() {
            return Err(fault(NO_GRAPH, reasons.join("; ")));
        }
        let walk = Arc::new(Walk::new(&graph, self.walk.world));
        let ended = workflow(Arc::clone(&walk), Instance::new(&graph, Some(path.clone()), &[]), stop.below()).await;
        if let Some(error) = Arc::into_inner(walk).and_then(|walk| walk.unrecorded.into_inner()) {
            let _ = self.walk.unrecorded.set(error);
        }
        ended
    }
}
