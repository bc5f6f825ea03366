//! What the command line can say, as clap sees it, and the way from its first word to the command.

use std::ffi::OsString;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use nebulakit_types::{Dialect, visible};

use super::{Complaint, Leave, VERSION, completions, container_help, describe, list, run, say, say_dressed, unlinked, usage};
use crate::process::exit::Exit;
use crate::process::platform::Platform;
use crate::process::request::ContainerRequest;
use crate::services::env::Environment;
use crate::task::def::TaskDef;
use crate::task::panic::guard;
use crate::task::registry::Registry;

/// The shells that completions are made for.
pub(super) const SHELLS: [&str; 3] = ["bash", "fish", "zsh"];

/// The commands, which are taken for tasks where they stand behind `run`.
const COMMANDS: [&str; 4] = ["list", "describe", "completions", "help"];

/// What every command works with.
#[derive(Debug)]
pub(super) struct Setting<'a> {
    /// The name of the file that runs, as it was called.
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
        let task = self.registry.find(name).map_err(|error| {
            let hint = if COMMANDS.contains(&name) {
                format!("`{name}` is a command of its own: `{} {name}`", self.binary)
            } else if error.is_far_off() {
                unlinked::hint(self.environment, self.registry)
            } else {
                error.hint()
            };
            Complaint::usage(error.message()).hint(format!("hint: {hint}"))
        })?;
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
pub(super) fn dispatch(
    binary: &str,
    arguments: &[OsString],
    environment: &Environment,
    registry: &Registry,
    leave: Leave,
) -> Result<Exit, Complaint> {
    let setting = Setting { binary: binary.to_owned(), environment, registry, platform: Platform::detect(environment), leave };
    let arguments = asking_for_help(arguments, registry);
    if let [verb, ..] = arguments.as_slice()
        && verb.to_str().is_some_and(ContainerRequest::is_verb)
    {
        return Ok(container_help(binary));
    }
    let matches = match commands(&setting).try_get_matches_from(&arguments) {
        Ok(matches) => matches,
        Err(error) => {
            return usage::answer(&error, &setting.binary, &arguments).map_err(|complaint| {
                match arguments.first().and_then(|word| word.to_str()) {
                    Some(name) if !name.starts_with('-') && registry.find(name).is_ok() => {
                        let name = visible::line(name);
                        complaint.hint(format!("hint: `{name}` is a task: `{binary} run {name}`"))
                    }
                    _ => complaint,
                }
            });
        }
    };
    match matches.subcommand() {
        Some(("list", matches)) => say_dressed(&describing(|| list::list(&setting, matches.get_flag("json")))?),
        Some(("describe", matches)) => {
            let task = setting.find(word(matches, "task"))?;
            let json = matches.get_flag("json");
            say(&describing(|| if json { describe::json(task, &setting) } else { Ok(describe::text(task, &setting)) })??)
        }
        Some(("run", matches)) => match matches.subcommand() {
            Some((name, rest)) => run::run(name, rest.get_many::<OsString>("").unwrap_or_default(), &setting),
            None => Err(Complaint::usage("no task is named").hint(format!("hint: `{} list` shows what there is to run", setting.binary))),
        },
        Some(("completions", matches)) => say(&describing(|| completions::script(word(matches, "shell"), &setting))??),
        // Clap has refused everything else.
        _ => Ok(Exit::Usage),
    }
}

/// The bytes of the `inputs.pb` that a `run` in `arguments` makes, where every document says `document`; [`None`] for every other command.
/// Nothing is read, nothing runs and nothing is said.
pub(super) fn rehearse(
    arguments: &[OsString],
    environment: &Environment,
    registry: &Registry,
    document: &str,
) -> Result<Option<Vec<u8>>, Complaint> {
    let leave: Leave = |_| unreachable!("nothing runs");
    let setting = Setting { binary: "app".to_owned(), environment, registry, platform: Platform::detect(environment), leave };
    let arguments = asking_for_help(arguments, registry);
    let matches = commands(&setting).try_get_matches_from(&arguments);
    match matches.map_err(|error| usage::unsaid(&error, &setting.binary, &arguments))?.subcommand() {
        Some(("run", matches)) => match matches.subcommand() {
            Some((name, rest)) => run::rehearse(name, rest.get_many::<OsString>("").unwrap_or_default(), &setting, document).map(Some),
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

/// Describes tasks by their own code: their defaults may panic, which is told in the description and not beside it.
pub(super) fn describing<T>(describe: impl FnOnce() -> T) -> Result<T, Complaint> {
    guard(describe).map_err(|failure| Complaint::failed(failure.message))
}

/// The words with `help` in front of a command, or of a task behind `run`, turned into `--help` behind it.
fn asking_for_help(arguments: &[OsString], registry: &Registry) -> Vec<OsString> {
    let is_help = |word: Option<&OsString>| word.is_some_and(|word| word == "help");
    let at = match arguments.first() {
        first if is_help(first) => 0,
        Some(first) if first == "run" && is_help(arguments.get(1)) && registry.find("help").is_err() => 1,
        _ => return arguments.to_vec(),
    };
    let others = arguments.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, word)| word.clone());
    others.chain(["--help".into()]).collect()
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
        .version(VERSION)
        .about("Run the tasks of this binary")
        .after_help("Containers are started with `execute` and `map-execute`, which the platform calls")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(help_flag())
        .arg(Arg::new("version").short('V').long("version").action(ArgAction::Version).help("show the version of nebulakit"))
        .subcommand(command("list", "List the tasks with their signatures").arg(json().help("as a JSON array, for machines")))
        .subcommand(
            command("describe", "Show a task's inputs, outputs, types and options")
                .arg(name())
                .arg(json().help("as JSON: name, doc, interface and template, messages as proto3 JSON")),
        )
        .subcommand(run_command(setting))
        .subcommand(
            command("completions", "Print a script that completes this command line").arg(
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
    command("run", "Run a task on this machine")
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
