//! A task on one line: `divide(a: float, b: float = 2.0) -> float`.

use nebulakit_types::convert::reader::{LiteralRef, References};
use nebulakit_types::{Dialect, Error, ErrorKind, LiteralType};
use serde_json::Value;

use crate::render::{self, Reader};
use crate::task::def::TaskDef;
use crate::task::param::AnyParam;

/// What follows the task's name: inputs with types and defaults, and outputs.
pub(super) fn signature(task: &TaskDef, dialect: &'static Dialect) -> String {
    signature_of(task.params, &task.output_types(dialect), dialect)
}

/// The same of inputs and outputs.
pub(super) fn signature_of(params: &[&dyn AnyParam], outputs: &[(&str, LiteralType)], dialect: &'static Dialect) -> String {
    let inputs: Vec<_> = params.iter().map(|param| input(*param, dialect)).collect();
    let outputs = match outputs {
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

/// The same as JSON; null where there is none, or where it is none.
pub(super) fn default_json(param: &dyn AnyParam, dialect: &'static Dialect) -> Value {
    let json = |literal: Vec<u8>| {
        let value = render::value(LiteralRef::new(&literal, References::none()), Reader::Machine)?;
        serde_json::from_str(&render::to_json(&value)).map_err(|error| Error::new(ErrorKind::Corrupt, error.to_string()))
    };
    match param.default_literal(dialect) {
        Some(literal) => literal.and_then(json).unwrap_or_else(|error| unusable(&error).into()),
        None => Value::Null,
    }
}

fn unusable(error: &Error) -> String {
    format!("<{error}>")
}

/// The first line of a doc comment.
pub(super) fn first_line(doc: &str) -> &str {
    doc.trim().lines().next().unwrap_or_default().trim_end()
}
