//! A task that is run alone: what is looked at before its run is recorded, and what is different where it is the only node.

use std::sync::Arc;

use clap::ArgMatches;
use nebulakit_types::{Dialect, ErrorKind};

use super::containers::Asked;
use super::options;
use crate::cli::complaint::Complaint;
use crate::coordinator::resources::tokens as limits;
use crate::coordinator::{Resources, Strategy, SubmitError};
use crate::graph::{self, Graph, Overrides};
use crate::process::host::Host;
use crate::process::terminal;
use crate::task::call::with_secrets;
use crate::task::def::TaskDef;
use crate::task::failure::chain;
use crate::task::registry::Registry;
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

/// Has its one node run where the command line says, with no more than this machine has: nothing else is there that it could wait for.
pub(super) fn place(task: &'static TaskDef, graph: &mut Graph, matches: &ArgMatches) -> Result<(), Complaint> {
    let mut overrides = Overrides::default();
    if Asked::of(matches).is_for(task)? {
        overrides.strategy = Some(Strategy::Container);
    }
    let asked = Resources::of_options(task.options).map_err(Complaint::failed)?;
    overrides.resources = asked.and_then(|asked| fitting(&asked, matches.get_one::<usize>(options::JOBS).copied()));
    if overrides != Overrides::default() {
        graph.body.nodes.iter_mut().for_each(|node| node.overrides = Some(Box::new(overrides.clone())));
    }
    Ok(())
}

/// What of it is less here than is asked for.
fn fitting(asked: &Resources, jobs: Option<usize>) -> Option<graph::Resources> {
    let here = asked.here(jobs);
    let mut fitting = graph::Resources::default();
    let amounts = &mut fitting.requests;
    amounts.cpu = here.cores.filter(|_| here.cores != asked.cores).map(|cores| cores.to_string());
    amounts.gpu = here.gpus.filter(|_| here.gpus != asked.gpus).map(|gpus| gpus.to_string());
    if here.memory != asked.memory {
        fitting.limits.memory = here.memory.map(|bytes| bytes.to_string());
    }
    (fitting != graph::Resources::default()).then_some(fitting)
}

/// How many tokens there are: as many as the command line says, else more than anything takes.
pub(super) fn tokens(given: Vec<(Arc<str>, u32)>, registry: &Registry) -> Vec<(Arc<str>, u32)> {
    if !given.is_empty() {
        return given;
    }
    let names = registry.iter().flat_map(|task| task.options.tokens).map(|(name, _)| *name);
    names.map(|name| (Arc::from(name), u32::MAX)).collect()
}
