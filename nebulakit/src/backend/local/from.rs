//! Checks that a node that is to run again exists.

use std::collections::BTreeSet;

use strsim::jaro_winkler;

use super::former::Former;
use crate::graph::{Graph, Kind, Mapped};
use crate::run::{NodePath, RecordError, RecordErrorKind};

/// How similar a name must be to be suggested.
const ALIKE: f64 = 0.7;

/// Looks whether the run can go on from the node `from`.
///
/// # Errors
/// When it is not of `graph`, nor one that a dynamic task of the former run gave.
pub(super) fn known(from: &NodePath, graph: &Graph, former: &Former) -> Result<(), RecordError> {
    let own = graph.body.nodes.iter().map(|node| node.id.as_str());
    let known: BTreeSet<&str> = own.chain(former.nodes().map(NodePath::as_str)).collect();
    if known.contains(from.as_str()) || is_in(graph, graph, from) {
        return Ok(());
    }
    let like = |name: &&str| jaro_winkler(name, from);
    let nearest = known.iter().copied().max_by(|one, other| like(one).total_cmp(&like(other))).filter(|name| like(name) > ALIKE);
    let hint = match nearest {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => format!("; it has {}", known.iter().take(10).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    };
    Err(RecordError::new(RecordErrorKind::NotFound, format!("`{}` has no node `{from}`{hint}", graph.name)))
}

/// Whether `workflow`, one of those in `graph`, has a node with that path.
fn is_in(graph: &Graph, workflow: &Graph, path: &str) -> bool {
    let (first, rest) = match path.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let (id, element) = match first.strip_suffix(']').and_then(|first| first.split_once('[')) {
        Some((id, index)) => (id, Some(index)),
        None => (first, None),
    };
    let Some(node) = workflow.body.find(id).or_else(|| workflow.on_failure.as_deref().filter(|node| node.id == id)) else { return false };
    let runs = match (&node.kind, element) {
        (Kind::Workflow(name) | Kind::LaunchPlan(name), None) => Some(name),
        (Kind::Map(map), Some(index)) if index.parse::<usize>().is_ok() => match &map.of {
            Mapped::Workflow(name) => Some(name),
            Mapped::Task(_) => None,
        },
        (_, None) => None,
        (_, Some(_)) => return false,
    };
    match (rest, runs.and_then(|name| graph.workflows.get(name))) {
        (None, _) => true,
        (Some(rest), Some(workflow)) => is_in(graph, workflow, rest),
        (Some(_), None) => false,
    }
}
