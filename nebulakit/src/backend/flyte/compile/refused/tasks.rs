//! What the platform takes otherwise of tasks.

use super::super::tables::Tables;
use crate::graph::{Home, Place, Problem, ProblemKind, label};
use crate::task::def::TaskDef;
use crate::task::options::TaskOptions;
use crate::task::quantity;

/// Where a task is written.
pub(super) fn place(task: &'static TaskDef) -> Place {
    Place::new(task.file(), task.line())
}

/// The tasks of nodes that this program does not have: nothing is known of them that a registration needs.
pub(super) fn unknown(tables: &Tables<'_>) -> Vec<Problem> {
    let missing = tables.tasks.iter().filter(|(name, _)| tables.definition(name).is_none());
    let problem = |(name, task): (&&str, &&crate::graph::Task)| {
        let message = match task.home {
            Home::Here => format!("this program has no task `{name}`"),
            Home::Container { .. } => format!("this program has no container task `{name}`"),
        };
        let hint = "a graph is registered by the program that it comes from";
        Problem::new(ProblemKind::Unknown, message).at(task.at.clone()).hint(hint)
    };
    missing.map(problem).collect()
}

/// What is wrong with the options of a task.
pub(super) fn task(task: &'static TaskDef) -> Vec<Problem> {
    let name = task.name();
    let of = task.options();
    let mut problems = Vec::new();
    let mut report = |kind, message: String, hint: &str| problems.push(Problem::new(kind, message).at(place(task)).hint(hint));
    for secret in of.secrets.iter().filter(|secret| secret.group.trim().is_empty() || secret.key.trim().is_empty()) {
        let message = format!("`{name}` asks for the secret `{}` of the group `{}`", secret.key, secret.group);
        report(
            ProblemKind::Missing,
            message,
            "a secret has a group and a key: without one of them the platform gives none, and says nothing",
        );
    }
    for (key, value) in of.labels {
        if let Some(why) = label(key, value) {
            report(ProblemKind::Name, format!("`{name}` has the label `{key}` = `{value}`"), why);
        }
    }
    if let (Some(request), Some(limit)) = (of.requests.gpu, of.limits.gpu)
        && quantity::whole(request) != quantity::whole(limit)
    {
        let message = format!("`{name}` asks for {request} GPUs and is limited to {limit}");
        report(ProblemKind::Override, message, "the platform takes the same number for both");
    }
    if task.container().is_some_and(|spec| spec.image.trim().is_empty()) || of.image.is_some_and(|image| image.trim().is_empty()) {
        report(ProblemKind::Missing, format!("`{name}` names an image that is empty"), "write it in full, as in `ghcr.io/me/app:1`");
    }
    problems
}

/// What a task asks for that the platform does not have.
pub(super) fn ignored(task: &'static TaskDef) -> Vec<String> {
    let TaskOptions { tokens, on_oom, requests_with, strategy, accelerator, requests, limits, .. } = task.options();
    let options = [
        ("tokens", !tokens.is_empty()),
        ("on_oom", on_oom.is_some()),
        ("requests_with", requests_with.is_some()),
        ("strategy", strategy.is_some()),
    ];
    let given = options.into_iter().filter(|(_, is_given)| *is_given);
    let unknown = given.map(|(option, _)| format!("`{}`: Flyte has no `{option}`", task.name()));
    let unused = accelerator.filter(|_| requests.gpu.or(limits.gpu).is_none());
    let unused =
        unused.map(|device| format!("`{}`: Flyte looks for the accelerator `{device}` only where a task asks for `gpu` too", task.name()));
    unknown.chain(unused).collect()
}
