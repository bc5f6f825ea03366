//! `list`: every task, workflow and launch plan on one line, under its module.

use std::fmt::Write as _;

use nebulakit_types::{Dialect, LiteralType, visible};
use serde_json::{Value, json};

use super::output::is_terminal;
use super::setting::Setting;
use super::signature::{default_json, first_line, signature, signature_of};
use super::unlinked;
use super::workflows::what;
use crate::services::env;
use crate::task::def::TaskDef;
use crate::task::panic::told;
use crate::task::param::AnyParam;
use crate::workflow::{WorkflowDef, workflows};

/// The widest signature that the docs of the others wait for.
const WIDEST: usize = 72;

/// A task, a workflow or a launch plan on its line.
struct Row {
    module: &'static str,
    signature: String,
    doc: String,
}

/// The tasks, workflows and launch plans, for people or as JSON; fit for a terminal where it goes to one.
pub(super) fn list(setting: &Setting<'_>, json: bool) -> String {
    let mut tasks: Vec<_> = setting.registry.iter().collect();
    tasks.sort_by_key(|task| (module_of(task.name), task.name));
    let workflows = workflows();
    if json {
        let tasks = tasks.iter().map(|task| described(task, setting));
        let all = tasks.chain(workflows.iter().map(|workflow| described_workflow(workflow, setting.dialect())));
        let text = format!("{:#}\n", all.collect::<Value>());
        return if is_terminal() { visible::lines(&text).into_owned() } else { text };
    }
    if tasks.is_empty() {
        return format!("this binary has no tasks\n\nhint: {}\n", unlinked::hint(setting.environment, setting.registry));
    }
    let is_dim = is_terminal() && setting.environment.non_empty(env::NO_COLOR).is_none();
    let of_tasks = tasks.iter().map(|task| (task.name, line(task, &tasks, setting)));
    let of_workflows = workflows.iter().map(|workflow| (workflow.name(), workflow_line(workflow, setting.dialect())));
    let rows = of_tasks.chain(of_workflows).map(|(name, (signature, doc))| Row {
        module: module_of(name),
        signature: shown(&signature),
        doc: shown(&doc),
    });
    let mut rows: Vec<_> = rows.collect();
    // The tasks of a module before its workflows.
    rows.sort_by_key(|row| row.module);
    let width = rows.iter().map(|row| row.signature.chars().count()).filter(|width| *width <= WIDEST).max().unwrap_or_default();
    let mut text = String::new();
    let mut module = "";
    for Row { module: own, signature, doc } in &rows {
        if *own != module {
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}{}", shown(own));
            module = own;
        }
        if doc.is_empty() {
            let _ = writeln!(text, "  {signature}");
        } else {
            let doc = if is_dim { format!("\x1b[2m{doc}\x1b[0m") } else { doc.clone() };
            let _ = writeln!(text, "  {signature:width$}  {doc}");
        }
    }
    text
}

/// A part of a line as it goes out: names and docs are the authors', and may hold anything.
fn shown(text: &str) -> String {
    if is_terminal() { visible::line(text).into_owned() } else { text.to_owned() }
}

/// The signature, and what is said of the task.
fn line(task: &'static TaskDef, tasks: &[&'static TaskDef], setting: &Setting<'_>) -> (String, String) {
    let name = task.name.rsplit('.').next().unwrap_or_default();
    let mut doc = first_line(task.doc).to_owned();
    if let Some(reason) = task.options.deprecated {
        doc = format!("deprecated: {reason}");
    }
    if tasks.iter().filter(|other| other.name == task.name).count() > 1 {
        doc = format!("defined more than once, here at {}:{}", task.file, task.line);
    }
    if let Some(reason) = task.undescribable(setting.dialect()) {
        return (format!("{name}(..)"), format!("its types cannot be described: {reason}"));
    }
    (format!("{name}{}", signature(task, setting.dialect())), doc)
}

fn module_of(name: &'static str) -> &'static str {
    name.rsplit_once('.').map_or("", |(module, _)| module)
}

/// What the workflow is, its signature, and what is said of it.
fn workflow_line(workflow: &'static WorkflowDef, dialect: &'static Dialect) -> (String, String) {
    let name = workflow.name().rsplit('.').next().unwrap_or_default();
    let what = what(workflow);
    match told(|| signature_of(workflow.params, &workflow.output_types(dialect), dialect)) {
        Ok(signature) => (format!("{what} {name}{signature}"), first_line(workflow.doc()).to_owned()),
        Err(panic) => (format!("{what} {name}(..)"), format!("its types cannot be described: {panic}")),
    }
}

fn described_workflow(workflow: &'static WorkflowDef, dialect: &'static Dialect) -> Value {
    let kind = if workflow.is_launch_plan() { "launch_plan" } else { "workflow" };
    let (name, doc) = (workflow.name(), workflow.doc());
    let described = told(|| {
        let outputs = workflow.output_types(dialect);
        json!({
            "name": name,
            "kind": kind,
            "signature": format!("{name}{}", signature_of(workflow.params, &outputs, dialect)),
            "doc": doc,
            "inputs": workflow.params.iter().map(|param| described_input(*param, dialect)).collect::<Vec<_>>(),
            "outputs": described_outputs(&outputs),
        })
    });
    described.unwrap_or_else(|panic| json!({ "name": name, "kind": kind, "doc": doc, "error": panic.to_string() }))
}

fn described_input(param: &dyn AnyParam, dialect: &'static Dialect) -> Value {
    json!({
        "name": param.name(),
        "type": param.literal_type(dialect).to_string(),
        "doc": param.doc(),
        "required": !param.is_optional(),
        "default": default_json(param, dialect),
    })
}

fn described_outputs(outputs: &[(&str, LiteralType)]) -> Value {
    outputs.iter().map(|(name, literal_type)| json!({ "name": name, "type": literal_type.to_string() })).collect()
}

fn described(task: &'static TaskDef, setting: &Setting<'_>) -> Value {
    let dialect = setting.dialect();
    if let Some(reason) = task.undescribable(dialect) {
        return json!({ "name": task.name, "kind": "task", "short_name": setting.short_name(task), "doc": task.doc, "error": reason });
    }
    json!({
        "name": task.name,
        "kind": "task",
        "short_name": setting.short_name(task),
        "signature": format!("{}{}", task.name, signature(task, dialect)),
        "doc": task.doc,
        "deprecated": task.options.deprecated,
        "inputs": task.params.iter().map(|param| described_input(*param, dialect)).collect::<Vec<_>>(),
        "outputs": described_outputs(&task.output_types(dialect)),
    })
}
