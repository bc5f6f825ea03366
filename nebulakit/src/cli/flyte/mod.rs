//! `register` and `package`: the tasks and workflows of this binary, for Flyte.

mod compiled;
mod grammar;
mod register;
mod watched;

use std::fs::File;
use std::path::Path;

use clap::ArgMatches;

use self::compiled::{compiled, options, program, tell_ignored};
pub(super) use self::grammar::commands;
pub(super) use self::watched::watched;
use super::complaint::Complaint;
use super::output::say;
use super::setting::Setting;
use super::word::word;
use crate::backend::flyte::package;
use crate::process::exit::Exit;
use crate::services::config::Config;

/// Does what the words behind `register` or `package` say.
pub(super) fn dispatch(verb: &str, matches: &ArgMatches, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let config = Config::load(setting.environment, Path::new("")).map_err(|error| Complaint::failed(error.to_string()))?;
    match verb {
        "register" => register::register(matches, &config, setting),
        _ => {
            let compiled = compiled(&program()?, &options(matches, &config)?)?;
            tell_ignored(&compiled);
            let output = word(matches, "output");
            let written = File::create(output).and_then(|file| package(&compiled.entities, file));
            written.map_err(|error| Complaint::failed(format!("`{output}` cannot be written: {error}")))?;
            say(&format!("{} entities are in {output}\n", compiled.entities.len()))
        }
    }
}
