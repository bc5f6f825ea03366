//! A run that goes on at a control plane, watched again.

use std::path::Path;

use crate::backend::flyte::{FlyteBackend, FlyteClient};
use crate::backend::{Backend as _, RunError};
use crate::cli::complaint::Complaint;
use crate::cli::setting::Setting;
use crate::cli::stops::Stops;
use crate::process::terminal;
use crate::run::{RunHandle, RunsFolder};
use crate::services::config::Config;
use crate::task::failure::chain;

/// Watches the run from now on, on the runtime of the caller; a request to stop this process leaves it.
///
/// # Errors
/// When the control plane that it is at cannot be found, or the run's folder cannot be read.
pub(in crate::cli) fn watched(run: &RunHandle, runs: &RunsFolder, stops: &Stops, setting: &Setting<'_>) -> Result<RunHandle, Complaint> {
    let config = Config::load(setting.environment, Path::new("")).map_err(|error| Complaint::failed(error.to_string()))?;
    let flyte = |error: RunError| Complaint::failed(chain(&error));
    let client = FlyteClient::new(&config, setting.environment).map_err(|error| flyte(error.into()))?;
    let backend = FlyteBackend::new(client, runs.clone());
    if let Some(execution) = backend.execution(run).map_err(|error| flyte(error.into()))? {
        terminal::write(&format!("{}: {}\n", execution.id(), execution.console_url()));
        stops.leave_run(run, &execution.id().name);
    }
    backend.attach(run.id()).map_err(flyte)
}
