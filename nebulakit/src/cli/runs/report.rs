//! `runs report`: a run as one HTML file.

use std::fs;
use std::path::Path;

use nebulakit_types::visible;

use crate::cli::complaint::Complaint;
use crate::cli::output::say;
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::run::RunHandle;

/// What stands for standard output.
const STDOUT: &str = "-";

/// Writes the report to `file`, else to one in the current folder that is named after the run.
pub(super) fn report(run: &RunHandle, file: Option<&Path>) -> Result<Exit, Complaint> {
    let page = run.report()?;
    let named = format!("{}.html", run.id());
    let path = match file {
        Some(path) if path.as_os_str() == STDOUT => return say(&page),
        Some(path) => path,
        None => Path::new(&named),
    };
    let shown = visible::line(&path.to_string_lossy()).into_owned();
    fs::write(path, page).map_err(|error| Complaint::failed(format!("cannot write the report to `{shown}`: {error}")))?;
    terminal::write(&format!("the report of the run {} is in {shown}\n", run.id()));
    Ok(Exit::Stored)
}
