//! What `run` names, run by the local backend, which records it.

use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use nebulakit_types::{Dialect, LiteralType, visible};
use tokio::runtime::Builder;
use uuid::Uuid;

use super::answer::answer;
use super::asked::asked;
use super::containers::Asked;
use super::limits::Limits;
use super::places::Stdin;
use super::subject::Subject;
use super::{alone, backends, detach, flags, inputs, options, plan};
use crate::backend::{Backend, LocalBackend, Options, Plan, Preview, RunError};
use crate::cli::complaint::{Complaint, describing};
use crate::cli::folder::Folder;
use crate::cli::follow::{Form, Give, Shown, Told, follow};
use crate::cli::output::say;
use crate::cli::outputs::Target;
use crate::cli::prints::{Log, Prints};
use crate::cli::setting::Setting;
use crate::cli::stops::Stops;
use crate::cli::usage;
use crate::coordinator::Strategy;
use crate::graph::{Graph, Schedule};
use crate::process::exit::Exit;
use crate::process::host::Host;
use crate::process::{logs, progress, terminal};
use crate::run::{RunHandle, RunId, RunOutcome, RunsFolder, TaskChange};
use crate::services::stores::Stores;
use crate::task::builder::ContextBuilder;
use crate::task::failure::chain;
use crate::task::surroundings::Surroundings;

/// Runs `subject`, which was called `name`, with the flags in `words`; inputs that neither they nor a run that is resumed give are as in `given`, the bytes of
/// an `inputs.pb`.
pub(super) fn run(subject: &Subject, name: &str, words: &[OsString], given: &[u8], setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let mut command = describing(|| flags::command(subject, setting))?;
    let matches = match command.try_get_matches_from_mut(words) {
        Ok(matches) => matches,
        Err(error) => return usage::answer(&error, &format!("{} run {name}", setting.binary), words),
    };
    let mut graph = subject.graph()?;
    if let Some(task) = subject.alone() {
        alone::check(task, &matches)?;
        Asked::of(&matches).place(task, &mut graph);
    }
    Asked::of(&matches).check(&graph, options::strategy(&matches).as_ref())?;
    let settings = backends::settings_of(&matches, setting)?;
    let folder = Folder::of(&matches, setting);
    if matches.get_flag(backends::DETACH) && !matches.get_flag(options::PLAN) {
        return detach::detach(name, words, &folder, setting);
    }
    let detached = detach::asked(&matches);
    let host = inputs::host(setting)?;
    if matches.get_flag(options::PLAN) {
        if settings.backend() != "local" {
            let runs = recorded_in(&folder)?;
            let copies = runs.copies().join(Uuid::new_v4().simple().to_string());
            let wanted = asked(subject, &matches, given, &runs, copies, &host, setting)?;
            let backend = backends::joined(backend(runs, host, subject, &matches, setting), &settings.backend(), &settings)?;
            let said = lay_out(subject, &graph, &matches, &wanted, &*backend)?;
            return say(&said);
        }
        return say(&plan::said(&preview(subject, &graph, &matches, given, &folder, &host, setting)?, matches.get_flag(options::JSON)));
    }
    let runs = recorded_in(&folder)?;
    // Before the run is there, nothing else says whose the copies are.
    let _in_use = runs.in_use()?;
    let copies = runs.copies().join(Uuid::new_v4().simple().to_string());
    let wanted = asked(subject, &matches, given, &runs, copies, &host, setting)?;
    let target = Target::of(&matches);
    if let Some(target) = &target {
        target.prepare(&graph)?;
    }
    let is_json = matches.get_flag(options::JSON);
    let form = Form::of(is_json && subject.alone().is_none(), matches.get_flag(options::QUIET), setting.environment);
    let shown = Shown { form, shows_logs: matches.get_flag(options::VERBOSE) };
    if form.is_for_people() {
        note_schedule(&graph);
    }
    logs::install(&host.environment, setting.platform);
    host.serve_all();
    let (stores, log) = (host.stores.clone(), Log::default());
    let stops = Stops::heard(setting.leave).map_err(cannot_start)?;
    let (printed, stopping) = (Arc::clone(&log), stops.clone());
    let local = backend(runs, host, subject, &matches, setting).begun(move |recorder| {
        stopping.stop_run(&RunHandle::of(recorder.folder().clone()));
        drop(printed.set(Arc::clone(recorder)));
    });
    if let Some(former) = wanted.resumed().filter(|_| form.is_for_people()) {
        note_changes(former, &local.changes(former).map_err(|error| refused(subject, error))?);
    }
    let backend = backends::joined(local, &settings.backend(), &settings)?;
    let plan = backend.compile(&graph, &wanted).map_err(|error| refused(subject, error))?;
    let prints = take_prints(log);
    let beside = Beside { stores: &stores, detached: detached.as_deref() };
    let ended = drive(&*backend, plan, subject, shown, &beside, &folder, setting);
    stops.stop_process();
    // A person who watches has seen it.
    if !io::stderr().is_terminal() {
        progress::at_the_end(&stores);
    }
    if let Some(prints) = prints {
        prints.end();
    }
    let (run, outcome) = ended?;
    Told { run: &run, outcome, stops: &stops, is_json, form, target, stores: &stores }.tell(&folder, setting)
}

/// What a run has to do with besides its plan.
struct Beside<'a> {
    /// What its tasks reach.
    stores: &'a Stores,
    /// Where the id of the run is said, if this process runs by itself.
    detached: Option<&'a Path>,
}

/// Runs the plan to its end, and shows it meanwhile; the run, and how it ended.
fn drive(
    backend: &dyn Backend,
    plan: Plan,
    subject: &Subject,
    shown: Shown,
    beside: &Beside<'_>,
    folder: &Folder,
    setting: &Setting<'_>,
) -> Result<(RunHandle, RunOutcome), Complaint> {
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(cannot_start)?;
    let ended = runtime.block_on(async {
        let run = backend.run(plan).await.map_err(|error| refused(subject, error))?;
        beside.detached.iter().for_each(|tell| detach::tell(tell, run.id()));
        let read = |text: &str, literal_type: &LiteralType, give: Give<'_>| answer(&run, text, literal_type, Stdin::Answers, setting, give);
        let outcome = follow(&run, shown, &read, Some(beside.stores), folder, setting).await?;
        // Of a task that was left behind something may still be there.
        let _ = fs::remove_dir(run.folder().path().join(TEMPORARY));
        Ok((run, outcome))
    });
    // What tasks spawned and left ends with the process.
    runtime.shutdown_background();
    ended
}

/// What a run would do. Nothing runs, and nothing is recorded.
fn preview(
    subject: &Subject,
    graph: &Graph,
    matches: &ArgMatches,
    given: &[u8],
    folder: &Folder,
    host: &Host,
    setting: &Setting<'_>,
) -> Result<Preview, Complaint> {
    let runs = folder.existing()?;
    let copies = host.environment.temporary_folder().join(format!("nebulakit-plan-{}", Uuid::new_v4().simple()));
    let wanted = asked(subject, matches, given, &runs, copies.clone(), host, setting);
    let preview = wanted.and_then(|wanted| {
        let limits = Limits::of(subject, matches, setting);
        let backend = LocalBackend::new(runs).coordinator(move |builder| limits.set(builder));
        let plan = backend.compile(graph, &wanted).map_err(|error| refused(subject, error))?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(cannot_start)?;
        runtime.block_on(backend.preview(&plan)).map_err(|error| refused(subject, error))
    });
    // It is there where an input can be read only once.
    let _ = fs::remove_dir_all(copies);
    preview
}

/// Writes the plan of another backend, and says what it would do.
fn lay_out(subject: &Subject, graph: &Graph, matches: &ArgMatches, wanted: &Options, backend: &dyn Backend) -> Result<String, Complaint> {
    let plan = backend.compile(graph, wanted).map_err(|error| refused(subject, error))?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(cannot_start)?;
    let preview = runtime.block_on(backend.preview(&plan)).map_err(|error| refused(subject, error))?;
    if let Some(folder) = backend.lay_out(&plan).map_err(|error| refused(subject, error))? {
        terminal::write(&format!("the plan is in {}\n", visible::line(&folder.to_string_lossy())));
    }
    Ok(plan::said(&preview, matches.get_flag(options::JSON)))
}

/// The local backend of this process, for a run that another one has begun.
pub(in crate::cli) fn onward(runs: RunsFolder, setting: &Setting<'_>) -> Result<LocalBackend, Complaint> {
    let (host, dialect) = (inputs::host(setting)?, setting.dialect());
    let local = LocalBackend::new(runs).surroundings(move |folder| surroundings(&host, &folder, dialect));
    Ok(local.coordinator(|builder| builder.grace(GRACE)))
}

/// Keeps standard output for the outputs. What tasks print goes to standard error, where lines that are drawn make way for it, and to the log of the run.
pub(super) fn take_prints(log: Log) -> Option<Prints> {
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

/// Says that a launch plan is run once, now.
fn note_schedule(graph: &Graph) {
    let schedule = match graph.launch_plan.as_ref().and_then(|plan| plan.schedule.as_ref()) {
        Some(Schedule::Cron(expression)) => expression.to_string(),
        Some(Schedule::Every(every)) => format!("every {every:?}"),
        None => return,
    };
    terminal::write(&format!("note: the schedule of `{}` ({schedule}) is for the platform; this is one run\n", graph.name));
}

/// Says which tasks are other than in the run that this one goes on with.
fn note_changes(former: &RunId, changes: &[TaskChange]) {
    if changes.is_empty() {
        return;
    }
    let lines: String = changes
        .iter()
        .map(|change| format!("  {}{}\n", visible::line(&change.to_string()), if change.interface { "; it runs again" } else { "" }))
        .collect();
    terminal::write(&format!("note: tasks were changed since the run {former}:\n{lines}"));
}

/// How long tasks that look whether they should stop may take to save what they have: a person waits, and can end them at once.
const GRACE: Duration = Duration::from_secs(5);

/// The backend, whose tasks reach what this process does.
fn backend(runs: RunsFolder, host: Host, subject: &Subject, matches: &ArgMatches, setting: &Setting<'_>) -> LocalBackend {
    let (limits, containers, dialect) = (Limits::of(subject, matches, setting), Asked::of(matches), setting.dialect());
    LocalBackend::new(runs)
        .surroundings(move |folder| surroundings(&host, &folder, dialect))
        .coordinator(move |builder| limits.set(builder.grace(GRACE)).strategy(Strategy::Container, containers.strategy()))
}

/// Where tasks have their temporary files, in the folder of their run.
const TEMPORARY: &str = "tmp";

pub(super) fn surroundings(host: &Host, folder: &Path, dialect: &'static Dialect) -> ContextBuilder {
    let place = |name: &str| folder.join(name).to_string_lossy().into_owned();
    ContextBuilder::of(Surroundings {
        raw_output_prefix: Some(place("raw")),
        temporary: folder.join(TEMPORARY).into(),
        ..host.surroundings(&place("outputs"), dialect)
    })
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
