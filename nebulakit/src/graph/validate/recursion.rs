//! Workflows that contain themselves, directly or through others: in nodes, maps, launch plans and handlers of failures.

use std::collections::{HashMap, HashSet};

use super::checks::Checks;
use super::entities::{nodes, workflow};
use super::words::{Named, short};
use crate::graph::Graph;
use crate::graph::node::{Kind, Mapped, Node};
use crate::graph::problem::{Problem, ProblemKind};

/// How many workflows of a circle are named.
const MAX_NAMED: usize = 10;

/// Tells each circle once, at the node that closes it.
pub(super) fn recursion<'g>(checks: &mut Checks<'g>) {
    let graph = checks.entities.graph;
    let mut done: HashSet<&str> = HashSet::new();
    for start in std::iter::once(graph).chain(graph.workflows.values()) {
        if done.insert(&start.name) {
            walk(checks, start, &mut done);
        }
    }
}

/// Depth first, without recursion of our own.
fn walk<'g>(checks: &mut Checks<'g>, start: &'g Graph, done: &mut HashSet<&'g str>) {
    let graph = checks.entities.graph;
    let mut path: Vec<(&'g Graph, Vec<(&'g Graph, &'g Node)>)> = vec![(start, inner(graph, start))];
    let mut on_path: HashMap<&'g str, usize> = HashMap::from([(&*start.name, 0)]);
    while let Some((of, left)) = path.last_mut() {
        let of = *of;
        let Some((next, node)) = left.pop() else {
            on_path.remove(&*of.name);
            path.pop();
            continue;
        };
        if let Some(from) = on_path.get(&*next.name) {
            let circle = &path[*from..];
            let mut names: Vec<_> = circle.iter().take(MAX_NAMED).map(|(graph, _)| short(&graph.name)).collect();
            if circle.len() > MAX_NAMED {
                names.push("..".to_owned());
            }
            let message = format!("`{}` contains itself: {} -> {}", short(&next.name), names.join(" -> "), short(&next.name));
            let end = format!("{} is in `{}`", Named(node), short(&of.name));
            let problem = Problem::new(ProblemKind::Recursion, message).at(next.at.clone()).end(end, node.at.clone());
            checks.report(problem);
        } else if done.insert(&next.name) {
            on_path.insert(&next.name, path.len());
            path.push((next, inner(graph, next)));
        }
    }
}

/// The workflows in a workflow, each once, the first one last.
fn inner<'g>(graph: &'g Graph, of: &'g Graph) -> Vec<(&'g Graph, &'g Node)> {
    let mut seen = HashSet::new();
    let found = nodes(of).filter_map(|(_, node)| {
        let name = match &node.kind {
            Kind::Workflow(name) | Kind::LaunchPlan(name) => name,
            Kind::Map(map) => match &map.of {
                Mapped::Workflow(name) => name,
                Mapped::Task(_) => return None,
            },
            _ => return None,
        };
        Some((workflow(graph, name)?, node))
    });
    let mut found: Vec<_> = found.filter(|(inner, _)| seen.insert(&inner.name)).collect();
    found.reverse();
    found
}
