//! Starts a plan: its folder is written, and Snakemake is started in it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use uuid::Uuid;

use super::backend::SnakemakeBackend;
use super::compiled::PROGRAM;
use super::folder::{PlanFolder, make, publish, read};
use super::watch::{Watcher, is_at_work};
use crate::backend::engine::of_jobs;
use crate::backend::extent::Extent;
use crate::backend::node::{PLAN_VERSION, PlanFile, copy_program};
use crate::backend::{Plan, RunError, node};
use crate::process::elf::Elf;
use crate::process::program;
use crate::run::{Build, Control, EVENT_VERSION, EventKind, Recorder, RunHandle, RunId};
use crate::services::env::Environment;

/// The file in a run's folder that says where its plan is.
const PLAN: &str = "plan.path";

/// Starts a plan on the runtime of the caller.
///
/// # Errors
/// When it cannot be started, or a run that it resumes cannot be.
pub(super) async fn start(backend: &SnakemakeBackend, plan: Plan) -> Result<RunHandle, RunError> {
    let former = plan.options.resumed().map(|run| former(backend, run, &plan)).transpose()?;
    let recorder = Arc::new(Recorder::create(&backend.runs, plan.options.durability).map_err(RunError::Record)?);
    (backend.begun.0)(&recorder);
    let run = recorder.folder().clone();
    let folder = former.unwrap_or_else(|| backend.plan_of(&run.id().to_string()));
    let begun = begin(backend, &plan, &recorder, PlanFolder::new(folder));
    // A run that did not begin would be the last one.
    let watcher = begun.inspect_err(|_| drop(run.discard()))?;
    let (over, ended) = oneshot::channel();
    tokio::spawn(async move { drop(over.send(watcher.watched().await)) });
    Ok(RunHandle::driven(&run, async move { ended.await.ok() }))
}

/// Writes the folder of a plan that nobody starts yet.
///
/// # Errors
/// When it cannot be written.
pub(super) fn lay_out(backend: &SnakemakeBackend, plan: &Plan) -> io::Result<PathBuf> {
    let folder = PlanFolder::new(backend.plan_of(&format!("plan-{}", Uuid::new_v4().simple())));
    write(backend, plan, &folder, None)?;
    Ok(folder.path().to_owned())
}

fn begin(backend: &SnakemakeBackend, plan: &Plan, recorder: &Arc<Recorder>, folder: PlanFolder) -> Result<Watcher, RunError> {
    let run = recorder.folder();
    let record = || {
        for (name, contents) in plan.files.iter().filter(|(name, _)| [Path::new("graph.json"), Path::new("inputs.pb")].contains(&&**name)) {
            run.write(name, contents, recorder.durability())?;
        }
        run.write(Path::new(PLAN), folder.path().as_os_str().as_encoded_bytes(), recorder.durability())?;
        run.write_build(&Build::of_this_program().json(), recorder.durability())?;
        recorder.record(
            None,
            EventKind::Created {
                version: EVENT_VERSION,
                run: run.id().clone(),
                name: plan.graph.name.clone(),
                backend: plan.backend.clone(),
                nodes: Extent::of(&plan.graph).nodes,
                resumes: plan.options.resumed().cloned(),
                from: None,
            },
        )
    };
    record().map_err(RunError::Record)?;
    write(backend, plan, &folder, Some(run.path())).map_err(RunError::Folder)?;
    let child = snakemake(backend, &folder).map_err(|error| {
        let said = format!("cannot start `{}`: {error}", backend.snakemake.display());
        RunError::Refused(vec![format!("{said}\nhint: `pip install 'snakemake>=9,<10'`, or name it by `SnakemakeBackend::snakemake`")])
    })?;
    Ok(Watcher::new(folder, &plan.graph, Arc::clone(recorder), Control::new(run), child))
}

/// Writes the folder of a plan.
///
/// # Errors
/// When it cannot be written.
fn write(backend: &SnakemakeBackend, plan: &Plan, folder: &PlanFolder, run: Option<&Path>) -> io::Result<()> {
    make(folder.path())?;
    for name in ["nodes", "data", "answers", "ended"] {
        make(&folder.file(name))?;
    }
    for (name, contents) in &plan.files {
        publish(&folder.path().join(name), contents)?;
    }
    let at = node::PlanFolder::at(folder.path())?;
    let source = backend.of_jobs()?;
    let copied = program_in(&at, &source)?;
    let link = folder.file(PROGRAM);
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink(Path::new(&copied).file_name().unwrap_or_default(), &link)?;
    let file = PlanFile {
        version: PLAN_VERSION,
        id: folder.path().file_name().unwrap_or_default().to_string_lossy().into_owned(),
        name: plan.graph.name.clone().into_owned(),
        backend: plan.backend.clone().into_owned(),
        build: Elf::read(&source)?.id,
        program: copied,
        run: run.map(|run| run.to_string_lossy().into_owned()),
        // Where the files of a local run are.
        data: run.map(|run| run.join("raw").to_string_lossy().into_owned()),
        variables: std::collections::BTreeMap::new(),
    };
    for name in ["stop", "cancelled", "failed.json", "handler.json", "snakemake.jsonl"] {
        let _ = fs::remove_file(folder.file(name));
    }
    file.write(&at)
}

/// Copies the program into the plan. The digest of a program is taken once in a process, as long as its file stays the same.
fn program_in(folder: &node::PlanFolder, source: &Path) -> io::Result<String> {
    static KNOWN: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let key = || Ok::<_, io::Error>(format!("{} {}", program::build_of(source)?, source.display()));
    let before = key()?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(copied) = known.get(&before) {
        let place = folder.path().join(copied);
        if !place.exists() {
            place.parent().map_or(Ok(()), make)?;
            fs::copy(source, &place)?;
            fs::set_permissions(&place, fs::Permissions::from_mode(0o700))?;
        }
        if key()? == before {
            return Ok(copied.clone());
        }
    }
    let copied = copy_program(folder, source)?;
    known.insert(before, copied.clone());
    Ok(copied)
}

/// Starts Snakemake, in a process group of its own.
fn snakemake(backend: &SnakemakeBackend, folder: &PlanFolder) -> io::Result<Child> {
    // Snakemake would run those again and nothing behind them. What a job left is whole or not there, and its marker is what says so.
    let _ = fs::remove_dir_all(folder.file(".snakemake/incomplete"));
    if fs::read_dir(folder.file(".snakemake/locks")).is_ok_and(|mut locks| locks.next().is_some()) {
        // Nobody works on it: that was looked at.
        Command::new(&backend.snakemake).arg("--unlock").current_dir(folder.path()).stdin(Stdio::null()).output()?;
    }
    let printed = File::create(folder.file("snakemake.log"))?;
    let plugins = folder.file("plugins");
    let cores = backend.cores.map_or_else(|| "all".to_owned(), |cores| cores.to_string());
    let mut command = Command::new(&backend.snakemake);
    command.args(["--cores", &cores, "--logger", "nebulakit"]);
    if backend.image.is_some() {
        command.args(["--sdm", "apptainer"]);
    }
    command
        .args(&backend.arguments)
        .current_dir(folder.path())
        .env_clear()
        .envs(of_jobs(&Environment::from_process(), &backend.variables))
        .env("PYTHONPATH", plugins)
        .env("NEBULAKIT_SNAKEMAKE_LOG", folder.file("snakemake.jsonl"))
        .stdin(Stdio::null())
        .stderr(printed.try_clone()?)
        .stdout(printed)
        .process_group(0)
        .spawn()
}

/// The folder of the plan of a run that this one resumes.
fn former(backend: &SnakemakeBackend, run: &RunId, plan: &Plan) -> Result<PathBuf, RunError> {
    let handle = RunHandle::attach(&backend.runs, run).map_err(RunError::Record)?;
    handle.resumable().map_err(RunError::Record)?;
    let refuse = |said: String| RunError::Refused(vec![said]);
    let path = read(&handle.folder().path().join(PLAN)).map_err(RunError::Folder)?;
    let path = path.ok_or_else(|| refuse(format!("the run {run} did not run on Snakemake, which goes on with its own runs only")))?;
    let path = PathBuf::from(String::from_utf8_lossy(&path).into_owned());
    for (name, what) in [("graph.json", "workflow"), ("inputs.pb", "inputs")] {
        let now = plan.files.iter().find(|(file, _)| file == Path::new(name)).map(|(_, contents)| contents);
        if read(&path.join(name)).map_err(RunError::Folder)?.as_ref() != now {
            return Err(refuse(format!(
                "the {what} changed since the run {run}, and Snakemake goes on with what it began; start a new run"
            )));
        }
    }
    match is_at_work(&path) {
        Some(process) => Err(refuse(format!("Snakemake still works on the run {run}: process {process}; cancel that, or wait for it"))),
        None => Ok(path),
    }
}
