//! `runs attach` of a run whose jobs run elsewhere and whose driver is gone: this process drives it on.

use std::fs;
use std::path::{Path, PathBuf};

use futures_util::future::BoxFuture;
use nebulakit_types::LiteralType;
use serde_json::Value;
use tokio::runtime::Builder;

use crate::backend::{Backend, LocalBackend, RunError, Said};
use crate::cli::complaint::Complaint;
use crate::cli::folder::Folder;
use crate::cli::follow::{Give, Shown, Told, follow};
use crate::cli::run::{self, Stdin, backends};
use crate::cli::setting::Setting;
use crate::cli::stops::Stops;
use crate::process::exit::Exit;
use crate::run::{RunHandle, RunStatus};
use crate::task::failure::chain;

/// A plan, by the name of its folder.
pub(super) enum OfPlan {
    /// It is that of this run.
    Run(String),
    /// Nobody has started it yet; the backend that it is for.
    Unbegun(String),
}

/// What a plan is of, if that is the folder of one.
pub(super) fn of_a_plan(named: &str) -> Option<OfPlan> {
    let plan: Value = serde_json::from_slice(&fs::read(Path::new(named).join("plan.json")).ok()?).ok()?;
    match plan.get("run").and_then(Value::as_str) {
        Some(run) => Some(OfPlan::Run(Path::new(run).file_name()?.to_str()?.to_owned())),
        None => Some(OfPlan::Unbegun(plan.get("backend")?.as_str()?.to_owned())),
    }
}

/// Whether the run has a plan elsewhere and nobody drives it.
pub(super) fn is_left(run: &RunHandle) -> Result<bool, Complaint> {
    let status = run.status()?;
    let is_left = status == RunStatus::Interrupted || (!matches!(status, RunStatus::Ended(_)) && run.folder().lacks_keeper()?);
    Ok(is_left && run.folder().path().join("plan").exists())
}

/// Drives it on, and shows it meanwhile.
pub(super) fn drive(run: &RunHandle, shown: Shown, is_json: bool, folder: &Folder, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let name = run.state()?.backend.clone();
    let stops = heard(setting)?;
    stops.stop_run(run);
    let id = run.id().clone();
    shown_to_its_end(
        &name,
        |local| local,
        |backend| Box::pin(async move { backend.drive(&id).await }),
        &stops,
        (shown, is_json),
        folder,
        setting,
    )
}

/// Starts the plan in the folder `named`, and shows its run.
pub(super) fn begin(
    named: &str,
    backend: &str,
    shown: Shown,
    is_json: bool,
    folder: &Folder,
    setting: &Setting<'_>,
) -> Result<Exit, Complaint> {
    let stops = heard(setting)?;
    let stopping = stops.clone();
    let begun = |local: LocalBackend| local.begun(move |recorder| stopping.stop_run(&RunHandle::of(recorder.folder().clone())));
    let plan = PathBuf::from(named);
    shown_to_its_end(
        backend,
        begun,
        |backend| Box::pin(async move { backend.begin(&plan).await }),
        &stops,
        (shown, is_json),
        folder,
        setting,
    )
}

fn heard(setting: &Setting<'_>) -> Result<Stops, Complaint> {
    Stops::heard(setting.leave).map_err(|error| Complaint::failed(format!("cannot listen to signals: {error}")))
}

/// Has the backend `name` drive a run, as `drives` asks it, and shows it meanwhile.
fn shown_to_its_end(
    name: &str,
    of: impl FnOnce(LocalBackend) -> LocalBackend,
    drives: impl for<'b> FnOnce(&'b dyn Backend) -> BoxFuture<'b, Result<RunHandle, RunError>>,
    stops: &Stops,
    (shown, is_json): (Shown, bool),
    folder: &Folder,
    setting: &Setting<'_>,
) -> Result<Exit, Complaint> {
    let settings = backends::settings(Said { backend: Some(name.to_owned()), ..Said::default() }, setting)?;
    let local = of(run::onward(folder.made()?, setting)?);
    let backend = backends::joined(local, name, &settings)?;
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Complaint::failed(format!("cannot drive the run: {error}")))?;
    let form = shown.form;
    let driven = runtime.block_on(async {
        let run = drives(&*backend).await.map_err(|error| match error {
            RunError::Record(error) => Complaint::from(error),
            RunError::Refused(reasons) => Complaint::failed(format!("cannot drive the run:\n{}", reasons.join("\n"))),
            error => Complaint::failed(chain(&error)),
        })?;
        let read =
            |text: &str, literal_type: &LiteralType, give: Give<'_>| run::answer(&run, text, literal_type, Stdin::Answers, setting, give);
        let outcome = follow(&run, shown, &read, None, folder, setting).await?;
        Ok::<_, Complaint>((run, outcome))
    });
    runtime.shutdown_background();
    stops.stop_process();
    let (run, outcome) = driven?;
    let stores = run::host(setting)?.stores;
    Told { run: &run, outcome, stops, is_json, form, target: None, stores: &stores }.tell(folder, setting)
}
