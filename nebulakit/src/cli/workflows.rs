//! The workflows and launch plans of this binary, by name.

use nebulakit_types::visible;

use super::complaint::Complaint;
use super::setting::Setting;
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

/// The complaint of a name that is neither a task's nor a workflow's; with the workflow that may be meant, where no task may.
pub(super) fn meant(name: &str, setting: &Setting<'_>, complaint: Complaint) -> Complaint {
    match nearest(name).filter(|_| setting.registry.find(name).is_err_and(|error| error.is_far_off())) {
        Some(nearest) => complaint.hint(format!("hint: did you mean the workflow `{nearest}`?")),
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

/// The full name of the workflow that is most like `name`, if one is.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let score = |known: &&str| strsim::jaro_winkler(known, name).max(strsim::jaro_winkler(&last(known), &last(name)));
    let all = workflows().into_iter().map(WorkflowDef::name);
    all.max_by(|left, right| score(left).total_cmp(&score(right))).filter(|known| score(known) > 0.8)
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
    let known: Vec<_> = workflows().iter().map(|workflow| workflow.name()).collect();
    let listed = match known.len() {
        0 => "this binary has no workflows".to_owned(),
        1..=LISTED => format!("this binary has: {}", known.join(", ")),
        more => format!("this binary has {more} workflows; `list` shows them"),
    };
    let complaint = Complaint::usage(format!("no workflow is called `{shown}`\n{listed}"));
    if setting.registry.find(name).is_ok() {
        return complaint.hint(format!("hint: `{shown}` is a task: `{} describe {shown}`", setting.binary));
    }
    match nearest(name) {
        Some(nearest) => complaint.hint(format!("hint: did you mean `{nearest}`?")),
        None => complaint,
    }
}
