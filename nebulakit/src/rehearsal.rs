//! What a command line says, without doing it: nothing is read, nothing runs. The fuzz targets try any words at all on it. And the files of a container
//! task without its container.

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

/// The files of a container task, which an engine would show to its program.
#[cfg(feature = "container")]
pub mod copilot {
    use std::ffi::OsString;
    use std::path::Path;

    use nebulakit_types::storage::Storage;
    use nebulakit_types::workspace::Workspace;
    use nebulakit_types::{Literal, LiteralType, Result};

    use crate::coordinator::copilot::{self, Collected};
    use crate::task::container::DataFormat;

    /// Writes the inputs of an `inputs.pb` with these bytes into the folder `host`.
    ///
    /// # Errors
    /// With the input's name: when one cannot be a file, or its data cannot be fetched.
    pub async fn lay_out(inputs: &[u8], host: &Path, inside: &str, format: DataFormat, storage: &Storage) -> Result<()> {
        let mut literals = Literal::decode_map(inputs)?;
        copilot::fetch(&mut literals, storage).await?;
        copilot::lay_out(literals, host, inside, format, storage).await
    }

    /// The bytes of an `outputs.pb` with one output, and the names of surplus files; or what the program says of its failure.
    ///
    /// # Errors
    /// With the output's name: when its file is not what the type says.
    pub async fn collect(
        name: &'static str,
        literal_type: LiteralType,
        host: &Path,
        workspace: &Workspace,
    ) -> Result<Result<(Vec<u8>, Vec<String>), String>> {
        Ok(match copilot::collect(vec![(name, literal_type)], host, "/var/outputs", workspace).await? {
            Collected::Outputs(outputs, surplus) => Ok((outputs, surplus)),
            Collected::Failed(said) => Err(said),
        })
    }

    /// `command` with the inputs of an `inputs.pb` with these bytes in it.
    ///
    /// # Errors
    /// When one has no text form.
    pub fn command(command: &[&str], inputs: &[u8]) -> Result<Vec<OsString>> {
        copilot::command(command, &Literal::decode_map(inputs)?)
    }
}
