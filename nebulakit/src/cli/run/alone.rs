//! A task that is run alone: what is looked at before its run is recorded, and what is different where it is the only node.

use clap::ArgMatches;
use nebulakit_types::{Dialect, ErrorKind};

use super::options;
use crate::cli::complaint::Complaint;
use crate::coordinator::SubmitError;
use crate::coordinator::resources::tokens as limits;
use crate::process::host::Host;
use crate::process::terminal;
use crate::task::call::with_secrets;
use crate::task::def::TaskDef;
use crate::task::failure::chain;
use crate::task::run::unfit;

/// Looks whether the command line asks for what the task has, and warns of one that is not to be used any more.
pub(super) fn check(task: &'static TaskDef, matches: &ArgMatches) -> Result<(), Complaint> {
    if let Some(reason) = task.options.deprecated {
        terminal::write(&format!("warning: the task `{}` is deprecated: {reason}\n", task.name));
    }
    limits::check(task.options, options::token_limits(matches)).map_err(|refused| Complaint::usage(SubmitError::from(refused).to_string()))
}

/// Looks whether the task can read what it is given, before anything runs; `false` where it cannot be asked.
pub(super) fn check_inputs(task: &'static TaskDef, inputs: &[u8], host: &Host, dialect: &'static Dialect) -> Result<bool, Complaint> {
    if task.container.is_some() || task.reference.is_some() {
        return Ok(false);
    }
    let context = with_secrets(host.surroundings("", dialect), task);
    match unfit(task, inputs, &context) {
        // What is stored elsewhere is looked at where it is used.
        Some(error) if error.kind() != ErrorKind::NotFetched => Err(Complaint::usage(chain(&error))),
        _ => Ok(true),
    }
}
