//! Where a run of ours is: the file in its folder that says which execution it is.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::client::FlyteClient;
use super::super::error::{ClientError, ClientErrorKind};
use super::super::execution::Execution;
use crate::run::{ELSEWHERE, RunFolder};

/// The version of the file.
const VERSION: u32 = 1;

/// Which execution a run is, as its folder says: `elsewhere.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Elsewhere {
    version: u32,
    /// `host:port` of the control plane.
    endpoint: String,
    project: String,
    domain: String,
    execution: String,
    /// Its page for people.
    console: String,
}

impl Elsewhere {
    pub(super) fn of(execution: &Execution) -> Self {
        let id = execution.id();
        Self {
            version: VERSION,
            endpoint: execution.client().endpoint(),
            project: id.project.clone(),
            domain: id.domain.clone(),
            execution: id.name.clone(),
            console: execution.console_url(),
        }
    }

    /// The file's name and what is in it.
    pub(super) fn file(&self) -> (PathBuf, Vec<u8>) {
        (PathBuf::from(ELSEWHERE), serde_json::to_vec_pretty(self).expect("texts have a form as JSON"))
    }

    /// That of a run; [`None`] if it is not one of Flyte.
    pub(super) fn read(run: &RunFolder) -> Result<Option<Self>, ClientError> {
        let path = run.path().join(ELSEWHERE);
        let damaged = |why: &str| ClientError::new(ClientErrorKind::Settings, format!("`{}` {why}", path.display()));
        let json = match std::fs::read(&path) {
            Ok(json) => json,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(damaged(&format!("cannot be read: {error}"))),
        };
        let read: Self = serde_json::from_slice(&json).map_err(|error| damaged(&format!("says no execution: {error}")))?;
        match read.version {
            VERSION => Ok(Some(read)),
            _ => Err(damaged("was written by another version of nebulakit").with_hint("use that version")),
        }
    }

    /// The execution, at the control plane of `client`.
    pub(super) fn execution(&self, client: &FlyteClient) -> Result<Execution, ClientError> {
        if client.endpoint() != self.endpoint {
            let message =
                format!("the execution `{}` is at `{}`, and the client reaches `{}`", self.execution, self.endpoint, client.endpoint());
            return Err(ClientError::new(ClientErrorKind::Settings, message).with_hint("`admin.endpoint` names the control plane"));
        }
        client.execution(&self.project, &self.domain, &self.execution)
    }
}
