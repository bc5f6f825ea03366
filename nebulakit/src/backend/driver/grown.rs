//! The graph that a dynamic task returned, which runs in its place.

use bytes::Bytes;
use nebulakit_types::convert::reader::LiteralView;

use super::fault::{End, Fault, code};
use super::step::Step;
use super::value;
use crate::backend::demand::unmet;
use crate::backend::needs::missing;
use crate::graph::Graph;
use crate::run::NodePath;
use crate::task::failure::chain_in_line;
use crate::task::failure::code::NO_GRAPH;
use crate::task::returns::GRAPH;

impl Step<'_> {
    /// The graph that the dynamic task at `path` returned; this program has everything that it needs.
    pub(super) fn grown(&self, path: &NodePath, given: &Bytes) -> Result<Graph, End> {
        let fault = |code: &str, said: String| Fault::between(path, self.what(), code, said);
        let json = value::named(given, GRAPH).map_err(|error| fault(code::BINDING, chain_in_line(&error)))?.unwrap_or_default();
        let graph = match value::view(&json) {
            Ok(LiteralView::String(json)) => Graph::from_json(json).map_err(|problems| fault(NO_GRAPH, problems.to_string()))?,
            _ => return Err(fault(NO_GRAPH, "it returned no graph".to_owned())),
        };
        let world = self.walk.world;
        let mut reasons = missing(&graph, &world.mocks);
        reasons.extend(unmet(&graph, || world.coordinator.limits().clone()));
        if reasons.is_empty() { Ok(graph) } else { Err(fault(NO_GRAPH, reasons.join("; "))) }
    }
}
