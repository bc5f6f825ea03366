//! `--inputs-file`: inputs by name, as JSON or YAML.

use std::collections::HashSet;
use std::path::Path;

use nebulakit_types::Untyped;

use super::options::INPUTS_FILE;
use super::places::{Places, quoted};
use super::subject::Subject;
use crate::cli::complaint::Complaint;
use crate::cli::data::{from_json, from_yaml};
use crate::cli::usage::listed;
use crate::task::failure::chain;

/// How many unknown names an error lists.
const NAMED: usize = 5;

/// What a document is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    Json,
    Yaml,
}

impl Notation {
    /// By the ending of the file's name; [`None`] where that says nothing.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        match Path::new(name).extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            _ => None,
        }
    }

    /// Reads a document whose notation is not known by its name: what begins with a brace or a bracket is JSON, unless only YAML reads it.
    ///
    /// # Errors
    /// Those of [`Notation::read`].
    pub(super) fn read_any(name: &str, text: &str) -> Result<Untyped, String> {
        match Self::of_name(name) {
            Some(notation) => notation.read(text),
            None if text.trim_start().starts_with(['{', '[']) => {
                Self::Json.read(text).or_else(|wrong| Self::Yaml.read(text).map_err(|_| wrong))
            }
            None => Self::Yaml.read(text),
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    /// What is wrong, with line and column.
    pub(super) fn read(self, text: &str) -> Result<Untyped, String> {
        match self {
            Self::Json => from_json(text).map_err(|error| format!("not JSON: {error}")),
            Self::Yaml => from_yaml(text).map_err(|error| format!("not YAML: {error}")),
        }
    }
}

/// The inputs in the file `name`; `-` is standard input.
///
/// # Errors
/// When it cannot be read, is neither JSON nor YAML, holds no names, or names that are not inputs of `subject`.
pub(super) fn read(name: &str, subject: &Subject, places: &Places<'_>) -> Result<Vec<(String, Untyped)>, Complaint> {
    let shown = if name == "-" { "standard input".to_owned() } else { quoted(name) };
    let text = places.text(name).map_err(|error| Complaint::usage(format!("`--{INPUTS_FILE}`: {}", chain(&error))))?;
    let wrong = |what: &str| Complaint::usage(format!("the inputs in {shown}: {what}"));
    let entries = match Notation::read_any(name, &text).map_err(|error| wrong(&error))? {
        Untyped::Map(entries) => entries,
        // A YAML file of comments alone.
        Untyped::Null => Vec::new(),
        _ => return Err(wrong("expected the inputs by name")),
    };
    let mut inputs = Vec::new();
    for (key, value) in entries {
        let Untyped::String(key) = key else { return Err(wrong("expected names as keys")) };
        inputs.push((key, value));
    }
    let known: Vec<_> = subject.params.iter().map(|param| param.name()).collect();
    let taken: HashSet<_> = known.iter().copied().collect();
    let mut unknown = inputs.iter().map(|(name, _)| name.as_str()).filter(|name| !taken.contains(name));
    let named: Vec<_> = unknown.by_ref().take(NAMED).collect();
    let others = match unknown.count() {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    if named.is_empty() {
        return Ok(inputs);
    }
    let has = if known.is_empty() { "has none".to_owned() } else { format!("has {}", listed(&known)) };
    Err(wrong(&format!("the {} `{}` has no input {}{others}; it {has}", subject.what, subject.name, listed(&named))))
}
