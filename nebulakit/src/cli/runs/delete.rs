//! `runs delete` and `runs prune`: runs that nobody drives, with all that is theirs alone.

use std::time::Duration;

use clap::ArgMatches;

use super::grammar::{DRY_RUN, KEEP, OLDER_THAN, STATUS};
use crate::cli::complaint::Complaint;
use crate::cli::follow::words::size;
use crate::cli::output::say;
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::run::{Fate, Prune, Pruned, RunHandle, RunsFolder};

/// Deletes the runs, up to the first that cannot be deleted.
pub(super) fn delete(runs: &RunsFolder, named: &[RunHandle]) -> Result<Exit, Complaint> {
    for run in named {
        let pruned = runs.delete(run.id())?;
        terminal::write(&format!("the run {} is deleted, which freed {}\n{}", run.id(), size(pruned.bytes), what_stays(&pruned)));
    }
    Ok(Exit::Stored)
}

/// Deletes the runs that the options choose.
pub(super) fn prune(runs: &RunsFolder, matches: &ArgMatches) -> Result<Exit, Complaint> {
    let is_dry = matches.get_flag(DRY_RUN);
    let mut prune = if is_dry { Prune::new().dry_run() } else { Prune::new() };
    if let Some(age) = matches.get_one::<Duration>(OLDER_THAN) {
        prune = prune.older_than(*age);
    }
    if let Some(count) = matches.get_one::<usize>(KEEP) {
        prune = prune.keep(*count);
    }
    prune = matches.get_many::<Fate>(STATUS).unwrap_or_default().fold(prune, |prune, fate| prune.fate(*fate));
    let pruned = runs.prune(&prune)?;
    if let Some(why) = &pruned.unread {
        terminal::write(&format!("nothing is deleted: a run that cannot be read may use the files of any other: {why}\n"));
    }
    for (run, by) in &pruned.used {
        terminal::write(&format!("the run {run} is kept: the run {by} uses its files\n"));
    }
    let count = match pruned.runs.len() {
        1 => "1 run".to_owned(),
        count => format!("{count} runs"),
    };
    if is_dry {
        terminal::write(&format!("{count} would be deleted, which would free {}\n", size(pruned.bytes)));
        return say(&pruned.runs.iter().map(|run| format!("{run}\n")).collect::<String>());
    }
    terminal::write(&format!("{count} deleted, which freed {}\n{}", size(pruned.bytes), what_stays(&pruned)));
    Ok(Exit::Stored)
}

/// Says what stays that was to go, and why.
fn what_stays(pruned: &Pruned) -> String {
    let left = pruned.left.iter().map(|why| format!("{why}; the next `runs prune` tries again\n"));
    let shared = pruned.not_cleared.iter().map(|why| format!("data that runs share is kept: {why}\n"));
    left.chain(shared).collect()
}
