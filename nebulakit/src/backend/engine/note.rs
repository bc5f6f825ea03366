//! What the driver writes down of a job beside the attempt's own files: `job.json`, so that another driver finds it.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use serde::{Deserialize, Serialize};

use super::contract::EngineId;
use crate::backend::node::AttemptFolder;

/// The name of the file.
const NAME: &str = "job.json";

/// What is known of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// The engine that it is on.
    pub(super) engine: String,
    /// Its name there.
    pub(super) name: String,
    /// Its id; left out as long as no answer to its submit was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// What it came to, where it left no record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<NotedEnd>,
    /// Why, as the engine said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) because: Option<String>,
}

/// What a job came to that left no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NotedEnd {
    /// It was preempted, and its attempt does not count.
    Preempted,
    /// Its attempt failed.
    Failed,
}

impl Note {
    /// That of a job which is about to be submitted.
    pub(super) fn of(engine: &str, name: &str) -> Self {
        Self { engine: engine.to_owned(), name: name.to_owned(), id: None, end: None, because: None }
    }

    pub(super) fn with(self, id: &EngineId) -> Self {
        Self { id: Some(id.to_string()), ..self }
    }

    pub(super) fn ended(self, end: NotedEnd, because: Option<&str>) -> Self {
        Self { end: Some(end), because: because.map(str::to_owned), ..self }
    }

    /// Its id.
    pub(super) fn id(&self) -> Option<EngineId> {
        self.id.as_deref().map(EngineId::from)
    }

    /// Reads that of an attempt; [`None`] where none was about to be submitted.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(attempt: &AttemptFolder) -> io::Result<Option<Self>> {
        match fs::read(attempt.file(NAME)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => serde_json::from_slice(&text?).map(Some).map_err(io::Error::other),
        }
    }

    /// Writes it, whole.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(super) fn write(&self, attempt: &AttemptFolder) -> io::Result<()> {
        attempt.make()?;
        let (path, temporary) = (attempt.file(NAME), attempt.file(".job.json"));
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&serde_json::to_vec(self).map_err(io::Error::other)?)?;
        fs::rename(temporary, path)
    }

    /// Removes that of an attempt whose job was not submitted.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(super) fn remove(attempt: &AttemptFolder) -> io::Result<()> {
        fs::remove_file(attempt.file(NAME))
    }
}
