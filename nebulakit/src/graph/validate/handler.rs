//! What runs when a workflow failed: one node that sees inputs, constants and the error, as `err`.

use std::collections::HashMap;

use super::bindings::takes_error;
use super::checks::{Checks, Workflow};
use super::nodes::node;
use super::words::{Named, short};
use crate::graph::binding::Binding;
use crate::graph::node::{Kind, Node};
use crate::graph::problem::{Problem, ProblemKind};

/// The only name by which a platform gives a handler the error.
const ERROR: &str = "err";

/// Judges the handler of a workflow, if it has one.
pub(super) fn handler<'g>(checks: &mut Checks<'g>, workflow: &mut Workflow<'g>) {
    let Some(handler) = workflow.graph.on_failure.as_deref() else { return };
    let problem = |message: String| Problem::new(ProblemKind::Failure, message).at(handler.at.clone());
    workflow.in_handler = true;
    node(checks, workflow, handler);
    workflow.in_handler = false;
    if matches!(handler.kind, Kind::Branch(_)) {
        let message = format!("what handles failures of `{}` is a condition", short(&workflow.graph.name));
        checks.report(problem(message).hint("make a workflow of it"));
    }
    errors(checks, handler);
}

/// Each input that takes the error is called as the platform calls it, and gets it.
fn errors<'g>(checks: &mut Checks<'g>, handler: &'g Node) {
    let Some(entity) = checks.entities.of(&handler.kind) else { return };
    let given: HashMap<&str, _> = handler.inputs.iter().map(|bound| (&*bound.name, bound)).collect();
    let inputs = entity.inputs().iter().filter(|input| takes_error(&input.literal_type));
    for input in inputs {
        let binding = given.get(&*input.name).copied();
        let at = binding.and_then(|bound| bound.at.as_ref()).or(handler.at.as_ref()).cloned();
        let (message, hint) = if input.name != ERROR {
            let message =
                format!("`{}` of {} takes the error of a failure, and is not called `{ERROR}`", short(&input.name), Named(handler));
            (message, "the platform gives it by that name alone: rename the input")
        } else if binding.is_none() {
            let message = format!("`{ERROR}` of {} is left to its default", Named(handler));
            (message, "write `Failure` for the error, else the handler is not told of it")
        } else if !matches!(binding.map(|bound| &bound.binding), Some(Binding::Failure | Binding::Fault)) {
            let message = format!("`{ERROR}` of {} is given something else than the error", Named(handler));
            (message, "write `Failure` for it")
        } else {
            continue;
        };
        let end = format!("`{}` is here", short(&input.name));
        checks.report(Problem::new(ProblemKind::Failure, message).at(at).end(end, entity.at().cloned()).hint(hint));
    }
}
