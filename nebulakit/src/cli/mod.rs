//! The command line of a binary with tasks: [`run`] serves containers, and people with the feature `run`.
//!
//! Command line → one of `list`, `describe`, `graph`, `run`, `runs`, `cache`, `completions` → text. Data goes to standard output, everything else to standard error.
//! A binary without the feature answers those with a usage error that says so.

#[cfg(feature = "run")]
mod arguments;
#[cfg(feature = "run")]
mod cache;
#[cfg(feature = "run")]
mod commands;
mod complaint;
#[cfg(feature = "run")]
mod completions;
#[cfg(feature = "run")]
mod config;
#[cfg(feature = "run")]
mod data;
#[cfg(feature = "run")]
mod describe;
#[cfg(feature = "flyte")]
mod flyte;
#[cfg(feature = "run")]
mod folder;
#[cfg(feature = "run")]
mod follow;
#[cfg(feature = "run")]
mod generated;
#[cfg(feature = "run")]
mod grammar;
#[cfg(feature = "run")]
mod graph;
#[cfg(feature = "run")]
mod help;
#[cfg(feature = "run")]
mod image;
#[cfg(feature = "run")]
mod list;
#[cfg(feature = "run")]
mod lookups;
mod output;
#[cfg(feature = "run")]
mod outputs;
#[cfg(feature = "run")]
mod prints;
#[cfg(feature = "run")]
mod run;
#[cfg(feature = "run")]
mod runs;
#[cfg(feature = "run")]
mod setting;
#[cfg(feature = "run")]
mod shown;
#[cfg(feature = "run")]
mod signature;
#[cfg(feature = "run")]
mod stops;
#[cfg(feature = "run")]
mod types;
#[cfg(feature = "run")]
mod unlinked;
#[cfg(feature = "run")]
mod usage;
#[cfg(feature = "run")]
mod values;
#[cfg(feature = "run")]
mod word;
#[cfg(feature = "run")]
mod workflows;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nebulakit_types::visible;

#[cfg(feature = "run")]
pub use self::arguments::Arguments;
#[cfg(not(feature = "run"))]
use self::complaint::Complaint;
use self::complaint::complain;
use self::output::container_help;
#[cfg(not(feature = "run"))]
use self::output::{VERSION, say};
use crate::backend::node;
use crate::process::exit::Exit;
use crate::process::request::ContainerRequest;
use crate::process::{container, panic, request, terminal, worker};
use crate::services::env::Environment;
use crate::task::registry::Registry;

/// Does what a command line says: serves a container, or runs a command for people; `arguments` begin with the name of the program, as
/// [`std::env::args_os`] gives them.
///
/// [`main!`](crate::main) calls it, and so can a `fn main` of your own. With the feature `run` a program whose command line is its own mounts
/// all of it as one of its commands: [`Arguments`].
///
/// It listens to signals and sets up the log, and a task that is told to stop and does not end is ended together with the process.
///
/// # Examples
/// ```no_run
/// use std::process::ExitCode;
///
/// fn main() -> ExitCode {
///     // ... what has to be there before any task runs ...
///     nebulakit::cli::run(std::env::args_os())
/// }
/// ```
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let binary = name_of(arguments.next());
    serve(&binary, &arguments.collect::<Vec<_>>()).into()
}

/// The same for the words behind the program's name, which is `binary`.
fn serve(binary: &str, arguments: &[OsString]) -> Exit {
    let environment = Environment::from_process();
    worker::enter(&environment);
    panic::tell();
    if arguments.first().is_some_and(|verb| verb == node::VERB) {
        return node::serve(binary, &arguments[1..], &environment);
    }
    #[cfg(feature = "snakemake")]
    if arguments.first().is_some_and(|verb| verb == crate::backend::SNAKEMAKE_VERB) {
        return crate::backend::serve_snakemake(&arguments[1..], &environment);
    }
    let registry = Registry::linked();
    #[cfg(feature = "slurm")]
    if arguments.first().is_some_and(|verb| verb == crate::backend::SLURM_VERB) {
        let driven = commands::drive(binary, &arguments[1..], &environment, &registry, container::leave);
        return driven.unwrap_or_else(|complaint| complain(&complaint));
    }
    let Some(verb) = arguments.first().and_then(|verb| verb.to_str()).filter(|verb| ContainerRequest::is_verb(verb)) else {
        return for_people(binary, arguments, &environment, &registry);
    };
    match ContainerRequest::parse(verb, &arguments[1..], &environment) {
        Ok(Some(request)) if request.is_test => Exit::Stored,
        Ok(Some(request)) => container::run(request, environment, &registry),
        Ok(None) => container_help(binary),
        Err(error) => {
            terminal::write(&format!("error: {error}\n\n{}\n", request::usage(binary)));
            Exit::Usage
        }
    }
}

/// The name of the file that runs, as it was called, in text.
fn name_of(invoked: Option<OsString>) -> String {
    let path = invoked.map(PathBuf::from).or_else(|| std::env::current_exe().ok());
    let name = path.as_deref().and_then(Path::file_name).map(|name| visible::line(&name.to_string_lossy()).into_owned());
    name.unwrap_or_else(|| "nebulakit".to_owned())
}

/// Runs the command that `arguments` name.
#[cfg(feature = "run")]
fn for_people(binary: &str, arguments: &[OsString], environment: &Environment, registry: &Registry) -> Exit {
    match commands::dispatch(binary, arguments, environment, registry, container::leave) {
        Ok(exit) => exit,
        Err(complaint) => complain(&complaint),
    }
}

/// The bytes of the `inputs.pb` that a `run` in `arguments` makes, where every document says `document`, else the message; [`None`] for
/// every other command. Nothing is read, nothing runs and nothing is said.
#[cfg(feature = "run")]
pub(crate) fn rehearse(
    arguments: &[OsString],
    environment: &Environment,
    registry: &Registry,
    document: &str,
) -> Result<Option<Vec<u8>>, String> {
    commands::rehearse(arguments, environment, registry, document).map_err(|complaint| complaint.message)
}

/// A literal as the JSON that `run --json` prints.
#[cfg(feature = "run")]
pub(crate) fn literal_as_json(literal: &[u8]) -> nebulakit_types::Result<String> {
    use crate::render::{Reader, to_json, value};
    use nebulakit_types::convert::reader::{LiteralRef, References};
    value(LiteralRef::new(literal, References::none()), Reader::Machine).map(|value| to_json(&value))
}

/// Says what this binary can do: it serves containers, and no commands for people.
#[cfg(not(feature = "run"))]
fn for_people(binary: &str, arguments: &[OsString], _environment: &Environment, _registry: &Registry) -> Exit {
    let word = arguments.first().and_then(|word| word.to_str());
    let said = match word {
        Some("help" | "--help" | "-h") => format!("{}\n\n{WITHOUT_RUN}\n", request::usage(binary)),
        Some("--version" | "-V") => format!("{binary} {VERSION}\n"),
        _ => return complain(&not_served(binary, arguments)),
    };
    say(&said).unwrap_or_else(|complaint| complain(&complaint))
}

/// Why there are no commands.
#[cfg(not(feature = "run"))]
const WITHOUT_RUN: &str = "This binary was built without the feature `run` of nebulakit, which has the commands `list`, `describe`, `graph`, `run`, `runs` and `cache`.";

#[cfg(not(feature = "run"))]
fn not_served(binary: &str, arguments: &[OsString]) -> Complaint {
    let message = match arguments.first() {
        Some(word) => {
            let word = word.to_string_lossy();
            format!("this binary has no command `{}`: it was built without the feature `run`", visible::line(&word))
        }
        None => "no command is given, and this binary was built without the feature `run`: it serves containers only".to_owned(),
    };
    Complaint { hint: Some(request::usage(binary)), ..Complaint::usage(message) }
}

#[cfg(all(test, not(feature = "run")))]
mod tests {
    use super::*;

    #[test]
    fn a_binary_for_containers_says_that_it_is_one() {
        let complaint = not_served("app", &["list".into()]);
        assert_eq!(complaint.message, "this binary has no command `list`: it was built without the feature `run`");
        assert_eq!((complaint.exit, complaint.hint), (Exit::Usage, Some(request::usage("app"))));
        assert!(not_served("app", &[]).message.starts_with("no command is given"));
    }

    #[test]
    fn help_and_version_are_answered_by_every_binary() {
        for word in ["help", "--help", "-h", "--version", "-V"] {
            let exit = for_people("app", &[word.into()], &Environment::empty(), &Registry::linked());
            assert_eq!(exit, Exit::Stored, "{word}");
        }
    }
}
