//! Requests to a run that goes on elsewhere and that no process watches: who runs it is asked itself.

use crate::cli::complaint::Complaint;
#[cfg(feature = "flyte")]
use crate::cli::flyte;
use crate::cli::folder::Folder;
use crate::cli::setting::Setting;
use crate::process::terminal;
use crate::run::{Request, RunHandle, RunStatus};

/// Asks who runs it elsewhere; whether that is so, and nobody here has to be asked.
pub(super) fn ask(run: &RunHandle, request: &Request, folder: &Folder, setting: &Setting<'_>) -> Result<bool, Complaint> {
    if run.status()? != RunStatus::Elsewhere {
        return Ok(false);
    }
    let execution = asked(run, request, folder, setting)?;
    terminal::write(&format!("no process watches the run {}: the execution {execution} was asked itself\n", run.id()));
    Ok(true)
}

#[cfg(feature = "flyte")]
fn asked(run: &RunHandle, request: &Request, folder: &Folder, setting: &Setting<'_>) -> Result<String, Complaint> {
    flyte::asked(run, &folder.made()?, request.clone(), setting)
}

#[cfg(not(feature = "flyte"))]
fn asked(run: &RunHandle, _: &Request, _: &Folder, _: &Setting<'_>) -> Result<String, Complaint> {
    Err(Complaint::failed(format!("the run {} goes on elsewhere, and no process watches it", run.id()))
        .hint("hint: this binary cannot reach it: build it with the feature `flyte` of nebulakit"))
}
