//! `runs retry`: a new run of the same, which goes on with one that did not succeed.

use std::ffi::OsString;

use clap::ArgMatches;

use crate::cli::complaint::Complaint;
use crate::cli::folder::Folder;
use crate::cli::run;
use crate::cli::setting::Setting;
use crate::process::exit::Exit;
use crate::run::{RunHandle, RunOutcome, RunStatus};

/// What the words behind `--` are called: more options of `run`.
pub(super) const OPTIONS: &str = "options";

/// Runs what `former` ran, as `run NAME --resume` does.
pub(super) fn retry(former: &RunHandle, matches: &ArgMatches, folder: &Folder, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    former.resumable().map_err(|error| folder.complaint(error, former.id(), setting))?;
    let (id, name) = (former.id().to_string(), former.state()?.name.clone());
    if former.status()? == RunStatus::Ended(RunOutcome::Succeeded) {
        let resumes = folder.run_command(&[&name, "--resume", &id, "--from", "NODE"], setting);
        return Err(Complaint::usage(format!("the run {id} succeeded: there is nothing to continue"))
            .hint(format!("hint: `{resumes}` runs NODE and everything downstream of it again")));
    }
    let mut words: Vec<OsString> = ["--resume", &id].map(OsString::from).into();
    words.extend(folder.words());
    for (option, flag) in [("json", "--json"), ("quiet", "--quiet")] {
        words.extend(matches.get_flag(option).then(|| flag.into()));
    }
    words.extend(matches.get_many::<OsString>(OPTIONS).unwrap_or_default().cloned());
    run::run(&name, words.iter(), setting)
}
