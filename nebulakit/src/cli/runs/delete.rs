//! `runs delete`: runs that nobody drives, with all that is theirs.

use crate::cli::complaint::Complaint;
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::run::{RunHandle, RunsFolder};

/// Deletes the runs, up to the first that cannot be deleted.
pub(super) fn delete(runs: &RunsFolder, named: &[RunHandle]) -> Result<Exit, Complaint> {
    for run in named {
        runs.delete(run.id())?;
        terminal::write(&format!("the run {} is deleted\n", run.id()));
    }
    Ok(Exit::Stored)
}
