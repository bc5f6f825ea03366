//! A task on one line: `divide(a: float, b: float = 2.0) -> float`.

use nebulakit_types::{Dialect, Error};

use super::render;
use crate::task::{AnyParam, TaskDef};

/// What follows the task's name: inputs with types and defaults, and outputs.
pub(super) fn signature(task: &TaskDef, dialect: &'static Dialect) -> String {
    let inputs: Vec<_> = task.params.iter().map(|param| input(*param, dialect)).collect();
    let outputs = task.returns.variables(dialect);
    let outputs = match outputs.as_slice() {
        [] => String::new(),
        [("o0", literal_type)] => format!(" -> {literal_type}"),
        several => {
            let several: Vec<_> = several.iter().map(|(name, literal_type)| format!("{name}: {literal_type}")).collect();
            format!(" -> ({})", several.join(", "))
        }
    };
    format!("({}){outputs}", inputs.join(", "))
}

fn input(param: &dyn AnyParam, dialect: &'static Dialect) -> String {
    let default = default(param, dialect).map(|text| format!(" = {text}")).unwrap_or_default();
    format!("{}: {}{default}", param.name(), param.literal_type(dialect))
}

/// The value of an input that is left out, as text; [`None`] where it has to be given.
pub(super) fn default(param: &dyn AnyParam, dialect: &'static Dialect) -> Option<String> {
    match param.default_literal(dialect) {
        Some(literal) => Some(
            literal.and_then(|literal| render::inline(&literal, &param.literal_type(dialect))).unwrap_or_else(|error| unusable(&error)),
        ),
        None => param.is_optional().then(|| "none".to_owned()),
    }
}

fn unusable(error: &Error) -> String {
    format!("<{error}>")
}

/// The first line of a doc comment.
pub(super) fn first_line(doc: &str) -> &str {
    doc.trim().lines().next().unwrap_or_default().trim_end()
}
