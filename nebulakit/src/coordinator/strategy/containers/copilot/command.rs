//! The command of a container task with its inputs in the place of their templates, as Flyte puts them there: text, which no shell reads.

use std::collections::BTreeMap;
use std::ffi::OsString;

use nebulakit_types::literal::{LiteralValue, Primitive};
use nebulakit_types::{Error, ErrorKind, Literal, Result};

use super::go;

/// How many bytes one argument of a program may have; Linux takes no more (`MAX_ARG_STRLEN`, 32 pages, with the NUL at its end).
const ARGUMENT: usize = 131_071;

/// `command` with each `{{.inputs.x}}` replaced by the input `x`.
///
/// # Errors
/// With the input's name: when one has no text form. When an argument is one that no program takes.
pub(crate) fn command(command: &[&str], inputs: &BTreeMap<String, Literal>) -> Result<Vec<OsString>> {
    let mut rendered = Vec::with_capacity(command.len());
    for (index, element) in command.iter().enumerate() {
        let argument = render(element, inputs)?;
        let wrong = |what: String| Error::new(ErrorKind::OutOfRange, format!("element {index} of the command, `{element}`, {what}"));
        if argument.contains('\0') {
            return Err(wrong("has a NUL in it, which no program takes".to_owned()));
        }
        if argument.len() > ARGUMENT {
            let length = argument.len();
            return Err(wrong(format!(
                "has {length} bytes, and a program takes {ARGUMENT} in one argument; let it read the input's file instead"
            )));
        }
        rendered.push(OsString::from(argument));
    }
    Ok(rendered)
}

/// One element; what is put in is not looked at again.
fn render(element: &str, inputs: &BTreeMap<String, Literal>) -> Result<String> {
    let mut rendered = String::with_capacity(element.len());
    let mut rest = element;
    while let Some(at) = rest.find("{{") {
        rendered.push_str(&rest[..at]);
        rest = &rest[at..];
        match template(rest) {
            Some((name, length)) => {
                let literal = inputs
                    .get(name)
                    .ok_or_else(|| Error::new(ErrorKind::Missing, format!("`{}` names an input that is not there", &rest[..length])))?;
                rendered.push_str(&text(literal).map_err(|error| error.at_field(name))?);
                rest = &rest[length..];
            }
            None => {
                rendered.push('{');
                rest = &rest[1..];
            }
        }
    }
    rendered.push_str(rest);
    Ok(rendered)
}

/// The input that the template at the beginning of `text` names, and the template's length: `{{.inputs.x}}`, with blanks around it, with `$` for the dot,
/// and in letters of any case.
fn template(text: &str) -> Option<(&str, usize)> {
    let is_blank = |c: char| matches!(c, '\t' | '\n' | '\u{c}' | '\r' | ' ');
    let rest = text.strip_prefix("{{")?.trim_start_matches(is_blank).strip_prefix(['.', '$'])?;
    let (word, rest) = rest.split_at_checked("inputs.".len())?;
    if !word.eq_ignore_ascii_case("inputs.") {
        return None;
    }
    let length = rest.find(|c| c == '}' || is_blank(c))?;
    let (name, rest) = rest.split_at(length);
    let rest = rest.trim_start_matches(is_blank).strip_prefix("}}").filter(|_| !name.is_empty())?;
    Some((name, text.len() - rest.len()))
}

/// A literal as text.
fn text(literal: &Literal) -> Result<String> {
    let what = match &literal.value {
        LiteralValue::Primitive(primitive) => {
            return Ok(match primitive {
                Primitive::Integer(value) => value.to_string(),
                Primitive::Float(value) => go::general(*value),
                Primitive::String(value) => value.clone(),
                Primitive::Boolean(value) => value.to_string(),
                Primitive::Datetime(value) => go::instant(*value)?,
                Primitive::Duration(value) => go::message_of(*value),
            });
        }
        LiteralValue::Blob { uri, .. } | LiteralValue::Schema { uri, .. } => return Ok(uri.clone()),
        LiteralValue::Collection(elements) => {
            let elements = elements.iter().enumerate().map(|(index, element)| text(element).map_err(|error| error.at_index(index)));
            return Ok(format!("[{}]", elements.collect::<Result<Vec<_>>>()?.join(",")));
        }
        LiteralValue::Binary { .. } => "bytes or a struct",
        LiteralValue::None => "none",
        LiteralValue::Error { .. } => "an error",
        LiteralValue::Generic(_) => "a struct",
        LiteralValue::StructuredDataset { .. } => "a table",
        LiteralValue::Union { .. } => "a value of a union",
        LiteralValue::Map(_) => "a map",
        _ => "a value of another kind",
    };
    Err(Error::new(ErrorKind::Unencodable, format!("{what} cannot stand in the command; let the program read the input's file")))
}
