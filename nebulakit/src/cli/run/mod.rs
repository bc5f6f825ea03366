//! `run`: a task or a workflow on this machine, its inputs as typed flags, its outputs as text.
//!
//! Words → [`flags`] → texts and data → [`parse`] → literals → [`recorded`]: the local backend → [`outputs`](crate::cli::outputs).

mod alone;
mod answer;
mod asked;
pub(super) mod backends;
mod containers;
mod detach;
#[cfg(feature = "slurm")]
mod drives;
pub(super) mod flags;
mod inputs;
mod inputs_file;
mod limits;
mod options;
mod parse;
mod places;
mod plan;
mod recorded;
#[cfg(feature = "flyte")]
mod remote;
mod remote_options;
mod subject;

use std::ffi::OsString;
use std::time::Duration;

use nebulakit_types::convert::time::Instant;

pub(super) use self::answer::answer;
#[cfg(feature = "flyte")]
pub(super) use self::answer::literal;
#[cfg(feature = "slurm")]
pub(super) use self::drives::drive;
pub(super) use self::inputs::host;
use self::parse::Parser;
use self::places::Places;
pub(super) use self::places::Stdin;
pub(super) use self::recorded::onward;
pub(super) use self::subject::Subject;
use super::complaint::{Complaint, describing};
use super::setting::Setting;
use super::{usage, workflows};
use crate::process::exit::Exit;
use crate::process::host::Host;
#[cfg(feature = "flyte")]
use crate::task::def::TaskDef;
use crate::task::failure::chain;

/// A span of time as an option: `12h`, `30 days`.
///
/// # Errors
/// When it is not one, or is negative.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let span = parse::duration(text).map_err(|error| error.to_string())?;
    span.try_into().map_err(|_| format!("expected a duration from 0, found `{text}`"))
}

/// Runs the task, the workflow or the launch plan called `name` with the flags in `words`.
pub(super) fn run<'a>(name: &str, words: impl Iterator<Item = &'a OsString>, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let mut words: Vec<_> = words.cloned().collect();
    if backends::is_flyte(&words) {
        words = backends::as_remote(&words);
    }
    let subject = match workflows::instead_of_task(name, setting)? {
        Some(workflow) => Subject::workflow(workflow, setting),
        None => Subject::task(setting.find(name).map_err(|complaint| workflows::neither(name, setting, complaint))?, setting),
    };
    if remote_options::is_asked(&words) {
        #[cfg(feature = "flyte")]
        return remote::run(&subject.elsewhere(), name, &words, setting);
        #[cfg(not(feature = "flyte"))]
        return Err(Complaint::usage("`run --remote` needs the feature `flyte` of nebulakit, which this binary was built without"));
    }
    recorded::run(&subject, name, &words, &[], setting)
}

/// Runs a task with the flags in `words`; inputs that they leave out are as in `inputs`, the bytes of an `inputs.pb`.
#[cfg(feature = "flyte")]
pub(super) fn run_with(task: &'static TaskDef, inputs: &[u8], words: &[OsString], setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let subject = Subject::task(task, setting).given();
    recorded::run(&subject, setting.short_name(task), words, inputs, setting)
}

/// The bytes of the `inputs.pb` that `words` make for the task called `name`, where every document says `document` and every path leads
/// somewhere: nothing is read, and nothing runs.
pub(super) fn rehearse<'a>(
    name: &str,
    words: impl Iterator<Item = &'a OsString>,
    setting: &Setting<'_>,
    document: &str,
) -> Result<Vec<u8>, Complaint> {
    let subject = Subject::task(setting.find(name)?, setting);
    let mut command = describing(|| flags::command(&subject, setting))?;
    let words: Vec<_> = words.cloned().collect();
    let matches = command.try_get_matches_from_mut(&words);
    let matches = matches.map_err(|error| usage::unsaid(&error, &format!("{} run {name}", setting.binary), &words))?;
    let stores = Host::new(setting.environment.clone()).stores;
    let now = Instant::new(0, 0).map_err(|error| Complaint::failed(chain(&error)))?;
    let parser = Parser { now, dialect: setting.dialect(), places: &Places::told(document, &stores) };
    inputs::read(&subject, &matches, &[], &parser)
}
