//! The commands for people; containers are served by [`invocation`](crate::invocation) without them.
//!
//! Command line → one of `list`, `describe`, `run`, `completions` → text. Data goes to standard output, everything else to standard error.
//! All of it belongs to the feature `run`; a binary without that feature answers with a usage error that says so.

#[cfg(feature = "run")]
mod commands;
#[cfg(feature = "run")]
mod completions;
#[cfg(feature = "run")]
mod data;
#[cfg(feature = "run")]
mod describe;
#[cfg(feature = "run")]
mod list;
#[cfg(feature = "run")]
mod render;
#[cfg(feature = "run")]
mod run;
#[cfg(feature = "run")]
mod signature;
#[cfg(feature = "run")]
mod template;
#[cfg(feature = "run")]
mod usage;

use std::ffi::OsString;
#[cfg(feature = "run")]
use std::io::IsTerminal as _;
use std::io::{self, Write as _};

use crate::env::Environment;
use crate::exit::Exit;
use crate::registry::Registry;

/// Ends the process, from whichever thread.
pub(crate) type Leave = fn(Exit) -> !;

/// Runs the command that `arguments` name. A task that is stopped and does not end calls `leave`.
#[cfg(feature = "run")]
pub(crate) fn run(arguments: &[OsString], environment: &Environment, registry: &Registry, leave: Leave) -> Exit {
    match commands::dispatch(arguments, environment, registry, leave) {
        Ok(exit) => exit,
        Err(complaint) => complain(&complaint),
    }
}

/// Says what this binary can do: it serves containers, and no commands for people.
#[cfg(not(feature = "run"))]
pub(crate) fn run(arguments: &[OsString], _environment: &Environment, _registry: &Registry, _leave: Leave) -> Exit {
    complain(&not_served(arguments))
}

#[cfg(not(feature = "run"))]
fn not_served(arguments: &[OsString]) -> Complaint {
    let message = match arguments.first() {
        Some(word) => format!("this binary has no command `{}`: it was built without the feature `run`", word.display()),
        None => "no command is given, and this binary was built without the feature `run`: it serves containers only".to_owned(),
    };
    Complaint { hint: Some(crate::invocation::USAGE.to_owned()), ..Complaint::usage(message) }
}

/// Shows what containers are started with.
pub(crate) fn container_help() -> Exit {
    say(&format!("{}\n", crate::invocation::USAGE)).unwrap_or_else(|complaint| complain(&complaint))
}

/// What went wrong, for a person.
#[derive(Debug)]
struct Complaint {
    exit: Exit,
    /// The author's or the library's code for it, where there is more to it than "it failed".
    code: Option<String>,
    message: String,
    /// The way out; shown after a blank line.
    hint: Option<String>,
}

impl Complaint {
    /// The command line, or a value on it, is wrong.
    fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, code: None, message: message.into(), hint: None }
    }

    /// The command was understood, and failed.
    fn failed(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, ..Self::usage(message) }
    }

    #[cfg(feature = "run")]
    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

fn complain(complaint: &Complaint) -> Exit {
    let code = complaint.code.as_ref().map(|code| format!("[{code}]")).unwrap_or_default();
    let hint = complaint.hint.as_ref().map(|hint| format!("\n{hint}\n")).unwrap_or_default();
    remark(&format!("error{code}: {}\n{hint}", complaint.message));
    complaint.exit
}

/// Writes to standard error; nobody is left to tell if that fails.
fn remark(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Writes to standard output. A reader that has seen enough and went away is no failure.
fn say(text: &str) -> Result<Exit, Complaint> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(Exit::Stored),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Stored),
        Err(error) => Err(Complaint::failed(format!("cannot write to standard output: {error}"))),
    }
}

/// Whether a person sees standard output, so that it may be dressed up.
#[cfg(feature = "run")]
fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

#[cfg(all(test, not(feature = "run")))]
mod tests {
    use super::*;

    #[test]
    fn a_binary_for_containers_says_that_it_is_one() {
        let complaint = not_served(&["list".into()]);
        assert_eq!(complaint.message, "this binary has no command `list`: it was built without the feature `run`");
        assert_eq!((complaint.exit, complaint.hint.as_deref()), (Exit::Usage, Some(crate::invocation::USAGE)));
        assert!(not_served(&[]).message.starts_with("no command is given"));
    }
}
