//! The commands for people; containers are served by [`invocation`](crate::invocation) without them.
#![allow(clippy::print_stderr, reason = "the command line speaks here")]

use std::ffi::OsString;

use crate::env::Environment;
use crate::exit::Exit;
use crate::invocation::USAGE;
use crate::registry::Registry;

/// Runs the command that `arguments` name.
pub(crate) fn run(arguments: &[OsString], _environment: &Environment, _registry: &Registry) -> Exit {
    eprintln!("error: no command {arguments:?}\n\n{USAGE}");
    Exit::Usage
}
