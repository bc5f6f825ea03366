//! What a graph needs but this program does not have.

use crate::graph::{Graph, ReferenceKind};
use crate::task::mock::Mocks;
use crate::task::registry::registry;

/// Everything that prevents `graph` from running in this program with these mocks, each with its name.
pub(super) fn missing(graph: &Graph, mocks: &Mocks) -> Vec<String> {
    let unknown = graph.tasks.keys().filter(|name| registry().get(name).is_none());
    let tasks = unknown.map(|name| format!("this program has no task `{name}`"));
    let references = graph.references.iter().filter_map(|(name, reference)| {
        let stands_in =
            reference.kind == ReferenceKind::Task && registry().get(name).is_some_and(|task| task.has_body || mocks.has(task.name));
        (!stands_in).then(|| {
            let kind = match reference.kind {
                ReferenceKind::Task => "task",
                ReferenceKind::LaunchPlan => "launch plan",
            };
            format!("the {kind} `{name}` is registered elsewhere, as `{}`, and no body of it stands in for it here", reference.name)
        })
    });
    tasks.chain(references).collect()
}
