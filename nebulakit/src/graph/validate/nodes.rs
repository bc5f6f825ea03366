//! A node: what it runs, what feeds it, what it waits for, what it overrides.

use std::collections::HashSet;

use super::bindings::{bound, missing, twice};
use super::checks::{Checks, Workflow};
use super::given::visible;
use super::maps::map;
use super::overrides::overrides;
use super::words::{Named, Target, listed, short};
use crate::graph::node::{GATE_OUTPUT, Kind, Mapped, Node};
use crate::graph::problem::{Problem, ProblemKind};

/// Judges a node, but for the arms of a condition.
pub(super) fn node<'g>(checks: &mut Checks<'g>, workflow: &mut Workflow<'g>, node: &'g Node) {
    if checks.is_full() {
        return;
    }
    let entity = checks.entities.of(&node.kind);
    known(checks, node);
    if let Kind::Map(of) = &node.kind {
        map(checks, node, of, entity);
    }
    twice(checks, &node.inputs, |name| Target::Input(node, name));
    for input in &node.inputs {
        let target = Target::Input(node, &input.name);
        let asked = checks.entities.input_type(node, &input.name);
        if asked.is_none() {
            surplus(checks, node, target);
        }
        bound(checks, workflow, input, target, asked.flatten());
    }
    let given: HashSet<&str> = node.inputs.iter().map(|bound| &*bound.name).collect();
    let absent = checks.entities.needed(node).filter(|name| !given.contains(name));
    let problem = missing(&Named(node), node.at.as_ref(), absent);
    problem.into_iter().for_each(|problem| checks.report(problem));
    for id in &node.after {
        visible(checks, workflow, id, &Named(node), node.at.as_ref());
    }
    overrides(checks, node);
}

/// Whether the name of what it runs stands for that.
fn known<'g>(checks: &mut Checks<'g>, node: &'g Node) {
    let graph = checks.entities.graph;
    let is_task = |name: &str| graph.tasks.contains_key(name);
    let is_reference = |name: &str| graph.references.contains_key(name);
    let workflow = |name: &str| super::entities::workflow(graph, name);
    let (name, wanted, is_there) = match &node.kind {
        Kind::Task(name) => (&**name, "task", is_task(name)),
        Kind::Reference(name) => (&**name, "reference", is_reference(name)),
        Kind::Workflow(name) => (&**name, "workflow", workflow(name).is_some_and(|found| found.launch_plan.is_none())),
        Kind::LaunchPlan(name) => (&**name, "launch plan", workflow(name).is_some_and(|found| found.launch_plan.is_some())),
        Kind::Map(map) => match &map.of {
            Mapped::Task(name) => (&**name, "task", is_task(name)),
            Mapped::Workflow(name) => (&**name, "workflow", workflow(name).is_some_and(|found| found.launch_plan.is_none())),
        },
        Kind::Branch(_) | Kind::Approve(_) | Kind::Wait(_) | Kind::Sleep(_) => return,
    };
    if is_there {
        return;
    }
    let is = if is_reference(name) {
        "it is registered elsewhere"
    } else if is_task(name) {
        "it is a task"
    } else {
        match workflow(name) {
            Some(found) if found.launch_plan.is_some() => "it is a launch plan, which becomes an execution of its own",
            Some(_) => "it is a workflow",
            None => "the graph has nothing of that name",
        }
    };
    let message = format!("`{}` runs the {wanted} `{}`, and {is}", short(&node.id), short(name));
    checks.report(Problem::new(ProblemKind::Unknown, message).at(node.at.clone()));
}

fn surplus<'g>(checks: &mut Checks<'g>, node: &'g Node, target: Target<'g>) {
    let names = match &node.kind {
        Kind::Approve(_) => format!("`{GATE_OUTPUT}`"),
        kind => {
            let inputs = checks.entities.of(kind).into_iter().flat_map(|entity| entity.inputs());
            listed(inputs.map(|input| &*input.name))
        }
    };
    let hint = if names.is_empty() { "it takes nothing".to_owned() } else { format!("it takes {names}") };
    let at = checks.entities.of(&node.kind).and_then(|entity| entity.at()).cloned();
    let mut problem = Problem::new(ProblemKind::Surplus, format!("{target} is given, and there is no such input")).at(node.at.clone());
    if at.is_some() {
        problem = problem.end("what it runs is here", at);
    }
    checks.report(problem.hint(hint));
}
