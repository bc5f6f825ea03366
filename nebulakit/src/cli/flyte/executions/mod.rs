//! `executions`: what ran and runs on a cluster. Each command is thin over an [`Execution`].
//!
//! | module | holds |
//! |---|---|
//! | `grammar` | what the words can be |
//! | `found` | which execution and which node are meant |
//! | `list`, `show`, `logs` | what is known of them, as text or JSON |
//! | `feed`, `watch` | an execution as the events of a run, and followed like one |
//! | `failed` | how a failure is told |
//! | `steer` | `relaunch`, `recover`, `terminate`, `signal` |
//! | `replay`, `registered` | an attempt once more on this machine |

mod failed;
mod feed;
mod found;
mod grammar;
mod list;
mod logs;
mod registered;
mod replay;
mod show;
mod steer;
mod watch;

use clap::ArgMatches;
use nebulakit_types::visible;

use self::found::named;
pub(super) use self::grammar::command;
use self::registered::{Called, no_map};
use super::place::{Place, reached};
use crate::backend::flyte::ExecutionId;
use crate::cli::complaint::Complaint;
use crate::cli::output::say;
use crate::cli::outputs::{self, Target};
use crate::cli::setting::Setting;
use crate::cli::stops::Stops;
use crate::cli::{run, values};
use crate::process::exit::Exit;
use crate::services::config::Config;
use crate::task::failure::chain;

/// Does what the words behind `executions` say.
pub(super) fn dispatch(matches: &ArgMatches, config: &Config, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let Some((verb, matches)) = matches.subcommand() else {
        // Clap has refused it.
        return Ok(Exit::Usage);
    };
    if verb == "list" {
        return list::list(matches, &Place::of(matches, config)?, config, setting);
    }
    let id = named(matches, config)?;
    let node = || matches.get_one::<String>("node").map(String::as_str);
    match verb {
        "show" => show::show(id, matches.get_flag("json"), config, setting),
        "watch" => watch::watch(id, matches.get_flag("json"), config, setting),
        "inputs" => {
            let inputs = taken(id, node(), config, setting)?;
            let shown = values::shown(&inputs, matches.get_flag("json"));
            say(&shown.map_err(|error| Complaint::failed(format!("cannot show the values: {}", chain(&error))))?)
        }
        "outputs" => {
            let outputs = given(id, node(), config, setting)?;
            gives(&outputs, matches, setting)
        }
        "logs" => logs::logs(id, node(), config, setting),
        "replay" => replay::replay(id, node(), matches, config, setting),
        verb => steer::steer(verb, id, matches, config, setting),
    }
}

/// The inputs of an execution, one of its nodes or an element of a map.
fn taken(id: ExecutionId, node: Option<&str>, config: &Config, setting: &Setting<'_>) -> Result<Vec<u8>, Complaint> {
    let Some(node) = node else { return reached(config, setting, async |client| client.execution_of(id).inputs().await) };
    let (found, task, inputs) = reached(config, setting, async |client| {
        let found = found::node(client.execution_of(id), node).await?;
        let task = match (found.element, found.node.last_attempt()) {
            (Some(_), Some(last)) => Some(client.attempted(last).await?),
            _ => None,
        };
        let inputs = found.execution.node_inputs(&found.node).await?;
        Ok((found, task, inputs))
    })?;
    match (found.element, task.map(|task| Called::of(&task)).filter(|called| called.is_map)) {
        (None, _) => Ok(inputs),
        (Some(index), Some(called)) => called.element(&inputs, index),
        (Some(_), None) if found.node.is_map => {
            let path = visible::line(&found.node.path);
            let message = format!("which inputs the map {path} goes through is not known: its task is not one of a program like this");
            Err(Complaint::failed(message).hint(format!("hint: `{path}` without an element has all inputs")))
        }
        (Some(_), None) => Err(no_map(&found.node)),
    }
}

/// The outputs of an execution, one of its nodes or an element of a map, which has to have some.
fn given(id: ExecutionId, node: Option<&str>, config: &Config, setting: &Setting<'_>) -> Result<Vec<u8>, Complaint> {
    let Some(node) = node else { return reached(config, setting, async |client| client.execution_of(id).outputs().await) };
    let (found, outputs) = reached(config, setting, async |client| {
        let found = found::node(client.execution_of(id), node).await?;
        let outputs = found.execution.node_outputs(&found.node).await?;
        Ok((found, outputs))
    })?;
    match found.element {
        None => Ok(outputs),
        Some(index) if found.node.is_map => registered::given(&outputs, index),
        Some(_) => Err(no_map(&found.node)),
    }
}

/// Shows outputs, or puts them into a folder.
fn gives(bytes: &[u8], matches: &ArgMatches, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let stores = run::host(setting)?.stores;
    let target = Target::of(matches);
    let stops = match target {
        Some(_) => Stops::heard(setting.leave).map_err(|error| Complaint::failed(format!("cannot listen to signals: {error}")))?,
        None => Stops::default(),
    };
    say(&outputs::shown_of(None, bytes, target.as_ref(), matches.get_flag("json"), &stores, &stops)?)
}
