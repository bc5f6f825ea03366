//! A launch plan fixes inputs of one workflow and says when and how it is launched; it does nothing else.

use std::collections::HashSet;

use nebulakit_types::LiteralType;
use nebulakit_types::literal_type::{SimpleType, TypeKind};

use super::checks::Checks;
use super::fits::is_optional;
use super::names;
use super::words::{Named, listed, short, type_text};
use crate::graph::Graph;
use crate::graph::binding::{Binding, Bound};
use crate::graph::launch_plan::LaunchPlan;
use crate::graph::node::{Kind, Node};
use crate::graph::problem::{Problem, ProblemKind};
use crate::graph::schedule::Schedule;

/// How many labels the platform takes.
const MAX_LABELS: usize = 16;
const CALLS_ONE_WORKFLOW: &str = "a launch plan calls one workflow by `workflow::node(..)`, with constants and its own inputs";

/// Judges a graph that is a launch plan.
pub(super) fn launch_plan<'g>(checks: &mut Checks<'g>, graph: &'g Graph) {
    let Some(plan) = graph.launch_plan.as_deref() else { return };
    let name = short(&graph.name);
    options(checks, graph, plan);
    let problem = |message: String| Problem::new(ProblemKind::LaunchPlan, message).at(graph.at.clone());
    if graph.on_failure.is_some() || graph.keep_going || graph.interruptible.is_some() {
        let message = format!("the launch plan `{name}` says what happens when a node fails, or where nodes run");
        checks.report(problem(message).hint("its workflow says that"));
    }
    let [node] = graph.body.nodes.as_slice() else {
        let message = format!("the launch plan `{name}` has {} nodes", graph.body.nodes.len());
        checks.report(problem(message).hint(CALLS_ONE_WORKFLOW));
        return;
    };
    if !matches!(node.kind, Kind::Workflow(_)) || !node.after.is_empty() || node.overrides.is_some() {
        let message = format!("the launch plan `{name}` does more than call a workflow: {}", Named(node));
        checks.report(problem(message).hint(CALLS_ONE_WORKFLOW));
    }
    let mut given = HashSet::new();
    for bound in &node.inputs {
        input(checks, graph, node, bound, &mut given);
    }
    let left: Vec<&str> = graph.inputs.iter().map(|input| &*input.name).filter(|name| !given.contains(name)).collect();
    if !left.is_empty() {
        let message = format!("the launch plan `{name}` gives {} to nothing", listed(left));
        checks.report(problem(message));
    }
    for output in &graph.body.outputs {
        let is_given_on = match &output.binding {
            Binding::Output { output: of, path, .. } => *of == output.name && path.is_empty(),
            Binding::Fault => true,
            _ => false,
        };
        if !is_given_on {
            let message = format!("the launch plan `{name}` makes its output `{}` itself", short(&output.name));
            checks.report(problem(message).hint("a launch plan gives what its workflow gives, by the same names"));
        }
    }
}

/// An input of the workflow is fixed by a constant, or free under its own name.
fn input<'g>(checks: &mut Checks<'g>, graph: &'g Graph, node: &'g Node, bound: &'g Bound, given: &mut HashSet<&'g str>) {
    let at = bound.at.as_ref().or(node.at.as_ref()).cloned();
    let of = short(&bound.name);
    let (message, hint) = match &bound.binding {
        Binding::Input { name, path } if path.is_empty() => {
            given.insert(name);
            if *name == bound.name {
                return;
            }
            let message = format!("the launch plan `{}` gives its input `{}` to `{of}`", short(&graph.name), short(name));
            (message, format!("a launch plan cannot rename an input: call the parameter `{of}`"))
        }
        binding if is_constant(binding) => return,
        _ => {
            let message = format!("the launch plan `{}` computes what it gives to `{of}`", short(&graph.name));
            (message, "a launch plan gives constants and its own inputs, as they are".to_owned())
        }
    };
    checks.report(Problem::new(ProblemKind::LaunchPlan, message).at(at).hint(hint));
}

/// Bindings are as deep as is allowed, which is told elsewhere; what is deeper is none.
fn is_constant(binding: &Binding) -> bool {
    let mut left = vec![binding];
    while let Some(binding) = left.pop() {
        match binding {
            Binding::Literal(_) | Binding::Fault => {}
            Binding::List(elements) => left.extend(elements),
            Binding::Map(entries) => left.extend(entries.values()),
            _ => return false,
        }
    }
    true
}

fn options<'g>(checks: &mut Checks<'g>, graph: &'g Graph, plan: &'g LaunchPlan) {
    let name = short(&graph.name);
    let mut report = |kind, message: String, hint: &str| {
        let mut problem = Problem::new(kind, message).at(graph.at.clone());
        if !hint.is_empty() {
            problem = problem.hint(hint);
        }
        checks.report(problem);
    };
    if let Some(why) = plan.schedule.as_ref().and_then(Schedule::problem) {
        report(ProblemKind::Schedule, format!("the schedule of `{name}`: {why}"), "");
    }
    if let Some(kickoff) = &plan.kickoff {
        let input = graph.inputs.iter().find(|input| input.name == *kickoff);
        let kickoff = short(kickoff);
        match input {
            None => {
                let message = format!("the kickoff of `{name}` is `{kickoff}`, which is not an input of it");
                report(ProblemKind::Schedule, message, "the input that gets the scheduled time is a parameter of the launch plan");
            }
            Some(input) if !is_datetime(&input.literal_type) => {
                let shown = type_text(&input.literal_type);
                let message = format!("the kickoff of `{name}` is `{kickoff}`, which is `{shown}`, not `datetime`");
                report(ProblemKind::Schedule, message, "the scheduled time is a point in time");
            }
            Some(_) => {}
        }
        match plan.schedule {
            Some(Schedule::Cron(_)) => {}
            Some(Schedule::Every(_)) => {
                let message = format!("the kickoff of `{name}` goes with a fixed rate");
                report(ProblemKind::Schedule, message, "the platform gives the scheduled time only for cron expressions");
            }
            None => report(ProblemKind::Schedule, format!("the kickoff of `{name}` goes with no schedule"), "add `cron = \"..\"`"),
        }
    }
    if plan.schedule.is_some() {
        let needed = graph.inputs.iter().filter(|input| {
            let is_kickoff = plan.kickoff.as_ref() == Some(&input.name);
            !is_kickoff && input.default.is_none() && !is_optional(&input.literal_type)
        });
        let needed: Vec<&str> = needed.map(|input| &*input.name).collect();
        if !needed.is_empty() {
            let message = format!("`{name}` is launched by a schedule, which does not know {}", listed(needed));
            let hint = match plan.schedule {
                Some(Schedule::Every(_)) => "fix the input, or give it a default",
                _ => "fix the input, give it a default, or make it the kickoff",
            };
            report(ProblemKind::Schedule, message, hint);
        }
    }
    if plan.max_parallelism == Some(0) || plan.at_most == Some(0) {
        report(ProblemKind::Limit, format!("`{name}` may run nothing at once"), "a limit of parallelism or of executions is at least 1");
    }
    if plan.labels.len() > MAX_LABELS {
        let message = format!("`{name}` has {} labels", plan.labels.len());
        report(ProblemKind::Limit, message, "the platform takes 16");
    }
    for (key, value) in &plan.labels {
        if let Some(why) = names::label(key, value) {
            report(ProblemKind::Name, format!("`{name}` has the label `{}` = `{}`", short(key), short(value)), why);
        }
    }
    for notification in &plan.notifications {
        if notification.email.is_empty() || notification.on.is_empty() {
            let message = format!("`{name}` has a notification for nobody, or of nothing");
            report(ProblemKind::LaunchPlan, message, "write `notify(email = [\"a@b.c\"], on = [failed])`");
        }
        for address in notification.email.iter().filter(|address| !address.contains('@')) {
            report(ProblemKind::LaunchPlan, format!("`{name}` tells `{}`, which is not an address", short(address)), "");
        }
    }
}

fn is_datetime(literal_type: &LiteralType) -> bool {
    matches!(literal_type.kind, TypeKind::Simple(SimpleType::Datetime))
}
