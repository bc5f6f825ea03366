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
use super::setting::Setting;
use super::word::word;
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
    let is_json = || matches.get_flag("json");
    let cache = Cache::new(&runs);
    match verb {
        "list" => say(&list::list(&cache, task(matches, setting), &folder, is_json())?),
        "show" => say(&show::show(&cache, &cache.find(word(matches, "entry"))?, is_json())?),
        "clear" => clear::clear(&cache, task(matches, setting), matches.get_one("older-than").copied()),
        _ => {
            let run = find(&runs, word(matches, "run"));
            let run = run.map_err(|complaint| if runs.path().is_dir() { complaint } else { folder.no_runs() })?;
            say(&why::why(&runs, &run, word(matches, "node"), is_json())?)
        }
    }
}

/// The full name of the task that is asked for. One that is not in this binary may be in the cache.
fn task<'a>(matches: &'a ArgMatches, setting: &Setting<'_>) -> Option<&'a str> {
    let name = matches.get_one::<String>("task")?;
    Some(setting.registry.find(name).map_or(name.as_str(), |task| task.name))
}
