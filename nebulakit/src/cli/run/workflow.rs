//! `run` of a workflow or a launch plan: by the local backend, which records it.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use nebulakit_types::{Dialect, LiteralType, visible};
use tokio::runtime::Builder;
use uuid::Uuid;

use super::containers::Asked;
use super::subject::Subject;
use super::{flags, inputs, options, plan};
use crate::backend::{Backend as _, CacheUse, LocalBackend, Options, Preview, RunError};
use crate::cli::complaint::{Complaint, describing};
use crate::cli::folder::{Folder, find};
use crate::cli::follow::{Form, Shown, Stops, follow, tell};
use crate::cli::output::say;
use crate::cli::prints::{Log, Prints};
use crate::cli::setting::Setting;
use crate::cli::{graph, usage};
use crate::coordinator::{CoordinatorBuilder, ProcessStrategy, Strategy, ThreadStrategy};
use crate::graph::{Graph, Schedule};
use crate::process::exit::Exit;
use crate::process::host::Host;
use crate::process::signal::StopSignals;
use crate::process::{logs, terminal};
use crate::run::{Durability, RunHandle, RunStatus, RunsFolder};
use crate::task::builder::ContextBuilder;
use crate::task::failure::chain;
use crate::task::surroundings::Surroundings;
use crate::workflow::WorkflowDef;

/// Runs `workflow`, which was called `name`, with the flags in `words`.
pub(super) fn run(workflow: &'static WorkflowDef, name: &str, words: &[OsString], setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let subject = Subject::workflow(workflow, setting);
    let mut command = describing(|| flags::command(&subject, setting))?;
    let matches = match command.try_get_matches_from_mut(words) {
        Ok(matches) => matches,
        Err(error) => return usage::answer(&error, &format!("{} run {name}", setting.binary), words),
    };
    let graph = describing(|| graph::of(workflow))??;
    let folder = Folder::of(&matches, setting);
    let host = inputs::host(setting)?;
    if matches.get_flag(options::PLAN) {
        return say(&plan::said(&preview(&subject, &graph, &matches, &folder, &host, setting)?, matches.get_flag(options::JSON)));
    }
    let runs = recorded_in(&folder)?;
    // Before the run is there, nothing else says whose the copies are.
    let _in_use = runs.in_use()?;
    let copies = runs.copies().join(Uuid::new_v4().simple().to_string());
    let asked = options(&subject, &matches, &runs, copies, &host, setting)?;
    let is_json = matches.get_flag(options::JSON);
    let form = Form::of(is_json, matches.get_flag(options::QUIET));
    let shows_logs = matches.get_flag(options::VERBOSE);
    if form.is_for_people() {
        note_schedule(&graph);
    }
    logs::install(&host.environment, setting.platform);
    host.serve_all();
    let log = Log::default();
    let printed = Arc::clone(&log);
    let backend = backend(runs, host, &matches, setting.dialect()).begun(move |recorder| drop(printed.set(Arc::clone(recorder))));
    let plan = backend.compile(&graph, &asked).map_err(|error| refused(&subject, error))?;
    let signals = StopSignals::listen().map_err(cannot_start)?;
    let prints = take_prints(log);
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(cannot_start)?;
    let ended = runtime.block_on(async {
        let run = backend.run(plan).await.map_err(|error| refused(&subject, error))?;
        let stops = Stops::heard_for(&run, signals, setting.leave).map_err(cannot_start)?;
        let answers = run.folder().path().join("answers");
        let read = |text: &str, literal_type: &LiteralType| inputs::literal(text, literal_type, answers.clone(), setting);
        let outcome = follow(&run, Shown { form, shows_logs }, &read, &folder, setting).await?;
        Ok::<_, Complaint>((run, outcome, stops.signal()))
    });
    // What tasks spawned and left ends with the process.
    runtime.shutdown_background();
    if let Some(prints) = prints {
        prints.end();
    }
    let (run, outcome, signal) = ended?;
    tell(&run, outcome, signal, is_json, &folder, setting)
}

/// What a run would do. Nothing runs, and nothing is recorded.
fn preview(
    subject: &Subject,
    graph: &Graph,
    matches: &ArgMatches,
    folder: &Folder,
    host: &Host,
    setting: &Setting<'_>,
) -> Result<Preview, Complaint> {
    let runs = folder.existing()?;
    let copies = host.environment.temporary_folder().join(format!("nebulakit-plan-{}", Uuid::new_v4().simple()));
    let asked = options(subject, matches, &runs, copies.clone(), host, setting);
    let preview = asked.and_then(|asked| {
        let backend = LocalBackend::new(runs);
        let plan = backend.compile(graph, &asked).map_err(|error| refused(subject, error))?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(cannot_start)?;
        runtime.block_on(backend.preview(&plan)).map_err(|error| refused(subject, error))
    });
    // It is there where an input can be read only once.
    let _ = fs::remove_dir_all(copies);
    preview
}

/// Keeps standard output for the outputs. What tasks print goes to standard error, where lines that are drawn make way for it, and to the log of the run.
fn take_prints(log: Log) -> Option<Prints> {
    Prints::take(log).inspect_err(|error| tracing::warn!("what tasks print is not in the log of the run: {error}")).ok()
}

/// The folder that the run is recorded in.
fn recorded_in(folder: &Folder) -> Result<RunsFolder, Complaint> {
    let runs = folder.made()?;
    match runs.path().to_str() {
        Some(_) => Ok(runs),
        None => {
            let shown = runs.path().to_string_lossy();
            Err(Complaint::failed(format!("cannot record runs in `{}`, whose path is not UTF-8", visible::line(&shown))))
        }
    }
}

/// The run that this one goes on with, which is of the same workflow and over.
fn former(subject: &Subject, matches: &ArgMatches, runs: &RunsFolder) -> Result<Option<RunHandle>, Complaint> {
    let Some(name) = matches.get_one::<String>(options::RESUME) else { return Ok(None) };
    let run = find(runs, name)?;
    let of = run.state()?.name.clone();
    if of != subject.name {
        return Err(Complaint::usage(format!("the run {} is of `{}`, not of `{}`", run.id(), visible::line(&of), subject.name)));
    }
    match run.status()? {
        RunStatus::Running | RunStatus::Stopping => Err(Complaint::usage(format!("the run {} is not over", run.id()))),
        _ => Ok(Some(run)),
    }
}

/// Says that a launch plan is run once, now.
fn note_schedule(graph: &Graph) {
    let schedule = match graph.launch_plan.as_ref().and_then(|plan| plan.schedule.as_ref()) {
        Some(Schedule::Cron(expression)) => expression.to_string(),
        Some(Schedule::Every(every)) => format!("every {every:?}"),
        None => return,
    };
    terminal::write(&format!("note: the schedule of `{}` ({schedule}) is for the platform; this is one run\n", graph.name));
}

/// How the command line wants it run, and with which inputs: those that can be read only once are copied to `copies`.
fn options(
    subject: &Subject,
    matches: &ArgMatches,
    runs: &RunsFolder,
    copies: PathBuf,
    host: &Host,
    setting: &Setting<'_>,
) -> Result<Options, Complaint> {
    let former = former(subject, matches, runs)?;
    let before = former.as_ref().map_or(Ok(Vec::new()), RunHandle::inputs)?;
    let asked = asked(matches).inputs(inputs::inputs(subject, matches, &before, copies, &host.stores, setting)?);
    Ok(match former {
        Some(former) => asked.resumes(former.id().clone()),
        None => asked,
    })
}

/// How the command line wants it run.
fn asked(matches: &ArgMatches) -> Options {
    let durability = if matches.get_flag(options::DURABLE) { Durability::Disk } else { Durability::Kernel };
    let cache = match (matches.get_flag(options::NO_CACHE), matches.get_flag(options::OVERWRITE_CACHE)) {
        (true, _) => CacheUse::Off,
        (false, true) => CacheUse::Overwrite,
        (false, false) => CacheUse::On,
    };
    let asked = Options::new().durability(durability).cache(cache);
    match matches.get_one::<String>(options::STRATEGY) {
        Some(name) => asked.strategy(Strategy::named(name.clone())),
        None => asked,
    }
}

/// The backend, whose tasks are given what a task that is run alone is given.
fn backend(runs: RunsFolder, host: Host, matches: &ArgMatches, dialect: &'static Dialect) -> LocalBackend {
    let jobs = matches.get_one::<usize>(options::JOBS).copied();
    let (tokens, containers) = (options::token_limits(matches), Asked::any(matches));
    LocalBackend::new(runs).surroundings(move |folder| surroundings(&host, &folder, dialect)).coordinator(move |builder| {
        let builder = tokens.iter().fold(builder, |builder, (name, tokens)| builder.tokens(name.clone(), *tokens));
        let builder = match jobs {
            Some(jobs) => limited(builder, jobs),
            None => builder,
        };
        builder.strategy(Strategy::Container, containers.strategy())
    })
}

/// At most so many tasks at once.
#[expect(clippy::cast_precision_loss, reason = "nobody has that many cores")]
fn limited(builder: CoordinatorBuilder, jobs: usize) -> CoordinatorBuilder {
    builder
        .jobs(jobs)
        .cores(jobs as f64)
        .strategy(Strategy::Thread, ThreadStrategy::with_slots(jobs))
        .strategy(Strategy::Process, ProcessStrategy::with_slots(jobs))
}

fn surroundings(host: &Host, folder: &Path, dialect: &'static Dialect) -> ContextBuilder {
    let place = |name: &str| folder.join(name).to_string_lossy().into_owned();
    ContextBuilder::of(Surroundings { raw_output_prefix: Some(place("raw")), ..host.surroundings(&place("outputs"), dialect) })
}

/// Why it cannot be run.
fn refused(subject: &Subject, error: RunError) -> Complaint {
    match error {
        RunError::Record(error) => error.into(),
        RunError::Refused(reasons) => {
            let reasons: String = reasons.iter().map(|reason| format!("\n{reason}")).collect();
            Complaint::failed(format!("the {} `{}` cannot run here:{reasons}", subject.what, subject.name))
        }
        error => Complaint::failed(chain(&error)),
    }
}

fn cannot_start(error: io::Error) -> Complaint {
    Complaint::failed(format!("cannot start the run: {error}"))
}
