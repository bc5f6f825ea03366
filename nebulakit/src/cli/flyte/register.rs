//! `register`: everything of this binary, at a control plane.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, IsTerminal as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::ArgMatches;
use tokio::runtime::Builder;

use super::compiled::{compiled, note, options, program, tell_ignored, wrong};
use super::place::{Place, failed};
use crate::backend::flyte::compile::{LocalFile, Options, Program, shown};
use crate::backend::flyte::{ClientError, FlyteClient, RegisterOptions, Registered, Registration, digest, version_of};
use crate::cli::complaint::Complaint;
use crate::cli::output::say;
use crate::cli::setting::Setting;
use crate::graph::{Problem, ProblemKind, Problems};
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::services::config::Config;

/// What stands for the place of a file that is not uploaded yet, before its digest.
const UPLOADED: &str = "uploaded://";

pub(super) fn register(matches: &ArgMatches, config: &Config, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let given = |name: &str| matches.get_one::<String>(name).cloned();
    let Place { project, domain } = Place::of(matches, config)?;
    let program = program()?;
    let mut options = options(matches, config)?;
    let is_dry = matches.get_flag("dry-run");
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Complaint::failed(format!("the client cannot start: {error}")))?;
    // One connection and one login, made when they are needed. A dry run needs none.
    let made = OnceCell::new();
    let client = || -> Result<FlyteClient, Complaint> {
        if let Some(client) = made.get() {
            return Ok(FlyteClient::clone(client));
        }
        let client = FlyteClient::new(config, setting.environment).map_err(|error| failed(&error))?;
        Ok(made.get_or_init(|| client).clone())
    };

    let references = program.references_in_jobs();
    if is_dry {
        references.iter().for_each(|id| note(&format!("the template of {} would be fetched", shown(id))));
        options = options.assuming(&references);
    } else if !references.is_empty() {
        let templates = runtime.block_on(client()?.templates(&references)).map_err(|error| failed(&error))?;
        for id in references.iter().filter(|id| !templates.iter().any(|template| template.id.as_ref() == Some(id))) {
            note(&format!("{} is not registered: a dynamic task that runs it will fail", shown(id)));
        }
        options = templates.iter().fold(options, Options::reference);
    }

    // Its version comes of what files hold, not of where they are; and nothing is uploaded for what is refused.
    let files = program.local_files().map_err(|problems| wrong(&problems))?;
    let absent = absent(&files);
    if !absent.is_empty() {
        return Err(wrong(&absent));
    }
    let paths: BTreeSet<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    let digests = paths.iter().map(|path| Ok((path.clone(), format!("{UPLOADED}{}", runtime.block_on(digest(path))?))));
    let digests = digests.collect::<Result<BTreeMap<_, _>, ClientError>>().map_err(|error| failed(&error))?;
    let checked = compiled(&relocated(program.clone(), &digests)?, &options)?;
    tell_ignored(&checked);
    let version = given("version").unwrap_or_else(|| version_of(&checked.entities));
    let options = options.target(&project, &domain, &version);
    if is_dry {
        let told = |file: &LocalFile| note(&format!("`{}` would be uploaded: {}", file.path.display(), file.named_by));
        files.iter().for_each(told);
        let version = if references.is_empty() || given("version").is_some() {
            format!("version {version}")
        } else {
            "a version that comes of what is fetched too".to_owned()
        };
        let entities = compiled(&relocated(program, &digests)?, &options)?.entities;
        let planned = Registration::planned(&entities);
        return say(&format!("{planned}\n{} entities would be registered in {project}/{domain} as {version}\n", entities.len()));
    }
    let client = client()?.with_project(&project).with_domain(&domain);
    let urls =
        if paths.is_empty() { BTreeMap::new() } else { runtime.block_on(client.upload_all(paths)).map_err(|error| failed(&error))? };
    let entities = compiled(&relocated(program, &urls)?, &options)?.entities;
    let done = Arc::new(AtomicUsize::new(0));
    let options = RegisterOptions::default()
        .concurrency(matches.get_one::<u16>("concurrency").copied().unwrap_or(1).into())
        .activate_launch_plans(matches.get_flag("activate-launchplans"))
        .progress(progress(entities.len(), Arc::clone(&done)));
    let registration = runtime.block_on(client.register(&entities, &options));
    terminal::clear();
    let registration = registration.map_err(|error| match done.load(Ordering::Relaxed) {
        0 => failed(&error),
        done => failed(&error).or_hint(&format!(
            "hint: {done} of {} entities are done with, perhaps a few more: register again, as version {version}, and only the others are new",
            entities.len()
        )),
    })?;
    if registration.is_success() {
        say(&format!("{registration}\n{} entities are registered in {project}/{domain} as version {version}\n", entities.len()))
    } else {
        say(&registration.to_string())?;
        Ok(Exit::Failed)
    }
}

/// Files that this machine does not have, as what is wrong with the program.
fn absent(files: &[LocalFile]) -> Problems {
    let is_absent = |file: &&LocalFile| std::fs::metadata(&file.path).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    let problem = |file: &LocalFile| {
        let message =
            format!("{} is the file `{}`, which is not on this machine, and is to be uploaded", file.named_by, file.path.display());
        let hint = "if only the image has it, let the task take its path as a `String` and open it by `File::from_path`";
        Problem::new(ProblemKind::Other, message).at(file.at.clone()).hint(hint)
    };
    files.iter().filter(is_absent).map(problem).collect()
}

/// Counts the entities that are done with, and draws how many, if standard error is a terminal.
fn progress(total: usize, done: Arc<AtomicUsize>) -> impl Fn(&Registered) + Send + Sync + 'static {
    let is_drawn = std::io::stderr().is_terminal();
    move |_| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if is_drawn {
            terminal::draw(&format!("{done} of {total} entities"));
        }
    }
}

/// The program with its files of this machine at these places.
fn relocated(program: Program, places: &BTreeMap<PathBuf, String>) -> Result<Program, Complaint> {
    if places.is_empty() {
        return Ok(program);
    }
    program.relocated(|path| places.get(path).cloned()).map_err(|problems| wrong(&problems))
}
