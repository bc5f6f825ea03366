//! What the command line can say, as clap sees it, and the way from its first word to the command.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use nebulakit_types::Dialect;

use super::{Complaint, Leave, completions, describe, list, run, say, usage};
use crate::env::Environment;
use crate::exit::Exit;
use crate::panic::guard;
use crate::platform::Platform;
use crate::registry::Registry;
use crate::task::TaskDef;

/// The shells that completions are made for.
pub(super) const SHELLS: [&str; 3] = ["bash", "fish", "zsh"];

/// What every command works with.
#[derive(Debug)]
pub(super) struct Setting<'a> {
    /// The name of the file that runs.
    pub(super) binary: String,
    pub(super) environment: &'a Environment,
    pub(super) registry: &'a Registry,
    pub(super) platform: &'static Platform,
    pub(super) leave: Leave,
}

impl Setting<'_> {
    pub(super) fn dialect(&self) -> &'static Dialect {
        &self.platform.dialect
    }

    /// The task called `name`.
    pub(super) fn find(&self, name: &str) -> Result<&'static TaskDef, Complaint> {
        let found = self.registry.find(name);
        let task = found.map_err(|error| Complaint::usage(error.message()).hint(format!("hint: {}", error.hint())))?;
        match task.undescribable(self.dialect()) {
            None => Ok(task),
            Some(reason) => Err(Complaint::failed(format!("cannot describe the types of the task `{}`: {reason}", task.name))),
        }
    }

    /// The shortest name that means this task and no other.
    pub(super) fn short_name(&self, task: &'static TaskDef) -> &'static str {
        let starts = task.name.rmatch_indices('.').map(|(dot, _)| dot + 1);
        let is_enough = |name: &&str| self.registry.find(name).is_ok_and(|found| std::ptr::eq(found, task));
        starts.map(|start| &task.name[start..]).find(is_enough).unwrap_or(task.name)
    }
}

/// Runs the command that `arguments` name.
pub(super) fn dispatch(arguments: &[OsString], environment: &Environment, registry: &Registry, leave: Leave) -> Result<Exit, Complaint> {
    let setting = Setting { binary: binary(), environment, registry, platform: Platform::detect(environment), leave };
    let matches = match commands(&setting).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => return usage::answer(&error, &setting.binary),
    };
    match matches.subcommand() {
        Some(("list", matches)) => say(&describing(|| list::list(&setting, matches.get_flag("json")))?),
        Some(("describe", matches)) => {
            let task = setting.find(word(matches, "task"))?;
            let json = matches.get_flag("json");
            say(&describing(|| if json { describe::json(task, &setting) } else { Ok(describe::text(task, &setting)) })??)
        }
        Some(("run", matches)) => match matches.subcommand() {
            Some((name, rest)) => run::run(name, rest.get_many::<OsString>("").unwrap_or_default(), &setting),
            None => Err(Complaint::usage("no task is named").hint(format!("hint: `{} list` shows what there is to run", setting.binary))),
        },
        Some(("completions", matches)) => say(&describing(|| completions::script(word(matches, "shell"), &setting))?),
        // Clap has refused everything else.
        _ => Ok(Exit::Usage),
    }
}

/// Describes tasks by their own code: their defaults may panic, which is told in the description and not beside it.
pub(super) fn describing<T>(describe: impl FnOnce() -> T) -> Result<T, Complaint> {
    guard(describe).map_err(|failure| Complaint::failed(failure.message))
}

fn word<'a>(matches: &'a ArgMatches, id: &str) -> &'a str {
    matches.get_one::<String>(id).map(String::as_str).unwrap_or_default()
}

/// The whole command line, up to the tasks' own flags.
pub(super) fn commands(setting: &Setting<'_>) -> Command {
    let json = || Arg::new("json").long("json").action(ArgAction::SetTrue);
    let name = || Arg::new("task").value_name("TASK").required(true).help("the task's name; its last segments are enough");
    Command::new(setting.binary.clone())
        .no_binary_name(true)
        .version(concat!("(nebulakit ", env!("CARGO_PKG_VERSION"), ")"))
        .about("runs the tasks of this binary")
        .after_help("Containers are started with `execute` and `map-execute`, which the platform calls")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(help_flag())
        .arg(Arg::new("version").short('V').long("version").action(ArgAction::Version).help("show the version of nebulakit"))
        .subcommand(command("list", "lists the tasks with their signatures").arg(json().help("as a JSON array, for machines")))
        .subcommand(
            command("describe", "tells all about a task: its inputs, outputs and options")
                .arg(name())
                .arg(json().help("as JSON: name, doc, interface and template, messages as proto3 JSON")),
        )
        .subcommand(run_command(setting))
        .subcommand(
            command("completions", "prints a script that completes this command line").arg(
                Arg::new("shell")
                    .value_name("SHELL")
                    .required(true)
                    .value_parser(PossibleValuesParser::new(SHELLS))
                    .help("the shell that the script is for"),
            ),
        )
}

/// `run`, without the tasks: each is parsed by its own command, so that one run does not build all of them.
fn run_command(setting: &Setting<'_>) -> Command {
    let names: Vec<_> = setting.registry.iter().map(|task| setting.short_name(task)).collect();
    let tasks = match names.as_slice() {
        [] => "this binary has no tasks".to_owned(),
        names => format!("Tasks: {}", names.join(", ")),
    };
    command("run", "runs a task on this machine")
        .override_usage(format!("{} run <TASK> [INPUTS] [OPTIONS]", setting.binary))
        .allow_external_subcommands(true)
        .after_help(format!("{tasks}\n\n`{} run <TASK> --help` shows a task's inputs", setting.binary))
}

/// A command with help in this crate's words.
pub(super) fn command(name: impl Into<clap::builder::Str>, about: impl Into<clap::builder::StyledStr>) -> Command {
    Command::new(name).about(about).disable_help_flag(true).disable_help_subcommand(true).arg(help_flag())
}

/// `-h` and `--help`, which clap would describe with a capital.
pub(super) fn help_flag() -> Arg {
    Arg::new("help").short('h').long("help").action(ArgAction::Help).help("show this help")
}

/// The name of the file that runs, which a container of it is started with.
fn binary() -> String {
    let path = std::env::current_exe().ok();
    let name = path.as_deref().and_then(Path::file_name).map(OsStr::to_string_lossy);
    name.map_or_else(|| "nebulakit".to_owned(), std::borrow::Cow::into_owned)
}
