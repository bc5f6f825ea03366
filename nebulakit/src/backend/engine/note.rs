//! What the driver writes down of a job beside the attempt's own files: `job.json`, so that another driver finds it.

use std::io;
use std::thread;

use serde::{Deserialize, Serialize};

use super::contract::EngineId;
use crate::backend::node::{self, AttemptFolder};

/// The name of the file.
const NAME: &str = "job.json";

/// How many are written at once into an object store.
const AT_ONCE: usize = 32;

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
        match node::read(&attempt.file(NAME)) {
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
        node::publish(&attempt.file(NAME), &serde_json::to_vec(self).map_err(io::Error::other)?)
    }

    /// Writes several, as they are: those in an object store side by side, since each takes its time there.
    pub(super) fn write_all(notes: &[(Self, AttemptFolder)]) -> Vec<io::Result<()>> {
        let write = |notes: &[(Self, AttemptFolder)]| notes.iter().map(|(note, attempt)| note.write(attempt)).collect::<Vec<_>>();
        if notes.first().is_none_or(|(_, attempt)| node::url(attempt.path()).is_none()) {
            return write(notes);
        }
        thread::scope(|scope| {
            let parts = notes.chunks(notes.len().div_ceil(AT_ONCE).max(1));
            let parts: Vec<_> = parts.map(|part| (part.len(), scope.spawn(move || write(part)))).collect();
            let unwritten = |count: usize| (0..count).map(|_| Err(io::Error::other("the thread that writes it ended"))).collect();
            parts.into_iter().flat_map(|(count, part)| part.join().unwrap_or_else(|_| unwritten(count))).collect()
        })
    }

    /// Removes that of an attempt whose job was not submitted.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(super) fn remove(attempt: &AttemptFolder) -> io::Result<()> {
        node::remove(&attempt.file(NAME))
    }
}
