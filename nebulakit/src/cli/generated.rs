//! What Flyte has of this binary that nobody wrote: the console shows such names, and people look for what they are.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::backend::flyte::compile::{Generated, Program, generated};
use crate::graph::Graph;
use crate::task::registry::registry;
use crate::workflow::{WorkflowDef, workflows};

/// What stands in Flyte for what it does not have of a workflow.
pub(super) fn of(graph: &Graph) -> Vec<Generated> {
    let mut found = generated(&Program::of([graph.clone()]));
    found.retain(|generated| generated.workflow == graph.name);
    found
}

/// The same for people, a line each; nothing where there is nothing.
pub(super) fn lines(graph: &Graph) -> String {
    let found = of(graph);
    let width = |part: fn(&Generated) -> &str| found.iter().map(|generated| part(generated).chars().count()).max().unwrap_or_default();
    let (name, node) = (width(|generated| &generated.name), width(|generated| &generated.node));
    let mut text = String::new();
    for generated in &found {
        let _ = writeln!(text, "  {:name$}  {:node$}  {}", generated.name, generated.node, generated.what);
    }
    text
}

/// The same for programs.
pub(super) fn json(found: &[Generated]) -> Value {
    let one = |of: &Generated| {
        let kind = if of.is_workflow { "workflow" } else { "task" };
        json!({ "name": of.name, "kind": kind, "workflow": of.workflow, "node": of.node, "what": of.what })
    };
    found.iter().map(one).collect()
}

/// All that is called `name`: what nobody wrote, by its full name. A task of that kind may be for several nodes.
pub(super) fn named(name: &str) -> Vec<Generated> {
    // No other name has a dash behind the last dot.
    let looks_so = name.rsplit_once('.').is_some_and(|(_, last)| last.contains('-'));
    let written = workflows().into_iter().filter(|workflow| looks_so && workflow.reference().is_none());
    let graphs = written.filter_map(|workflow: &WorkflowDef| workflow.graph().ok());
    let mut found: Vec<_> = graphs.flat_map(|graph| of(&graph)).filter(|generated| generated.name == name).collect();
    found.sort();
    found.dedup();
    if found.is_empty() && looks_so {
        found.extend(made_later(name));
    }
    found
}

/// What a dynamic task made, as far as its name says it: its graph is known to nobody before it runs.
fn made_later(name: &str) -> Option<Generated> {
    let (front, last) = name.rsplit_once('.')?;
    let is_known =
        registry().get(front).is_some_and(|task| task.name() == front) || workflows().iter().any(|workflow| workflow.name() == front);
    let (is_workflow, what) = if last.starts_with("map-") || last.starts_with("try-map-") {
        (false, format!("runs `{front}` for each element"))
    } else if last.starts_with("pass-") {
        (false, "gives on a part of a value, or what an arm of a condition gives that runs nothing".to_owned())
    } else {
        (true, format!("is the arm `{last}` of a condition"))
    };
    is_known.then(|| Generated::new(name, front, is_workflow, what))
}

/// What it is, for people.
pub(super) fn text(found: &[Generated]) -> String {
    let Some(first) = found.first() else { return String::new() };
    let kind = if first.is_workflow { "workflow" } else { "task" };
    let mut text = format!("{} ({kind} that Flyte has in place of what it cannot do itself)\n\nStands for\n", first.name);
    for of in found {
        let graph = workflows().into_iter().find(|workflow| workflow.name() == of.workflow).and_then(|workflow| workflow.graph().ok());
        let at = graph.and_then(|graph| graph.body.find(&of.node)?.at.clone()).map_or_else(String::new, |at| format!("  {at}"));
        let node = if of.node.is_empty() { "what a dynamic task made".to_owned() } else { format!("{} of {}", of.node, of.workflow) };
        let _ = writeln!(text, "  {node}: {}{at}", of.what);
    }
    text
}
