//! The commands that reach Flyte.
//!
//! | module | holds |
//! |---|---|
//! | `register`, `compiled` | `register`, and the program as Flyte registers it |
//! | `executions` | `executions`: what ran there, and what runs |
//! | `launch_plans` | `launch-plans`: which are active |
//! | `grammar` | what the words behind them can be |
//! | `place` | the project and the domain, and one call of a client |

mod compiled;
mod executions;
mod grammar;
mod launch_plans;
mod place;
mod register;
mod watched;

use std::path::Path;

use clap::ArgMatches;

use self::compiled::{compiled, note, options, program, tell_ignored};
pub(super) use self::grammar::commands;
pub(super) use self::watched::{asked, watched};
use super::complaint::Complaint;
use super::output::say;
use super::setting::Setting;
use super::word::word;
use crate::backend::flyte::compile::shown;
use crate::backend::flyte::package;
use crate::process::exit::Exit;
use crate::run::{Durability, publish};
use crate::services::config::Config;

/// Does what the words behind one of them say.
pub(super) fn dispatch(verb: &str, matches: &ArgMatches, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let config = Config::load(setting.environment, Path::new("")).map_err(|error| Complaint::failed(error.to_string()))?;
    match verb {
        "register" => register::register(matches, &config, setting),
        "executions" => executions::dispatch(matches, &config, setting),
        "launch-plans" => launch_plans::dispatch(matches, &config, setting),
        _ => {
            let program = program()?;
            let compiled = compiled(&program, &options(matches, &config)?)?;
            tell_ignored(&compiled);
            for id in program.references_in_jobs() {
                note(&format!(
                    "a dynamic task that runs {} fails: a package cannot have its template, and `register` fetches it",
                    shown(&id)
                ));
            }
            let (output, mut archive) = (word(matches, "output"), Vec::new());
            package(&compiled.entities, &mut archive).map_err(|error| Complaint::failed(format!("nothing is packaged: {error}")))?;
            publish(Path::new(output), &archive, Durability::Kernel)?;
            say(&format!("{} entities are in {output}\n", compiled.entities.len()))
        }
    }
}
