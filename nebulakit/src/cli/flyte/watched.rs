//! A run that goes on at a control plane and that nobody watches: watched again, or asked for something.

use std::path::Path;

use tokio::runtime::Builder;

use super::place::failed;
use crate::backend::flyte::{ClientError, FlyteBackend, FlyteClient};
use crate::backend::{Backend as _, RunError};
use crate::cli::complaint::Complaint;
use crate::cli::setting::Setting;
use crate::cli::stops::Stops;
use crate::process::terminal;
use crate::run::{ELSEWHERE, Request, RunHandle, RunsFolder};
use crate::services::config::Config;
use crate::task::failure::chain;

/// Watches the run from now on, on the runtime of the caller; a request to stop this process leaves it.
///
/// # Errors
/// When the control plane that it is at cannot be found, or the run's folder cannot be read.
pub(in crate::cli) fn watched(run: &RunHandle, runs: &RunsFolder, stops: &Stops, setting: &Setting<'_>) -> Result<RunHandle, Complaint> {
    let backend = backend(runs, setting)?;
    let flyte = |error: RunError| Complaint::failed(chain(&error));
    if let Some(execution) = backend.execution(run).map_err(|error| flyte(error.into()))? {
        terminal::write(&format!("{}: {}\n", execution.id(), execution.console_url()));
        stops.leave_run(run, &execution.id().name);
    }
    backend.attach(run.id()).map_err(flyte)
}

/// Asks the control plane that it is at for what somebody asks of it; the name of the execution.
///
/// # Errors
/// When the control plane cannot be found, or refuses it.
pub(in crate::cli) fn asked(run: &RunHandle, runs: &RunsFolder, request: Request, setting: &Setting<'_>) -> Result<String, Complaint> {
    let backend = backend(runs, setting)?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Complaint::failed(format!("the client cannot start: {error}")))?;
    match runtime.block_on(backend.ask(run, request)) {
        Ok(Some(execution)) => Ok(execution.id().name.clone()),
        Ok(None) => Err(Complaint::failed(format!("the run {} is none of Flyte: `{ELSEWHERE}` of its folder is gone", run.id()))),
        Err(RunError::Platform(error)) => Err(match error.downcast_ref::<ClientError>() {
            Some(error) => failed(error),
            None => Complaint::failed(error.to_string()),
        }),
        Err(error) => Err(Complaint::failed(chain(&error))),
    }
}

fn backend(runs: &RunsFolder, setting: &Setting<'_>) -> Result<FlyteBackend, Complaint> {
    let config = Config::load(setting.environment, Path::new("")).map_err(|error| Complaint::failed(error.to_string()))?;
    let client = FlyteClient::new(&config, setting.environment).map_err(|error| failed(&error))?;
    Ok(FlyteBackend::new(client, runs.clone()))
}
