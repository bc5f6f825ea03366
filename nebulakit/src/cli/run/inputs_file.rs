//! `--inputs-file`: inputs by name, as JSON or YAML.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use nebulakit_types::Untyped;

use crate::cli::Complaint;
use crate::cli::data::{from_json, from_yaml};
use crate::cli::usage::listed;
use crate::task::TaskDef;

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

    /// By how the text begins: what has a brace or a bracket is JSON.
    pub(super) fn of_text(text: &str) -> Self {
        if text.trim_start().starts_with(['{', '[']) { Self::Json } else { Self::Yaml }
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
/// When it cannot be read, is neither JSON nor YAML, holds no names, or names that are no inputs of `task`.
pub(super) fn read(name: &str, task: &TaskDef) -> Result<Vec<(String, Untyped)>, Complaint> {
    let shown = if name == "-" { "standard input".to_owned() } else { format!("`{name}`") };
    let text = if name == "-" {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(name)
    };
    let text = text.map_err(|error| Complaint::usage(format!("cannot read the inputs from {shown}: {error}")))?;
    let notation = Notation::of_name(name).unwrap_or_else(|| Notation::of_text(&text));
    let wrong = |what: &str| Complaint::usage(format!("the inputs in {shown}: {what}"));
    let entries = match notation.read(&text).map_err(|error| wrong(&error))? {
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
    let known: Vec<_> = task.params.iter().map(|param| param.name()).collect();
    let unknown: Vec<_> = inputs.iter().map(|(name, _)| name.as_str()).filter(|name| !known.contains(name)).collect();
    if unknown.is_empty() {
        return Ok(inputs);
    }
    let has = if known.is_empty() { "has none".to_owned() } else { format!("has {}", listed(&known)) };
    Err(wrong(&format!("the task `{}` has no input {}; it {has}", task.name, listed(&unknown))))
}
