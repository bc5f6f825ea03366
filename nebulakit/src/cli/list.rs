//! `list`: every task on one line, under its module.

use std::fmt::Write as _;

use nebulakit_types::visible;
use serde_json::{Value, json};

use super::output::is_terminal;
use super::setting::Setting;
use super::signature::{default_json, first_line, signature};
use super::unlinked;
use crate::services::env;
use crate::task::def::TaskDef;

/// The widest signature that the docs of the others wait for.
const WIDEST: usize = 72;

/// The tasks, for people or as JSON; fit for a terminal where it goes to one.
pub(super) fn list(setting: &Setting<'_>, json: bool) -> String {
    let mut tasks: Vec<_> = setting.registry.iter().collect();
    tasks.sort_by_key(|task| (module_of(task), task.name));
    if json {
        let tasks: Vec<_> = tasks.iter().map(|task| described(task, setting)).collect();
        let text = format!("{:#}\n", Value::Array(tasks));
        return if is_terminal() { visible::lines(&text).into_owned() } else { text };
    }
    if tasks.is_empty() {
        return format!("this binary has no tasks\n\nhint: {}\n", unlinked::hint(setting.environment, setting.registry));
    }
    let is_dim = is_terminal() && setting.environment.non_empty(env::NO_COLOR).is_none();
    let lines = tasks.iter().map(|task| line(task, &tasks, setting)).map(|(signature, doc)| (shown(&signature), shown(&doc)));
    let lines: Vec<_> = lines.collect();
    let width = lines.iter().map(|(signature, _)| signature.chars().count()).filter(|width| *width <= WIDEST).max().unwrap_or_default();
    let mut text = String::new();
    let mut module = "";
    for (task, (signature, doc)) in tasks.iter().zip(&lines) {
        let own = module_of(task);
        if own != module {
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

fn module_of(task: &TaskDef) -> &'static str {
    task.name.rsplit_once('.').map_or("", |(module, _)| module)
}

fn described(task: &'static TaskDef, setting: &Setting<'_>) -> Value {
    let dialect = setting.dialect();
    if let Some(reason) = task.undescribable(dialect) {
        return json!({ "name": task.name, "short_name": setting.short_name(task), "doc": task.doc, "error": reason });
    }
    let inputs = task.params.iter().map(|param| {
        json!({
            "name": param.name(),
            "type": param.literal_type(dialect).to_string(),
            "doc": param.doc(),
            "required": !param.is_optional(),
            "default": default_json(*param, dialect),
        })
    });
    let outputs = task.output_types(dialect);
    let outputs = outputs.iter().map(|(name, literal_type)| json!({ "name": name, "type": literal_type.to_string() }));
    json!({
        "name": task.name,
        "short_name": setting.short_name(task),
        "signature": format!("{}{}", task.name, signature(task, dialect)),
        "doc": task.doc,
        "deprecated": task.options.deprecated,
        "inputs": inputs.collect::<Vec<_>>(),
        "outputs": outputs.collect::<Vec<_>>(),
    })
}
