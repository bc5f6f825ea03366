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
        terminal::write(&format!("the run {} is deleted: {} are free\n{}", run.id(), size(pruned.bytes), not_cleared(&pruned)));
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
    for (run, by) in &pruned.used {
        terminal::write(&format!("the run {run} is kept: the run {by} uses its files\n"));
    }
    let count = match pruned.runs.len() {
        1 => "1 run".to_owned(),
        count => format!("{count} runs"),
    };
    if is_dry {
        terminal::write(&format!("{count} would be deleted, and {} would be free\n", size(pruned.bytes)));
        return say(&pruned.runs.iter().map(|run| format!("{run}\n")).collect::<String>());
    }
    terminal::write(&format!("{count} deleted: {} are free\n{}", size(pruned.bytes), not_cleared(&pruned)));
    Ok(Exit::Stored)
}

/// Says why data that runs share stays, if it does.
fn not_cleared(pruned: &Pruned) -> String {
    let why = pruned.not_cleared.as_ref();
    why.map(|why| format!("data that runs share stays: {why}; `runs prune` removes it later\n")).unwrap_or_default()
}
