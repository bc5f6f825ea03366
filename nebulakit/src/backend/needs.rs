//! What a graph needs but this program does not have.

use std::collections::{BTreeMap, BTreeSet};

use super::extent::{DEEPEST, Extent};
use crate::graph::{Graph, ReferenceKind};
use crate::run::GateTakes;
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
            format!("the {kind} `{name}` is registered elsewhere, as `{}`, and has no body to run here", reference.name)
        })
    });
    let deep = (Extent::of(graph).depth > DEEPEST)
        .then(|| format!("workflows and conditions of `{}` are nested more than {DEEPEST} deep", graph.name));
    tasks.chain(references).chain(deep).chain(two_kinds(graph)).collect()
}

/// The signals whose gates take different kinds of answers. On the platform a launch plan is an execution of its own; here its gates are those of the run.
fn two_kinds(graph: &Graph) -> BTreeSet<String> {
    let mut first = BTreeMap::new();
    let clashes = GateTakes::of_each(graph).into_iter().filter_map(|(signal, takes)| {
        let known = first.entry(signal).or_insert_with(|| takes.clone());
        (*known != takes).then(|| {
            format!(
                "a gate of the signal `{signal}` takes {known}, and another one {takes}: a local run shares its signals with its launch plans"
            )
        })
    });
    clashes.collect()
}
