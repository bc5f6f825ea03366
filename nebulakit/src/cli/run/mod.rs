//! `run`: a task on this machine, its inputs as typed flags, its outputs as text.
//!
//! Words → [`flags`] → texts and data → [`parse`] → literals → the executor → outputs → [`render`](crate::cli::render).

mod bar;
mod containers;
pub(super) mod flags;
#[cfg(feature = "schema")]
mod heads;
mod inputs_file;
mod parse;
mod places;
mod returned;
mod sandbox;

use std::collections::HashMap;
use std::ffi::OsString;

use bytes::Bytes;
use clap::ArgMatches;
use jiff::Timestamp;
use nebulakit_types::convert::time::Instant;
use nebulakit_types::convert::writer::Encoder;

use self::containers::Asked;
use self::parse::Parser;
use self::places::Places;
use self::returned::Answer;
use self::sandbox::Sandbox;
use super::complaint::{Complaint, complain, describing};
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
use crate::services::env;
use crate::task::def::TaskDef;
use crate::task::failure::chain;

/// Runs the task called `name` with the flags in `words`.
pub(super) fn run<'a>(name: &str, words: impl Iterator<Item = &'a OsString>, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let task = setting.find(name).map_err(|error| workflows::not_a_task(name, setting, error))?;
    let mut command = describing(|| flags::command(task, setting))?;
    let words: Vec<_> = words.cloned().collect();
    let matches = match command.try_get_matches_from_mut(&words) {
        Ok(matches) => matches,
        Err(error) => return usage::answer(&error, &format!("{} run {name}", setting.binary), &words),
    };
    if let Some(reason) = task.options.deprecated {
        terminal::write(&format!("warning: the task `{}` is deprecated: {reason}\n", task.name));
    }
    tokens::check(task.options, flags::token_limits(&matches))
        .map_err(|refused| Complaint::usage(SubmitError::from(refused).to_string()))?;
    let is_json = matches.get_flag(flags::JSON);
    let asked = Asked::of(task, &matches)?;
    let (host, sandbox) = host(setting)?;
    let now = Instant::from_epoch(Timestamp::now().as_duration()).map_err(|error| Complaint::failed(chain(&error)))?;
    let places = Places::new(sandbox.folder().join(sandbox::INPUTS), &host.stores);
    let inputs = inputs(task, &matches, &Parser { now, dialect: setting.dialect(), places: &places });
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
    let task = setting.find(name)?;
    let mut command = describing(|| flags::command(task, setting))?;
    let words: Vec<_> = words.cloned().collect();
    let matches = command.try_get_matches_from_mut(&words);
    let matches = matches.map_err(|error| usage::unsaid(&error, &format!("{} run {name}", setting.binary), &words))?;
    let stores = Host::new(setting.environment.clone()).stores;
    let now = Instant::new(0, 0).map_err(|error| Complaint::failed(chain(&error)))?;
    let parser = Parser { now, dialect: setting.dialect(), places: &Places::told(document, &stores) };
    inputs(task, &matches, &parser)
}

/// This process, whose log people read here, unless they ask for something else; and the folder of the run.
fn host(setting: &Setting<'_>) -> Result<(Host, Sandbox), Complaint> {
    let environment = match setting.environment.get(env::SDK_LOGGING_FORMAT) {
        Some(_) => setting.environment.clone(),
        None => setting.environment.clone().with(env::SDK_LOGGING_FORMAT, "text"),
    };
    let host = Host::new(environment);
    if let Some(fault) = &host.fault {
        return Err(Complaint::failed(format!("cannot make the stores of `nebulakit::main!`: {}", chain(fault.as_ref()))));
    }
    let settings = host.config.get_or_environment();
    let parent = settings.sdk.local_sandbox.clone().unwrap_or_else(|| host.environment.temporary_folder());
    let sandbox = Sandbox::in_folder(&parent)?;
    Ok((host, sandbox))
}

/// The bytes of an `inputs.pb`: what the file gives, and over it what the flags give. Defaults are left to the task.
fn inputs(task: &'static TaskDef, matches: &ArgMatches, parser: &Parser<'_>) -> Result<Vec<u8>, Complaint> {
    let flags = flags::given(task, matches);
    let file = match matches.get_one::<String>(flags::INPUTS_FILE) {
        Some(name) => inputs_file::read(name, task, parser.places)?,
        None => Vec::new(),
    };
    let file: HashMap<_, _> = file.iter().map(|(name, value)| (name.as_str(), value)).collect();
    let mut encoder = Encoder::new(parser.dialect);
    let mut missing = Vec::new();
    for param in task.params.iter().rev() {
        let name = param.name();
        let literal_type = param.literal_type(parser.dialect);
        let flag = flags.iter().find(|given| given.param.name() == name);
        let literal = match (flag, file.get(name)) {
            (Some(given), _) => parser.texts(&given.texts, &literal_type).map_err(|error| error.at_field(&given.flag)),
            (None, Some(value)) => parser.value(value, &literal_type).map_err(|error| error.at_field(name)),
            (None, None) => {
                if !param.is_optional() {
                    missing.insert(0, format!("`{name}` ({literal_type})"));
                }
                continue;
            }
        };
        let literal = literal.map_err(|error| Complaint::usage(chain(&error)))?;
        let entry = encoder.mark();
        encoder.raw(&literal);
        encoder.close(entry, 2);
        let key = encoder.mark();
        encoder.prepend(name.as_bytes());
        encoder.close(key, 1);
        encoder.close(entry, 1);
    }
    if missing.is_empty() {
        return Ok(encoder.finish());
    }
    Err(Complaint::usage(format!("neither the flags nor the file give {}", missing.join(", "))))
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

/// Says at once that a request to stop has been heard.
fn stopping(signal: &'static str) {
    terminal::write(if signal == "SIGINT" { "stopping (Ctrl-C again ends it now)\n" } else { "stopping (a second signal ends it now)\n" });
}
