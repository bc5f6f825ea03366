//! `run`: a task or a workflow on this machine, its inputs as typed flags, its outputs as text.
//!
//! Words → [`flags`] → texts and data → [`parse`] → literals → the executor, or the local backend → outputs → [`render`](crate::render).

mod bar;
mod containers;
pub(super) mod flags;
#[cfg(feature = "schema")]
mod heads;
mod inputs;
mod inputs_file;
mod options;
mod parse;
mod places;
mod plan;
mod returned;
mod sandbox;
mod subject;
mod workflow;

use std::ffi::OsString;
use std::time::Duration;

use bytes::Bytes;
use nebulakit_types::convert::time::Instant;

use self::containers::Asked;
pub(super) use self::inputs::literal;
use self::parse::Parser;
pub(super) use self::parse::duration;
use self::places::Places;
use self::returned::Answer;
use self::sandbox::Sandbox;
pub(super) use self::subject::Subject;
use super::complaint::{Complaint, complain, describing};
use super::follow::stopping;
use super::output::keep_stdout;
use super::setting::Setting;
use super::{usage, workflows};
use crate::coordinator::SubmitError;
use crate::coordinator::resources::tokens;
use crate::process::execute::Execution;
use crate::process::exit::Exit;
use crate::process::host::Host;
use crate::process::logs;
use crate::process::request::ContainerRequest;
use crate::process::terminal;
use crate::task::def::TaskDef;
use crate::task::failure::chain;

/// A span of time as an option: `12h`, `30 days`.
///
/// # Errors
/// When it is not one, or is negative.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let span = parse::duration(text).map_err(|error| error.to_string())?;
    span.try_into().map_err(|_| format!("`{text}` is negative"))
}

/// Runs the task, the workflow or the launch plan called `name` with the flags in `words`.
pub(super) fn run<'a>(name: &str, words: impl Iterator<Item = &'a OsString>, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let words: Vec<_> = words.cloned().collect();
    match workflows::instead_of_task(name, setting)? {
        Some(found) => workflow::run(found, name, &words, setting),
        None => {
            let task = setting.find(name).map_err(|complaint| workflows::meant(name, setting, complaint))?;
            run_task(task, name, &words, setting)
        }
    }
}

fn run_task(task: &'static TaskDef, name: &str, words: &[OsString], setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let subject = Subject::task(task, setting);
    let mut command = describing(|| flags::command(&subject, setting))?;
    let matches = match command.try_get_matches_from_mut(words) {
        Ok(matches) => matches,
        Err(error) => return usage::answer(&error, &format!("{} run {name}", setting.binary), words),
    };
    if let Some(reason) = task.options.deprecated {
        terminal::write(&format!("warning: the task `{}` is deprecated: {reason}\n", task.name));
    }
    tokens::check(task.options, options::token_limits(&matches))
        .map_err(|refused| Complaint::usage(SubmitError::from(refused).to_string()))?;
    let is_json = matches.get_flag(options::JSON);
    let asked = Asked::of(task, &matches)?;
    let host = inputs::host(setting)?;
    let sandbox = sandbox(&host)?;
    let inputs = inputs::inputs(&subject, &matches, &[], sandbox.folder().join(sandbox::INPUTS), &host.stores, setting);
    let inputs = inputs.inspect_err(|_| sandbox.remove())?;
    execute(task, inputs.into(), setting, host, sandbox, Wanted { is_json, container: asked })
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

/// The folder of the run of a task.
fn sandbox(host: &Host) -> Result<Sandbox, Complaint> {
    let settings = host.config.get_or_environment();
    let parent = settings.sdk.local_sandbox.clone().unwrap_or_else(|| host.environment.temporary_folder());
    Sandbox::in_folder(&parent)
}

/// How the run is wanted.
struct Wanted {
    is_json: bool,
    /// What is asked of the container that it is run in, if it is.
    container: Option<Asked>,
}

fn execute(
    task: &'static TaskDef,
    inputs: Bytes,
    setting: &Setting<'_>,
    host: Host,
    sandbox: Sandbox,
    wanted: Wanted,
) -> Result<Exit, Complaint> {
    let Wanted { is_json, container } = wanted;
    logs::install(&host.environment, setting.platform);
    host.serve_all();
    sandbox.make()?;
    if is_json {
        keep_stdout();
    }
    let request = ContainerRequest {
        task: task.name.to_owned(),
        inputs: String::new(),
        output_prefix: sandbox.place(sandbox::OUTPUTS),
        raw_output_prefix: Some(sandbox.place(sandbox::RAW)),
        checkpoint: Some(sandbox.place(sandbox::CHECKPOINT)),
        previous_checkpoint: None,
        map: None,
        is_supervised: false,
        is_test: false,
    };
    let answer = Answer { task, sandbox, is_json, platform: setting.platform, stores: host.stores.clone() };
    let execution = Execution::new(request, host, setting.platform, bar::telling(), true);
    let (leave, answer_at_once) = (setting.leave, answer.clone());
    // A task that did not stop in time must not hold the process.
    let give_up = move |ending| leave(answer_at_once.give(ending).unwrap_or_else(|complaint| complain(&complaint)));
    answer.give(match container {
        Some(asked) => execution.run_by(task, stopping, give_up, |context| asked.run(task, inputs, context)),
        None => execution.run_here(task, &inputs, stopping, give_up),
    })
}
