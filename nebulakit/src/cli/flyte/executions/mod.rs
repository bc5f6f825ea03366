//! `executions`: what ran and runs on a cluster. Each command is thin over an [`Execution`](crate::backend::flyte::Execution).
//!
//! | module | holds |
//! |---|---|
//! | `grammar` | what the words can be |
//! | `found` | which execution and which node are meant |
//! | `data` | inputs and outputs |
//! | `list`, `show`, `logs` | what is known of them, as text or JSON |
//! | `watch` | an execution followed as a run is |
//! | `failed` | how a failure is told |
//! | `steer` | `relaunch`, `recover`, `terminate`, `signal` |
//! | `replay`, `registered` | an attempt once more on this machine |

mod data;
mod failed;
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

use self::found::named;
pub(super) use self::grammar::command;
use super::place::{Place, reached};
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
            let inputs = data::taken(id, node(), config, setting)?;
            let shown = values::shown(&inputs, matches.get_flag("json"));
            say(&shown.map_err(|error| Complaint::failed(format!("cannot show the values: {}", chain(&error))))?)
        }
        "outputs" => {
            let outputs = reached(config, setting, async |client| data::gave(client.execution_of(id), node()).await)?;
            gives(&outputs, matches, setting)
        }
        "logs" => logs::logs(id, node(), config, setting),
        "replay" => replay::replay(id, node(), matches, config, setting),
        verb => steer::steer(verb, id, matches, config, setting),
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
