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

/// How many comparisons of types a look at a signal or a workflow takes as long as.
const COST: u64 = 10;

/// What a workflow waits for and runs.
#[derive(Default)]
struct Waits<'g> {
    gates: Vec<Wait<'g>>,
    /// The workflows in the same execution.
    inner: Vec<&'g str>,
    /// The launch plans, whose executions are their own.
    launches: Vec<&'g str>,
}

/// A signal that a node waits for.
#[derive(Clone, Copy)]
struct Wait<'g> {
    signal: &'g str,
    literal_type: &'g LiteralType,
    node: &'g Node,
}

/// Judges the signals of the execution of the graph, and of those that its launch plans start.
pub(super) fn signals(checks: &mut Checks<'_>) {
    let graph = checks.entities.graph;
    let consent = LiteralType::simple(SimpleType::Boolean);
    let all = std::iter::once(graph).chain(graph.workflows.values());
    let waits: HashMap<&str, Waits<'_>> = all.map(|of| (&*of.name, Waits::of(graph, of, &consent))).collect();
    for wait in waits.values().flat_map(|waits| &waits.gates).filter(|wait| wait.signal.is_empty()) {
        let message = format!("{} waits for a signal without a name", Named(wait.node));
        checks.report(Problem::new(ProblemKind::Gate, message).at(wait.node.at.clone()));
    }
    let (mut told, mut started, mut left) = (HashSet::new(), HashSet::from([&*graph.name]), vec![&*graph.name]);
    while let Some(start) = left.pop() {
        let launches = execution(checks, &waits, start, &mut told);
        left.extend(launches.into_iter().filter(|launched| started.insert(launched)));
    }
}

/// Judges one execution; gives the launch plans in it.
fn execution<'g>(checks: &mut Checks<'_>, waits: &HashMap<&'g str, Waits<'g>>, start: &'g str, told: &mut HashSet<usize>) -> Vec<&'g str> {
    let (mut launches, mut seen, mut left) = (Vec::new(), HashSet::from([start]), vec![start]);
    let mut first: HashMap<&str, Wait<'g>> = HashMap::new();
    while let Some(of) = left.pop().and_then(|name| waits.get(name)) {
        if !checks.spend(COST * (1 + of.gates.len() + of.inner.len() + of.launches.len()) as u64) {
            return Vec::new();
        }
        launches.extend(&of.launches);
        left.extend(of.inner.iter().filter(|inner| seen.insert(inner)));
        for wait in &of.gates {
            let known = first.entry(wait.signal).or_insert(*wait);
            if known.literal_type != wait.literal_type && told.insert(std::ptr::from_ref(wait.node).addr()) {
                checks.report(two_types(known, wait));
            }
        }
    }
    launches
}

fn two_types(known: &Wait<'_>, found: &Wait<'_>) -> Problem {
    let message = format!(
        "the signal `{}` of {} is `{}`, and of {} it is `{}`",
        short(found.signal),
        Named(found.node),
        type_text(found.literal_type),
        Named(known.node),
        type_text(known.literal_type)
    );
    let problem = Problem::new(ProblemKind::Gate, message).at(found.node.at.clone());
    let problem = problem.end(format!("{} is made here", Named(known.node)), known.node.at.clone());
    problem.hint("signals of one name in one execution are one signal: give them different names")
}

impl<'g> Waits<'g> {
    fn of(graph: &'g Graph, of: &'g Graph, consent: &'g LiteralType) -> Self {
        let mut waits = Self::default();
        for (_, node) in nodes(of) {
            match &node.kind {
                Kind::Approve(gate) => waits.gates.push(Wait { signal: &gate.signal, literal_type: consent, node }),
                Kind::Wait(gate) => waits.gates.push(Wait { signal: &gate.signal, literal_type: &gate.literal_type, node }),
                Kind::LaunchPlan(name) => waits.launches.extend(workflow(graph, name).map(|found| &*found.name)),
                Kind::Workflow(name) => waits.inner.extend(workflow(graph, name).map(|found| &*found.name)),
                Kind::Map(map) => {
                    if let Mapped::Workflow(name) = &map.of {
                        waits.inner.extend(workflow(graph, name).map(|found| &*found.name));
                    }
                }
                _ => {}
            }
        }
        waits
    }
}
