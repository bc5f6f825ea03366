//! Signals of an execution: those of a workflow and of all workflows that run within it are one set.

use std::collections::{HashMap, HashSet};

use nebulakit_types::LiteralType;
use nebulakit_types::literal_type::SimpleType;

use super::checks::Checks;
use super::entities::{nodes, workflow};
use super::words::{Named, short, type_text};
use crate::graph::Graph;
use crate::graph::node::{Kind, Mapped, Node};
use crate::graph::problem::{Problem, ProblemKind};

/// Judges the signals of the execution of the graph, and of those that its launch plans start.
pub(super) fn signals(checks: &mut Checks<'_>) {
    let graph = checks.entities.graph;
    let mut told = HashSet::new();
    let mut started: HashSet<&str> = HashSet::new();
    let mut left = vec![graph];
    started.insert(&graph.name);
    while let Some(start) = left.pop() {
        execution(checks, start, &mut told, |next| {
            if started.insert(&next.name) {
                left.push(next);
            }
        });
    }
}

/// One execution; `launches` is told of the launch plans in it.
fn execution<'g>(checks: &mut Checks<'g>, start: &'g Graph, told: &mut HashSet<usize>, mut launches: impl FnMut(&'g Graph)) {
    let graph = checks.entities.graph;
    let mut first: HashMap<&'g str, (LiteralType, &'g Node)> = HashMap::new();
    let mut seen: HashSet<&str> = HashSet::from([&*start.name]);
    let mut left = vec![start];
    while let Some(of) = left.pop() {
        for (_, node) in nodes(of) {
            let (signal, literal_type) = match &node.kind {
                Kind::Approve(gate) => (&*gate.signal, LiteralType::simple(SimpleType::Boolean)),
                Kind::Wait(gate) => (&*gate.signal, gate.literal_type.clone()),
                Kind::LaunchPlan(name) => {
                    workflow(graph, name).into_iter().for_each(&mut launches);
                    continue;
                }
                kind => {
                    if let Some(next) = within(graph, kind)
                        && seen.insert(&next.name)
                    {
                        left.push(next);
                    }
                    continue;
                }
            };
            if signal.is_empty() && told.insert(std::ptr::from_ref(node).addr()) {
                let message = format!("{} waits for a signal without a name", Named(node));
                checks.report(Problem::new(ProblemKind::Gate, message).at(node.at.clone()));
            }
            match first.get(signal) {
                None => {
                    first.insert(signal, (literal_type, node));
                }
                Some((known, other)) if *known != literal_type && told.insert(std::ptr::from_ref(node).addr()) => {
                    let (known, found) = (type_text(known), type_text(&literal_type));
                    let message =
                        format!("the signal `{}` of {} is `{found}`, and of {} it is `{known}`", short(signal), Named(node), Named(other));
                    let end = format!("{} is made here", Named(other));
                    let hint = "signals of one name in one execution are one signal: give them different names";
                    let problem = Problem::new(ProblemKind::Gate, message).at(node.at.clone()).end(end, other.at.clone());
                    checks.report(problem.hint(hint));
                }
                Some(_) => {}
            }
        }
    }
}

/// The workflow that a node runs within the same execution.
fn within<'g>(graph: &'g Graph, kind: &'g Kind) -> Option<&'g Graph> {
    match kind {
        Kind::Workflow(name) => workflow(graph, name),
        Kind::Map(map) => match &map.of {
            Mapped::Workflow(name) => workflow(graph, name),
            Mapped::Task(_) => None,
        },
        _ => None,
    }
}
