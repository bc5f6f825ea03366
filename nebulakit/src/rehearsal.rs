//! What a command line says, without doing it: nothing is read, nothing runs. The fuzz targets try any words at all on it.

use std::ffi::OsString;

use nebulakit_types::{Dialect, LiteralType};

use crate::process::request::ContainerRequest;
use crate::services::env::Environment;
use crate::task::registry::Registry;

/// The verb and the words that say the same as `arguments` in this crate's own order and spelling, and what else the request holds;
/// [`None`] where they ask for help or are not a container's.
///
/// # Errors
/// The message of a wrong command line.
pub fn container(arguments: &[OsString], environment: &Environment) -> Result<Option<(Vec<String>, String)>, String> {
    let Some((verb, words)) = arguments.split_first() else { return Ok(None) };
    let Some(verb) = verb.to_str().filter(|verb| ContainerRequest::is_verb(verb)) else { return Ok(None) };
    let request = ContainerRequest::parse(verb, words, environment).map_err(|error| error.to_string())?;
    Ok(request.map(|request| {
        let verb = if request.map.is_some() { "map-execute" } else { "execute" };
        let words = [verb.to_owned()].into_iter().chain(request.words()).collect();
        (words, format!("{request:?}"))
    }))
}

/// The bytes of the `inputs.pb` that a `run` in `arguments` makes, where every document says `document` and every path leads somewhere;
/// [`None`] for every other command.
///
/// # Errors
/// The message of a wrong command line, or of a wrong value.
#[cfg(feature = "run")]
pub fn run(arguments: &[OsString], environment: &Environment, document: &str) -> Result<Option<Vec<u8>>, String> {
    crate::cli::rehearse(arguments, environment, &crate::task::registry::Registry::linked(), document)
}

/// A literal as the JSON that `run --json` prints.
///
/// # Errors
/// When the bytes are not a literal, or its value has no text.
#[cfg(feature = "run")]
pub fn literal_as_json(literal: &[u8]) -> nebulakit_types::Result<String> {
    crate::cli::literal_as_json(literal)
}

/// The types of the inputs called `name` of the tasks whose full name `is_called` takes; on either platform, whose enums differ.
#[must_use]
pub fn declared(is_called: impl Fn(&str) -> bool, name: &str) -> Vec<LiteralType> {
    let tasks = Registry::linked();
    let params = tasks.iter().filter(|task| is_called(task.name)).flat_map(|task| task.params);
    let named = params.filter(|param| param.name() == name);
    named.flat_map(|param| [&Dialect::FLYTE_1, &Dialect::FLYTE_2].map(|dialect| param.literal_type(dialect))).collect()
}
