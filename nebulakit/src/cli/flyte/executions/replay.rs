//! `executions replay`: the failed attempt of a node once more on this machine, with its inputs.
//!
//! The node's task is looked for in this binary, and runs as `run TASK` runs it. Its inputs are those that it was given there, and files in them are read
//! from the cluster's store, with the credentials of this machine.

use std::ffi::OsString;

use clap::ArgMatches;
use nebulakit_types::visible;

use super::found::{self, Found};
use super::registered::{Called, no_map};
use crate::backend::flyte::{ClientError, ClientErrorKind, Execution, ExecutionId, ExecutionNode, NodeAttempt, RegisteredTask};
use crate::cli::complaint::Complaint;
use crate::cli::flyte::place::reached;
use crate::cli::run;
use crate::cli::setting::Setting;
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::services::config::Config;

/// What the words behind `--` are called: more options of `run`.
pub(super) const OPTIONS: &str = "options";

/// What was attempted there.
struct Attempted {
    node: ExecutionNode,
    element: Option<u32>,
    task: RegisteredTask,
    inputs: Vec<u8>,
}

pub(super) fn replay(
    id: ExecutionId,
    node: Option<&str>,
    matches: &ArgMatches,
    config: &Config,
    setting: &Setting<'_>,
) -> Result<Exit, Complaint> {
    let attempted = reached(config, setting, async |client| attempted(client.execution_of(id), node).await)?;
    let Attempted { node, element, task, inputs } = attempted;
    let called = Called::of(&task);
    let def = called.task(&task, setting)?;
    let path = visible::line(&node.path).into_owned();
    let inputs = match (called.is_map, element) {
        (false, None) => inputs,
        (false, Some(_)) => return Err(no_map(&node)),
        (true, Some(index)) => called.element(&inputs, index)?,
        (true, None) => {
            let failed = failed_elements(&node);
            return Err(Complaint::usage(format!("the node {path} is a map: name one of its elements, as `{path}[0]`")).hint(match failed
                .as_slice()
            {
                [] => "hint: none of its elements failed".to_owned(),
                failed => {
                    let failed: Vec<_> = failed.iter().map(u32::to_string).collect();
                    format!("hint: elements that failed: {}", failed.join(", "))
                }
            }));
        }
    };
    let attempt = last_attempt(&node, element) + 1;
    let element = element.map(|index| format!("[{index}]")).unwrap_or_default();
    terminal::write(&format!(
        "replaying {path}{element}, attempt {attempt}: {} as it is in this binary, registered as version {}\n",
        visible::line(def.name),
        visible::line(&task.version)
    ));
    let words: Vec<OsString> = matches.get_many::<OsString>(OPTIONS).unwrap_or_default().cloned().collect();
    run::run_with(def, &inputs, &words, setting)
}

/// Reads what was attempted at a node; at the one that failed, if none is named.
async fn attempted(execution: Execution, node: Option<&str>) -> Result<Attempted, ClientError> {
    let Found { execution, node, element } = match node {
        Some(name) => found::node(execution, name).await?,
        None => the_failed(execution).await?,
    };
    let Some(last) = node.last_attempt() else {
        let why = match node.execution {
            Some(ref launched) => format!("it launched the execution `{}`: name a node of that", launched.name),
            None => "it did not run a task".to_owned(),
        };
        let message = format!("the node `{}` cannot be replayed: {why}", visible::line(&node.path));
        return Err(ClientError::of(ClientErrorKind::Invalid, message));
    };
    let task = execution.client().attempted(last).await?;
    let inputs = execution.node_inputs(&node).await?;
    Ok(Attempted { element, task, inputs, node })
}

/// The node that failed first.
async fn the_failed(mut execution: Execution) -> Result<Found, ClientError> {
    loop {
        let nodes = execution.nodes().await?;
        let Some(node) = ExecutionNode::first_failed(&nodes) else {
            let message = format!("no node of the execution `{}` failed", execution.id().name);
            return Err(ClientError::of(ClientErrorKind::NotFound, message));
        };
        match &node.execution {
            Some(launched) => execution = execution.client().execution_of(launched.clone()),
            None => return Ok(Found { node: node.clone(), element: failed_elements(node).first().copied(), execution }),
        }
    }
}

/// The elements of a map that failed for good.
pub(super) fn failed_elements(node: &ExecutionNode) -> Vec<u32> {
    let elements = node.last_attempt().map(NodeAttempt::latest).unwrap_or_default();
    elements.into_iter().filter(|element| element.phase.is_failure()).map(|element| element.index).collect()
}

/// Which attempt was the last one, from 0, at the node or at an element of its map.
fn last_attempt(node: &ExecutionNode, element: Option<u32>) -> u32 {
    let Some(last) = node.last_attempt() else { return 0 };
    let tried = last.latest().into_iter().find(|known| Some(known.index) == element);
    tried.map_or(last.number, |tried| tried.attempt)
}
