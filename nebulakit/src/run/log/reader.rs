//! The events that were recorded of a run.

use std::path::Path;

use serde::Deserialize;

use crate::run::error::{RunError, RunErrorKind};
use crate::run::event::{EVENT_VERSION, Event};
use crate::run::log::lines::Lines;

/// Reads the events of a run in their order, and goes on where it was when there are more.
#[derive(Debug)]
pub(crate) struct EventReader(Lines);

/// What the first event says in every version.
#[derive(Deserialize)]
struct First {
    version: u32,
}

impl EventReader {
    /// Opens the file of the events; [`None`] where it is not there yet.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, RunError> {
        Ok(Lines::open(path)?.map(Self))
    }

    /// The next event; [`None`] where there is none yet.
    ///
    /// # Errors
    /// When the file cannot be read, when a line in it is not the event that has to be there, or when a newer version of nebulakit wrote it.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, RunError> {
        let sequence = self.0.count();
        let Some(line) = self.0.next()? else { return Ok(None) };
        if sequence == 0
            && let Ok(First { version }) = serde_json::from_slice(line)
            && version > EVENT_VERSION
        {
            let newer = format!(
                "a newer version of nebulakit recorded the run: its events have version {version}, and this one knows up to {EVENT_VERSION}"
            );
            return Err(RunError::new(RunErrorKind::Newer, newer));
        }
        match serde_json::from_slice::<Event>(line) {
            Ok(event) if event.sequence == sequence => Ok(Some(event)),
            Ok(event) => Err(self.corrupt(format!("it has the event {}, and {sequence} is due", event.sequence))),
            Err(error) => Err(self.corrupt(format!("it is not an event: {error}"))),
        }
    }

    /// Says that the event that was read last cannot be there.
    pub(crate) fn corrupt(&self, what: impl std::fmt::Display) -> RunError {
        self.0.corrupt(self.0.count(), what)
    }

    /// Where the next event begins.
    pub(crate) fn offset(&self) -> u64 {
        self.0.offset()
    }

    /// How many events were read.
    pub(crate) fn count(&self) -> u64 {
        self.0.count()
    }
}
