//! The workflows and launch plans of this binary, by name.

use std::collections::BTreeSet;

use nebulakit_types::storage::shown;
use nebulakit_types::visible;

use super::complaint::Complaint;
use super::setting::Setting;
use crate::task::registry;
use crate::workflow::{WorkflowDef, workflows};

/// How many names are listed where one is unknown.
const LISTED: usize = 30;

/// What a workflow is, in a word or two.
pub(super) fn what(workflow: &WorkflowDef) -> &'static str {
    if workflow.is_launch_plan() { "launch plan" } else { "workflow" }
}

/// Those that are called `name`: by their full name, or where none is by the last segments of it. Dots and `::` both separate.
fn named(name: &str) -> Vec<&'static WorkflowDef> {
    let wanted = name.trim().replace("::", ".");
    let all = workflows();
    let exact: Vec<_> = all.iter().copied().filter(|workflow| workflow.name() == wanted).collect();
    if !exact.is_empty() {
        return exact;
    }
    let ending = format!(".{wanted}");
    all.into_iter().filter(|workflow| workflow.name().ends_with(&ending)).collect()
}

/// The one workflow that is called `name`.
pub(super) fn find(name: &str, setting: &Setting<'_>) -> Result<&'static WorkflowDef, Complaint> {
    match named(name).as_slice() {
        [workflow] => Ok(workflow),
        [] => Err(unknown(name, setting)),
        several => Err(doubled(name, several)),
    }
}

/// The one workflow that is called `name`, where no task is.
///
/// # Errors
/// When several workflows are called so.
pub(super) fn instead_of_task(name: &str, setting: &Setting<'_>) -> Result<Option<&'static WorkflowDef>, Complaint> {
    if !setting.registry.find(name).is_err_and(|error| error.is_unknown()) {
        return Ok(None);
    }
    match named(name).as_slice() {
        [] => Ok(None),
        [workflow] => Ok(Some(workflow)),
        several => Err(doubled(name, several)),
    }
}

/// The complaint of a name that is neither a task's nor a workflow's, from that of one that is no task's.
pub(super) fn neither(name: &str, setting: &Setting<'_>, complaint: Complaint) -> Complaint {
    let (tasks, workflows) = (setting.registry.iter().map(|task| task.name), workflows().into_iter().map(WorkflowDef::name));
    let known: BTreeSet<_> = tasks.chain(workflows.clone()).collect();
    if workflows.len() == 0 || !setting.registry.find(name).is_err_and(|error| error.is_unknown()) {
        return complaint;
    }
    let message = format!("no task or workflow is called `{}`\n{}", visible::line(&shown(name)), listed(&known, "tasks and workflows"));
    let meant = registry::nearest(known.into_iter(), name).filter(|nearest| workflows.clone().any(|workflow| workflow == *nearest));
    let complaint = Complaint { message, ..complaint };
    match meant {
        Some(workflow) => complaint.hint(format!("hint: did you mean the workflow `{workflow}`?")),
        None => complaint,
    }
}

/// The workflows and launch plans that `run` finds by their short names.
pub(super) fn runnable(setting: &Setting<'_>) -> impl Iterator<Item = &'static WorkflowDef> {
    let is_found =
        |workflow: &&'static WorkflowDef| instead_of_task(short_name(workflow, setting), setting).is_ok_and(|found| found.is_some());
    workflows().into_iter().filter(is_found)
}

/// The shortest name that means this workflow, and no other one and no task.
pub(super) fn short_name(workflow: &'static WorkflowDef, setting: &Setting<'_>) -> &'static str {
    let starts = workflow.name().rmatch_indices('.').map(|(dot, _)| dot + 1);
    let is_enough =
        |name: &&str| instead_of_task(name, setting).is_ok_and(|found| found.is_some_and(|found| std::ptr::eq(found, workflow)));
    starts.map(|start| &workflow.name()[start..]).find(is_enough).unwrap_or(workflow.name())
}

/// The complaint of a name that several workflows have.
fn doubled(name: &str, several: &[&'static WorkflowDef]) -> Complaint {
    let places = several.iter().map(|workflow| format!("\n  {} at {}:{}", workflow.name(), workflow.file(), workflow.line()));
    let message = format!("{} workflows are called `{}`:{}", several.len(), visible::line(name), places.collect::<String>());
    let hint = if several.iter().all(|workflow| workflow.name() == several[0].name()) {
        "hint: give one of them another name with `#[workflow(name = \"..\")]`"
    } else {
        "hint: use the full name"
    };
    Complaint::usage(message).hint(hint)
}

fn unknown(name: &str, setting: &Setting<'_>) -> Complaint {
    let shown = visible::line(name);
    let known: BTreeSet<_> = workflows().into_iter().map(WorkflowDef::name).collect();
    let complaint = Complaint::usage(format!("no workflow is called `{shown}`\n{}", listed(&known, "workflows")));
    if setting.registry.find(name).is_ok() {
        return complaint.hint(format!("hint: `{shown}` is a task: `{} describe {shown}`", setting.binary));
    }
    match registry::nearest(known.into_iter(), name) {
        Some(nearest) => complaint.hint(format!("hint: did you mean `{nearest}`?")),
        None => complaint,
    }
}

/// What this binary has of `what`.
fn listed(known: &BTreeSet<&str>, what: &str) -> String {
    match known.len() {
        0 => format!("this binary has no {what}"),
        1..=LISTED => format!("this binary has: {}", known.iter().copied().collect::<Vec<_>>().join(", ")),
        more => format!("this binary has {more} {what}; `list` shows them"),
    }
}
