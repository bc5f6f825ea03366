//! `runs attach` of a run whose jobs run elsewhere and whose driver is gone: this process drives it on.

use std::fs;
use std::path::Path;

use nebulakit_types::LiteralType;
use serde_json::Value;
use tokio::runtime::Builder;

use crate::backend::{RunError, Said};
use crate::cli::complaint::Complaint;
use crate::cli::folder::Folder;
use crate::cli::follow::{Give, Shown, Told, follow};
use crate::cli::run::{self, Stdin, backends};
use crate::cli::setting::Setting;
use crate::cli::stops::Stops;
use crate::process::exit::Exit;
use crate::run::{RunHandle, RunStatus};
use crate::task::failure::chain;

/// The run of a plan, if that is the folder of one.
pub(super) fn of_a_plan(named: &str) -> Option<String> {
    let plan: Value = serde_json::from_slice(&fs::read(Path::new(named).join("plan.json")).ok()?).ok()?;
    Some(Path::new(plan.get("run")?.as_str()?).file_name()?.to_str()?.to_owned())
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
    let settings = backends::settings(Said { backend: Some(name.to_string()), ..Said::default() }, setting)?;
    let stops = Stops::heard(setting.leave).map_err(|error| Complaint::failed(format!("cannot listen to signals: {error}")))?;
    let local = run::onward(folder.made()?, setting)?;
    let backend = backends::joined(local, &name, &settings)?;
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Complaint::failed(format!("cannot drive the run: {error}")))?;
    stops.stop_run(run);
    let (form, id) = (shown.form, run.id().clone());
    let driven = runtime.block_on(async {
        let run = backend.drive(&id).await.map_err(|error| match error {
            RunError::Record(error) => Complaint::from(error),
            RunError::Refused(reasons) => Complaint::failed(format!("cannot drive the run {id} on:\n{}", reasons.join("\n"))),
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
    Told { run: &run, outcome, stops: &stops, is_json, form, target: None, stores: &stores }.tell(folder, setting)
}
