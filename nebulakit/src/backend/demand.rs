//! What the tasks of a graph ask for and never get: known before any of them runs.

use std::collections::BTreeMap;

use crate::coordinator::resources::Limits;
use crate::coordinator::{Resources, SubmitError};
use crate::graph::{self, Graph, Node};
use crate::task::registry::registry;

/// How many of the nodes are named that ask for the same.
const NAMED: usize = 3;

/// Everything that tasks of `graph` ask for beyond the limits, each with its nodes. The limits are not looked at where nothing asks for anything.
pub(super) fn unmet(graph: &Graph, limits: impl FnOnce() -> Limits) -> Vec<String> {
    let demands = demands(graph);
    if demands.is_empty() {
        return Vec::new();
    }
    let limits = limits();
    let mut unmet: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Demand { node, task, asked } in demands {
        let reasons = match asked {
            Ok(asked) => limits.refusals(&asked).into_iter().map(|refused| SubmitError::from(refused).of(&format!("`{task}`"))).collect(),
            Err(said) => vec![said],
        };
        reasons.into_iter().for_each(|reason| unmet.entry(reason).or_default().push(node.clone()));
    }
    unmet.iter().map(|(reason, nodes)| format!("{}: {reason}", named(nodes))).collect()
}

/// The most of each that any node of `graph` asks for: cores, memory in bytes, GPUs.
#[cfg(feature = "slurm")]
pub(super) fn largest(graph: &Graph) -> (Option<f64>, Option<u64>, Option<u32>) {
    let demands: Vec<_> = demands(graph).into_iter().filter_map(|demand| demand.asked.ok()).collect();
    let cores = demands.iter().filter_map(|asked| asked.cores).max_by(f64::total_cmp);
    let memory = demands.iter().filter_map(|asked| asked.memory).max();
    (cores, memory, demands.iter().filter_map(|asked| asked.gpus).max())
}

/// What a node's task asks for.
struct Demand<'g> {
    node: String,
    task: &'g str,
    asked: Result<Resources, String>,
}

/// What is asked for by tasks of `graph` and of the workflows in it, each node once.
fn demands(graph: &Graph) -> Vec<Demand<'_>> {
    let mut demands = Vec::new();
    graph.each_node(&mut |workflow, node| {
        if let Some((task, asked)) = of_node(node) {
            let within = if std::ptr::eq(workflow, graph) { String::new() } else { format!(" of `{}`", workflow.name) };
            demands.push(Demand { node: format!("{}{within}", node.id), task, asked });
        }
    });
    demands
}

/// The node's task and what it asks for, if it asks for anything: what the node says itself counts.
fn of_node(node: &Node) -> Option<(&str, Result<Resources, String>)> {
    let name = node.task()?;
    let own = node.overrides.as_ref().and_then(|overrides| overrides.resources.as_ref()).map(amounts);
    let asked = Resources::of_options(registry().get(name)?.options).and_then(|task| match (own.transpose()?, task) {
        (Some(own), task) => Ok(Some(own.over(task.unwrap_or_default()))),
        (None, task) => Ok(task),
    });
    Some((name, asked.transpose()?))
}

/// The amounts of a node's resources.
///
/// # Errors
/// When one cannot be read.
pub(super) fn amounts(asked: &graph::Resources) -> Result<Resources, String> {
    let (requests, limits) = (&asked.requests, &asked.limits);
    let both = |amount: fn(&graph::Amounts) -> &Option<String>| [requests, limits].map(|amounts| amount(amounts).as_deref());
    Resources::of_amounts(both(|amounts| &amounts.cpu), both(|amounts| &amounts.memory), both(|amounts| &amounts.gpu))
}

fn named(nodes: &[String]) -> String {
    let first = nodes.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match nodes.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
