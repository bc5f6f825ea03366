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
pub(super) fn named(name: &str) -> Vec<&'static WorkflowDef> {
    let wanted = name.trim().replace("::", ".");
    let all = workflows();
    let exact: Vec<_> = all.iter().copied().filter(|workflow| workflow.name() == wanted).collect();
    if !exact.is_empty() {
        return exact;
    }
    let ending = format!(".{wanted}");
    all.into_iter().filter(|workflow| workflow.name().ends_with(&ending)).collect()
}

/// The shortest name that means this workflow and no other.
pub(super) fn short_name(workflow: &'static WorkflowDef) -> &'static str {
    let name = workflow.name();
    let starts = name.rmatch_indices('.').map(|(dot, _)| dot + 1);
    let is_enough = |short: &&str| matches!(named(short).as_slice(), [found] if std::ptr::eq(*found, workflow));
    starts.map(|start| &name[start..]).find(is_enough).unwrap_or(name)
}

/// The one workflow that is called `name`.
pub(super) fn find(name: &str, setting: &Setting<'_>) -> Result<&'static WorkflowDef, Complaint> {
    match named(name).as_slice() {
        [workflow] => Ok(workflow),
        [] => Err(unknown(name, setting)),
        several => Err(doubled(name, several)),
    }
}

/// The complaint of a workflow's name where a task's is expected; `otherwise` where no workflow has it.
pub(super) fn not_a_task(name: &str, setting: &Setting<'_>, otherwise: Complaint) -> Complaint {
    let Some(workflow) = named(name).first().copied() else { return otherwise };
    let (shown, what) = (visible::line(name), what(workflow));
    Complaint::usage(format!("`{shown}` is a {what}, and `run` runs tasks"))
        .hint(format!("hint: `{} graph {shown}` shows it", setting.binary))
}

/// The complaint of a name that several workflows have.
pub(super) fn doubled(name: &str, several: &[&'static WorkflowDef]) -> Complaint {
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
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let score = |known: &&&str| strsim::jaro_winkler(known, name).max(strsim::jaro_winkler(&last(known), &last(name)));
    let nearest = known.iter().max_by(|left, right| score(left).total_cmp(&score(right))).filter(|known| score(known) > 0.8);
    match nearest {
        Some(nearest) => complaint.hint(format!("hint: did you mean `{nearest}`?")),
        None => complaint,
    }
}
