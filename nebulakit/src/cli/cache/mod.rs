//! `cache`: the outputs of tasks that are remembered on this machine. Each command is thin over a [`Cache`].

mod clear;
mod grammar;
mod list;
mod show;
mod why;

use clap::ArgMatches;

pub(super) use self::grammar::command;
use super::complaint::Complaint;
use super::folder::{Folder, find};
use super::output::say;
use super::runs::none_in;
use super::setting::Setting;
use crate::process::exit::Exit;
use crate::run::Cache;

/// Does what the words behind `cache` say.
pub(super) fn dispatch(matches: &ArgMatches, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let Some((verb, matches)) = matches.subcommand() else {
        // Clap has refused it.
        return Ok(Exit::Usage);
    };
    let folder = Folder::of(matches, setting);
    let runs = folder.existing()?;
    let text = |id: &str| matches.get_one::<String>(id).map(String::as_str).unwrap_or_default();
    let is_json = || matches.get_flag("json");
    let cache = Cache::new(&runs);
    match verb {
        "list" => say(&list::list(&cache, task(matches, setting), &folder, is_json())?),
        "show" => say(&show::show(&cache, &cache.find(text("entry"))?, is_json())?),
        "clear" => clear::clear(&cache, task(matches, setting), matches.get_one("older-than").copied()),
        _ => {
            let run = find(&runs, text("run")).map_err(|complaint| if runs.path().is_dir() { complaint } else { none_in(&folder) })?;
            say(&why::why(&runs, &run, text("node"), is_json())?)
        }
    }
}

/// The full name of the task that is asked for. One that is not in this binary may be in the cache.
fn task<'a>(matches: &'a ArgMatches, setting: &Setting<'_>) -> Option<&'a str> {
    let name = matches.get_one::<String>("task")?;
    Some(setting.registry.find(name).map_or(name.as_str(), |task| task.name))
}
