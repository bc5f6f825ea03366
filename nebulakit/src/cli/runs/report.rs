//! `runs report`: a run as one HTML file.

use std::fs::{self, Metadata};
use std::path::PathBuf;

use clap::ArgMatches;
use nebulakit_types::visible;

use crate::cli::complaint::Complaint;
use crate::cli::output::say;
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::run::{Durability, RunHandle, publish};

/// The option that names the file.
pub(super) const OUTPUT: &str = "output";

/// The option without which no file is replaced.
pub(super) const FORCE: &str = "force";

/// What stands for standard output.
const STDOUT: &str = "-";

/// Writes the report to the file that is named, else to one in the current folder that is named after the run.
pub(super) fn report(run: &RunHandle, matches: &ArgMatches) -> Result<Exit, Complaint> {
    let named = PathBuf::from(format!("{}.html", run.id()));
    let path = matches.get_one::<PathBuf>(OUTPUT).unwrap_or(&named);
    if path.as_os_str() == STDOUT {
        return say(&run.report()?);
    }
    let shown = visible::line(&path.to_string_lossy()).into_owned();
    let there = path.metadata().ok();
    if there.as_ref().is_some_and(Metadata::is_file) && !matches.get_flag(FORCE) {
        return Err(Complaint::usage(format!("`{shown}` is there already")).hint("hint: `--force` replaces it"));
    }
    let page = run.report()?;
    match there {
        // A pipe or a device stays what it is.
        Some(there) if !there.is_file() => {
            fs::write(path, page).map_err(|error| Complaint::failed(format!("cannot write `{shown}`: {error}")))?;
        }
        _ => publish(path, page.as_bytes(), Durability::Kernel)?,
    }
    terminal::write(&format!("the report of the run {} is in {shown}\n", run.id()));
    Ok(Exit::Stored)
}
