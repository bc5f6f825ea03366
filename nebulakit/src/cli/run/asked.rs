//! How the command line wants something run.

use std::path::PathBuf;

use clap::ArgMatches;
use nebulakit_types::visible;

use super::subject::Subject;
use super::{alone, inputs, options};
use crate::backend::{CacheUse, Options};
use crate::cli::complaint::Complaint;
use crate::cli::folder::{Folder, find};
use crate::cli::setting::Setting;
use crate::process::host::Host;
use crate::run::{Durability, Keep, RunHandle, RunsFolder};

/// The options that `matches` say, with the inputs, which are as in `given` where neither the flags nor a run that is resumed give them: those that can be read only once are copied to `copies`.
pub(super) fn asked(
    subject: &Subject,
    matches: &ArgMatches,
    given: &[u8],
    runs: &RunsFolder,
    copies: PathBuf,
    host: &Host,
    setting: &Setting<'_>,
) -> Result<Options, Complaint> {
    let former = former(subject, matches, runs, setting)?;
    let before = former.as_ref().map_or(Ok(given.to_vec()), RunHandle::inputs)?;
    let inputs = inputs::inputs(subject, matches, &before, copies, &host.stores, setting)?;
    let is_checked = match subject.alone() {
        Some(task) => alone::check_inputs(task, &inputs, host, setting.dialect())?,
        None => {
            inputs::check(subject, &inputs)?;
            false
        }
    };
    let mut options = Options::new().inputs(inputs).durability(durability(matches)).cache(cache(matches)).keep(keep(matches));
    if is_checked {
        options = options.checked();
    }
    if let Some(former) = former {
        options = resuming(options, &former, matches);
    }
    Ok(match options::strategy(matches) {
        Some(strategy) => options.strategy(strategy),
        None => options,
    })
}

/// The run that this one goes on with, which is of the same workflow and over.
fn former(subject: &Subject, matches: &ArgMatches, runs: &RunsFolder, setting: &Setting<'_>) -> Result<Option<RunHandle>, Complaint> {
    let Some(name) = matches.get_one::<String>(options::RESUME) else { return Ok(None) };
    let run = find(runs, name)?;
    run.resumable().map_err(|error| Folder::of(matches, setting).complaint(error, run.id(), setting))?;
    let of = run.state()?.name.clone();
    if of != subject.name {
        return Err(Complaint::usage(format!("the run {} is of `{}`, not of `{}`", run.id(), visible::line(&of), subject.name)));
    }
    Ok(Some(run))
}

fn resuming(options: Options, former: &RunHandle, matches: &ArgMatches) -> Options {
    let options = options.resumes(former.id().clone());
    let options = if matches.get_flag(options::STRICT) { options.strict() } else { options };
    match matches.get_one::<String>(options::FROM) {
        Some(node) => options.from(node.as_str()),
        None => options,
    }
}

fn durability(matches: &ArgMatches) -> Durability {
    if matches.get_flag(options::DURABLE) { Durability::Disk } else { Durability::Kernel }
}

fn cache(matches: &ArgMatches) -> CacheUse {
    match (matches.get_flag(options::NO_CACHE), matches.get_flag(options::OVERWRITE_CACHE)) {
        (true, _) => CacheUse::Off,
        (false, true) => CacheUse::Overwrite,
        (false, false) => CacheUse::On,
    }
}

fn keep(matches: &ArgMatches) -> Keep {
    match matches.get_one::<String>(options::KEEP) {
        Some(keep) if keep == "outputs" => Keep::Outputs,
        _ => Keep::All,
    }
}
