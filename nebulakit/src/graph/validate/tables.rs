//! What a graph says of itself and of what it uses: names, types of defaults, and that every name stands for one thing.

use std::collections::HashSet;

use super::checks::Checks;
use super::entities::Entity;
use super::names;
use super::words::{short, type_text};
use crate::graph::Graph;
use crate::graph::problem::{Problem, ProblemKind};

/// Judges the tables of the outermost graph.
pub(super) fn tables(checks: &mut Checks<'_>) {
    let graph = checks.entities.graph;
    for (name, task) in &graph.tasks {
        entity(checks, "task", name, Entity::Task(task));
    }
    for (name, reference) in &graph.references {
        entity(checks, "reference", name, Entity::Reference(reference));
        let parts =
            [("project", &reference.project), ("domain", &reference.domain), ("name", &reference.name), ("version", &reference.version)];
        for (part, text) in parts {
            let faulty = match part {
                "version" => text.is_empty().then_some("a reference says all of project, domain, name and version"),
                _ => names::entity(text),
            };
            if let Some(why) = faulty {
                let message = format!("the reference `{}` has the {part} `{}`", short(name), short(text));
                checks.report(Problem::new(ProblemKind::Name, message).at(reference.at.clone()).hint(why));
            }
        }
    }
    for (name, inner) in &graph.workflows {
        if *name != inner.name || *name == graph.name {
            let what = if *name == graph.name { "is the graph itself" } else { "is called otherwise" };
            let message = format!("the workflow `{}` of the graph {what}", short(name));
            checks.report(Problem::new(ProblemKind::Duplicate, message).at(inner.at.clone()));
        }
        if !(inner.tasks.is_empty() && inner.references.is_empty() && inner.workflows.is_empty()) {
            let message = format!("the workflow `{}` has tables of its own", short(name));
            let hint = "the outermost graph lists what it and the workflows in it use";
            checks.report(Problem::new(ProblemKind::Other, message).at(inner.at.clone()).hint(hint));
        }
        workflow(checks, inner);
    }
    workflow(checks, graph);
}

fn workflow<'g>(checks: &mut Checks<'g>, graph: &'g Graph) {
    let what = if graph.launch_plan.is_some() { "launch plan" } else { "workflow" };
    entity(checks, what, &graph.name, Entity::Workflow(graph));
}

fn entity<'g>(checks: &mut Checks<'g>, what: &str, name: &str, entity: Entity<'g>) {
    let at = || entity.at().cloned();
    if let Some(why) = names::entity(name) {
        let message = format!("a {what} is called `{}`", short(name));
        checks.report(Problem::new(ProblemKind::Name, message).at(at()).hint(why));
    }
    let inputs = entity.inputs().iter().map(|input| ("input", &*input.name));
    let outputs = entity.outputs().iter().map(|output| ("output", &*output.name));
    let mut seen = HashSet::new();
    for (side, variable) in inputs.chain(outputs) {
        if let Some(why) = names::variable(variable) {
            let message = format!("the {what} `{}` has an {side} called `{}`", short(name), short(variable));
            checks.report(Problem::new(ProblemKind::Name, message).at(at()).hint(why));
        }
        if !seen.insert((side, variable)) {
            let message = format!("the {what} `{}` has two {side}s called `{}`", short(name), short(variable));
            checks.report(Problem::new(ProblemKind::Duplicate, message).at(at()));
        }
    }
    for input in entity.inputs() {
        if let Some(default) = &input.default
            && !checks.constant_fits(default, &input.literal_type)
        {
            let message = format!(
                "the default of `{}` of the {what} `{}` does not fit `{}`",
                short(&input.name),
                short(name),
                type_text(&input.literal_type)
            );
            checks.report(Problem::new(ProblemKind::Type, message).at(at()));
        }
    }
}
