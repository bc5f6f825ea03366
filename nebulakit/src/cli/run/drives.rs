//! A job of Slurm that drives a run which another process recorded: nobody watches it, and what tasks print is in the log of the run.

use std::ffi::OsString;
use std::sync::Arc;

use tokio::runtime::Builder;

use super::recorded::{surroundings, take_prints};
use super::{backends, inputs};
use crate::backend::{DriverRequest, LocalBackend, Said, serve_slurm};
use crate::cli::complaint::Complaint;
use crate::cli::prints::Log;
use crate::cli::setting::Setting;
use crate::process::exit::Exit;
use crate::process::logs;
use crate::run::RunsFolder;

/// Does what the words behind the verb say.
pub(in crate::cli) fn drive(words: &[OsString], setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let request = DriverRequest::parse(words).map_err(Complaint::usage)?;
    let (backend, _, runs) = request.of_plan().map_err(Complaint::failed)?;
    let host = inputs::host(setting)?;
    logs::install(&host.environment, setting.platform);
    host.serve_all();
    let (log, dialect) = (Log::default(), setting.dialect());
    let printed = Arc::clone(&log);
    let local = LocalBackend::new(RunsFolder::open_existing(runs)?)
        .surroundings(move |folder| surroundings(&host, &folder, dialect))
        .begun(move |recorder| drop(printed.set(Arc::clone(recorder))));
    let settings = backends::settings(Said { backend: Some(backend), ..Said::default() }, setting)?;
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Complaint::failed(format!("cannot drive the run: {error}")))?;
    let prints = take_prints(log);
    let driven = runtime.block_on(serve_slurm(local, &settings, &request, setting.environment));
    if let Some(prints) = prints {
        prints.end();
    }
    match driven {
        // Jobs that it had submitted go on: nothing that belongs to them is given up.
        Ok(()) => (setting.leave)(Exit::Stored),
        Err(said) => Err(Complaint::failed(said)),
    }
}
