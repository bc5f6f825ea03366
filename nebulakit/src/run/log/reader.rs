//! Reads the recorded events of a run.

use std::fmt::Display;
use std::path::Path;
use std::time::SystemTime;

use serde::Deserialize;

use crate::coordinator::wall;
use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::event::{EVENT_VERSION, Event};
use crate::run::log::lines::{Lines, Span};
use crate::run::path::NodePath;

/// Reads the events of a run in order, and continues when there are more. It stops at the first one that cannot be read.
#[derive(Debug)]
pub(crate) struct EventReader {
    lines: Lines,
    failed: Option<RecordError>,
}

/// What the first event has in every version.
#[derive(Deserialize)]
struct First {
    version: u32,
}

/// What every event has besides its kind.
#[derive(Deserialize)]
struct Head {
    sequence: u64,
    #[serde(with = "wall")]
    at: SystemTime,
    node: Option<NodePath>,
}

/// The event of a line. The line is parsed twice: [`Event`]'s own deserializer first keeps all of it as values, and takes twice as long.
fn event(line: &[u8]) -> serde_json::Result<Event> {
    let Head { sequence, at, node } = serde_json::from_slice(line)?;
    Ok(Event { sequence, at, node, kind: serde_json::from_slice(line)? })
}

impl EventReader {
    /// Opens the file of the events; [`None`] if it does not exist yet.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, RecordError> {
        Self::again(path, (0, 0))
    }

    /// Opens the file of the events that was read up to there: bytes, and events.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn again(path: &Path, read: (u64, u64)) -> Result<Option<Self>, RecordError> {
        Ok(Lines::again(path, read)?.map(|lines| Self { lines, failed: None }))
    }

    /// The next event; [`None`] if there is none yet.
    ///
    /// # Errors
    /// When the file cannot be read, when a line in it is not the expected event, or when a newer version of nebulakit wrote it.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, RecordError> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        let sequence = self.lines.count();
        let Some(line) = self.lines.next()? else { return Ok(None) };
        if sequence == 0
            && let Ok(First { version }) = serde_json::from_slice(line)
            && version > EVENT_VERSION
        {
            let newer = format!(
                "a newer version of nebulakit recorded the run: its events have version {version}, and this one knows up to {EVENT_VERSION}"
            );
            return Err(self.failed.insert(RecordError::new(RecordErrorKind::Newer, newer)).clone());
        }
        match event(line) {
            Ok(event) if event.sequence == sequence => Ok(Some(event)),
            Ok(event) => Err(self.fail(format!("expected event {sequence}, found event {}", event.sequence))),
            Err(error) => Err(self.fail(format!("it is not an event: {error}"))),
        }
    }

    /// Reports that the last event is wrong; all further reads fail with this error.
    pub(crate) fn fail(&mut self, what: impl Display) -> RecordError {
        self.failed.insert(self.lines.corrupt(self.lines.count(), what)).clone()
    }

    /// Reads the event that is there.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn at(&self, span: Span) -> Result<Event, RecordError> {
        event(&self.lines.at(span)?).map_err(|error| self.lines.changed(&error))
    }

    /// Where the event is that was read last.
    pub(crate) fn last(&self) -> Span {
        self.lines.last()
    }

    /// Where the next event begins.
    pub(crate) fn offset(&self) -> u64 {
        self.lines.offset()
    }

    /// How many events were read.
    pub(crate) fn count(&self) -> u64 {
        self.lines.count()
    }
}
