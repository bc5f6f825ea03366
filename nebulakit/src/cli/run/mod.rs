//! `run`: a task on this machine, its inputs as typed flags, its outputs as text.
//!
//! Words → [`flags`] → texts and data → [`parse`] → literals → the executor → outputs → [`render`](crate::cli::render).

mod bar;
pub(super) mod flags;
mod inputs_file;
mod parse;

use std::ffi::OsString;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use jiff::Timestamp;
use nebulakit_types::convert::reader::{LiteralRef, References};
use nebulakit_types::convert::time::Instant;
use nebulakit_types::convert::writer::Encoder;
use nebulakit_types::outputs::Output;
use nebulakit_types::storage::Storage;
use nebulakit_types::{Error, Untyped};
use uuid::Uuid;

use self::parse::Parser;
use super::commands::{self, Setting};
use super::render::{self, Reader};
use super::{Complaint, complain, data, remark, say, usage};
use crate::config::LazyConfig;
use crate::env;
use crate::execute::{Execution, LocalEnding};
use crate::exit::Exit;
use crate::failure::{Failure, chain, code};
use crate::identity::Identity;
use crate::invocation::Invocation;
use crate::logs;
use crate::meter::Meter;
use crate::reactor::Reactor;
use crate::stop::Stop;
use crate::stores::Stores;
use crate::task::TaskDef;

/// Runs the task called `name` with the flags in `words`.
pub(super) fn run<'a>(name: &str, words: impl Iterator<Item = &'a OsString>, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let task = setting.find(name)?;
    let mut command = commands::describing(|| flags::command(task, setting))?;
    let matches = match command.try_get_matches_from_mut(words) {
        Ok(matches) => matches,
        Err(error) => return usage::answer(&error, &format!("{} run {name}", setting.binary)),
    };
    if let Some(reason) = task.options.deprecated {
        remark(&format!("warning: the task `{}` is deprecated: {reason}\n", task.name));
    }
    let inputs = inputs(task, &matches, setting)?;
    let is_json = matches.get_flag(flags::JSON);
    let platform = setting.platform;
    execute(task, &inputs, setting, move |ending, sandbox| answer(task, ending, sandbox.close(platform.report_name), is_json))
}

/// Shows how the run ended.
fn answer(task: &TaskDef, ending: LocalEnding, report: Option<PathBuf>, is_json: bool) -> Result<Exit, Complaint> {
    if let Some(report) = report {
        remark(&format!("deck: {}\n", report.display()));
    }
    match ending {
        LocalEnding::Returned(outputs) => {
            let text = if is_json { for_machines(&outputs) } else { for_people(&outputs) };
            say(&text.map_err(|error| Complaint::failed(format!("cannot show the outputs: {}", chain(&error))))?)
        }
        LocalEnding::Ignored => {
            remark("the task ended without outputs, as it asked to\n");
            Ok(Exit::Stored)
        }
        LocalEnding::BadInputs(error) => Err(Complaint::usage(chain(&error))),
        LocalEnding::Failed(failure) => Err(failed(failure)),
        LocalEnding::Stopped(signal, failure) => {
            let exit = if signal == "SIGINT" { Exit::Interrupted } else { Exit::Terminated };
            let own = failure.map(|failure| format!("; it ended with: {}", failure.message)).unwrap_or_default();
            Err(Complaint { exit, ..Complaint::failed(format!("the task `{}` was stopped by {signal}{own}", task.name)) })
        }
    }
}

/// The bytes of an `inputs.pb`: what the file gives, and over it what the flags give. Defaults are left to the task.
fn inputs(task: &'static TaskDef, matches: &ArgMatches, setting: &Setting<'_>) -> Result<Vec<u8>, Complaint> {
    let now = Instant::from_epoch(Timestamp::now().as_duration()).map_err(|error| Complaint::failed(chain(&error)))?;
    let parser = Parser { now, dialect: setting.dialect() };
    let flags = flags::given(task, matches);
    let file = match matches.get_one::<String>(flags::INPUTS_FILE) {
        Some(name) => inputs_file::read(name, task)?,
        None => Vec::new(),
    };
    let mut encoder = Encoder::new(setting.dialect());
    let mut missing = Vec::new();
    for param in task.params.iter().rev() {
        let name = param.name();
        let literal_type = param.literal_type(setting.dialect());
        let flag = flags.iter().find(|(given, _)| given.name() == name);
        let literal = match (flag, file.iter().find(|(given, _)| given == name)) {
            (Some((_, text)), _) => parser.text(text, &literal_type),
            (None, Some((_, value))) => parser.value(value, &literal_type),
            (None, None) => {
                if !param.is_optional() {
                    missing.insert(0, format!("`{name}` ({literal_type})"));
                }
                continue;
            }
        };
        let literal = literal.map_err(|error| Complaint::usage(chain(&error.at_field(name))))?;
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

fn execute(
    task: &'static TaskDef,
    inputs: &[u8],
    setting: &Setting<'_>,
    answer: impl FnOnce(LocalEnding, Sandbox) -> Result<Exit, Complaint> + Clone + Send + 'static,
) -> Result<Exit, Complaint> {
    // People read the log here, unless they ask for something else.
    let environment = match setting.environment.get(env::SDK_LOGGING_FORMAT) {
        Some(_) => setting.environment.clone(),
        None => setting.environment.clone().with(env::SDK_LOGGING_FORMAT, "text"),
    };
    logs::install(&environment, setting.platform);
    let config = LazyConfig::new(&environment);
    let sandbox = Sandbox::open(&config.get_or_environment().sdk.local_sandbox.clone().unwrap_or_else(|| environment.temporary_folder()))?;
    let invocation = Invocation {
        task: task.name.to_owned(),
        inputs: String::new(),
        output_prefix: sandbox.place("outputs"),
        raw_output_prefix: Some(sandbox.place("raw")),
        checkpoint: Some(sandbox.place(CHECKPOINT)),
        previous_checkpoint: None,
        map: None,
        is_test: false,
    };
    let identity = Identity::new(&environment);
    let execution = Arc::new(Execution {
        meter: Meter::new(&environment, &config, &identity),
        invocation,
        platform: setting.platform,
        telling: bar::telling(),
        stores: Stores::new(&config, &environment, &identity),
        environment,
        identity,
        config,
        storage: Storage::default(),
        is_local: true,
        reactor: Reactor::default(),
        stop: Stop::default(),
    });
    let (leave, left, answer_at_once) = (setting.leave, sandbox.clone(), answer.clone());
    // A task that did not stop in time must not hold the process.
    let give_up = move |ending| leave(answer_at_once(ending, left).unwrap_or_else(|complaint| complain(&complaint)));
    let ending = execution.run_here(task, inputs, give_up);
    execution.meter.flush();
    answer(ending, sandbox)
}

/// Where a run's checkpoints lie in its folder.
const CHECKPOINT: &str = "checkpoint";

/// The folder of one run. It stays only if the run left something in it that is of use later.
#[derive(Debug, Clone)]
struct Sandbox {
    folder: PathBuf,
    /// The same, as it stands in URLs.
    text: String,
}

impl Sandbox {
    fn open(parent: &Path) -> Result<Self, Complaint> {
        let folder = parent.join(format!("nebulakit-run-{}", Uuid::new_v4().simple()));
        let Some(text) = folder.to_str().map(str::to_owned) else {
            return Err(Complaint::failed(format!("cannot use the folder `{}`, whose path is not UTF-8", parent.display()))
                .hint("set FLYTE_SDK_LOCAL_SANDBOX to another folder"));
        };
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|error| Complaint::failed(format!("cannot make the folder `{}`: {error}", folder.display())))?;
        Ok(Self { folder, text })
    }

    fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.text)
    }

    /// Clears what the run does not need any more, and gives the report if there is one.
    fn close(self, report: &str) -> Option<PathBuf> {
        let report = self.folder.join("outputs").join(report);
        // What cannot be removed is in a folder for temporary files.
        let _ = std::fs::remove_dir_all(self.folder.join(CHECKPOINT));
        let _ = std::fs::remove_dir(&self.folder);
        report.exists().then_some(report)
    }
}

/// The task's own codes are worth telling; those that every failure has are not.
fn failed(failure: Failure) -> Complaint {
    let is_plain = matches!(failure.code.as_str(), code::USER | code::USER_RECOVERABLE | code::SYSTEM);
    Complaint { code: (!is_plain).then_some(failure.code), ..Complaint::failed(failure.message) }
}

fn read(output: &Output, reader: Reader) -> Result<Untyped, Error> {
    render::value(LiteralRef::new(&output.literal, References::none()), reader).map_err(|error| error.at_field(output.name))
}

/// One value plainly, several as `name: value` lines, none as nothing.
fn for_people(outputs: &[Output]) -> Result<String, Error> {
    if let [only] = outputs {
        return Ok(format!("{}\n", render::plain(&read(only, Reader::Person)?)));
    }
    let lines = outputs.iter().map(|output| Ok(format!("{}: {}\n", output.name, render::plain(&read(output, Reader::Person)?))));
    lines.collect()
}

/// One object of all outputs by name, on one line.
fn for_machines(outputs: &[Output]) -> Result<String, Error> {
    let entries = outputs.iter().map(|output| Ok((Untyped::String(output.name.to_owned()), read(output, Reader::Machine)?)));
    let object = Untyped::Map(entries.collect::<Result<_, Error>>()?);
    Ok(format!("{}\n", data::to_json(&object)))
}
