//! Follows the events and logs of a run as they come, from any process.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::run::error::RecordError;
use crate::run::event::{Event, EventKind};
use crate::run::folder::RunFolder;
use crate::run::log::{EventReader, GOES_ON, Lines};
use crate::run::path::NodePath;
use crate::run::watch::{PERIOD, Watch};

/// The events of a run, starting with the first.
#[derive(Debug)]
pub struct RunEvents {
    folder: RunFolder,
    reader: Option<EventReader>,
    /// Where the first one begins, and how many are before it.
    from: (u64, u64),
    is_over: bool,
}

impl RunEvents {
    pub(super) fn new(folder: RunFolder) -> Self {
        Self::behind(folder, (0, 0))
    }

    /// Those behind the first ones: `read` is how many bytes these have, and how many they are.
    pub(super) fn behind(folder: RunFolder, read: (u64, u64)) -> Self {
        Self { folder, reader: None, from: read, is_over: false }
    }

    /// The next event; [`None`] after the last one. It waits as long as a process drives the run, and needs a tokio runtime with time for that.
    ///
    /// # Errors
    /// When the events cannot be read.
    ///
    /// # Cancel safety
    /// No event is lost if this is dropped.
    pub async fn next(&mut self) -> Result<Option<Event>, RecordError> {
        loop {
            if let Some(event) = self.read()? {
                return Ok(Some(event));
            }
            // What its driver has recorded by now is read after that.
            let is_driven = self.folder.is_driven()?;
            match self.read()? {
                None if is_driven && !self.is_over => tokio::time::sleep(PERIOD).await,
                event => return Ok(event),
            }
        }
    }

    /// The next event; [`None`] if there is none yet.
    ///
    /// # Errors
    /// When the events cannot be read.
    pub fn read(&mut self) -> Result<Option<Event>, RecordError> {
        if self.reader.is_none() {
            self.reader = EventReader::again(&self.folder.events(), self.from)?;
        }
        let event = self.reader.as_mut().map_or(Ok(None), EventReader::next)?;
        self.is_over |= event.as_ref().is_some_and(|event| matches!(event.kind, EventKind::Ended { .. }));
        Ok(event)
    }
}

/// What a node, or the run itself, logged and printed, starting with the first line.
#[derive(Debug)]
pub struct LogLines {
    watch: Arc<Watch>,
    node: Option<NodePath>,
    path: PathBuf,
    lines: Option<Lines>,
    /// How far the file was read before it was closed: bytes, and lines.
    before: (u64, u64),
}

/// A line of a log.
///
/// Its text form is that of the file: `2026-11-29T10:00:00.5Z stdout 3 words`, with `stdout+` if the line continues.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogLine {
    /// When it was written; [`None`] for a line that is damaged, whose text is all of it.
    pub at: Option<SystemTime>,
    /// What wrote it: `stdout`, `stderr`, or the level of a log, as `INFO`; empty for a line that is damaged.
    pub source: String,
    /// The text. Bytes that are not UTF-8 become U+FFFD; the file has the original bytes.
    pub text: String,
    /// Whether the line continues in the next one from its source, because it is too long, or was not complete when it was written.
    pub goes_on: bool,
}

impl LogLines {
    pub(super) fn new(watch: Arc<Watch>, node: Option<NodePath>) -> Self {
        Self { path: watch.folder.log(node.as_ref()), watch, node, lines: None, before: (0, 0) }
    }

    /// The next line; [`None`] after the last one. It waits as long as the node may go on, and needs a tokio runtime with time for that.
    ///
    /// # Errors
    /// When the log or the events cannot be read.
    ///
    /// # Cancel safety
    /// No line is lost if this is dropped.
    pub async fn next(&mut self) -> Result<Option<LogLine>, RecordError> {
        loop {
            if let Some(line) = self.read()? {
                return Ok(Some(line));
            }
            let is_over = self.watch.is_over(self.node.as_ref())?;
            match self.read()? {
                None if !is_over => tokio::time::sleep(PERIOD).await,
                line => return Ok(line),
            }
        }
    }

    /// The next line; [`None`] if there is none yet.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn read(&mut self) -> Result<Option<LogLine>, RecordError> {
        if self.lines.is_none() {
            self.lines = Lines::again(&self.path, self.before)?;
        }
        let Some(lines) = &mut self.lines else { return Ok(None) };
        let Some(line) = lines.next()? else { return Ok(None) };
        let line = String::from_utf8_lossy(line);
        // A loss of power can damage a log, which is never synced. Its other lines, and other logs, are as good as before.
        Ok(Some(LogLine::parse(&line).unwrap_or_else(|| LogLine::damaged(line.into_owned()))))
    }

    /// Closes the file until it is read again: a run can have more logs than a process may have open files.
    pub(crate) fn close(&mut self) {
        if let Some(lines) = self.lines.take() {
            self.before = (lines.offset(), lines.count());
        }
    }
}

impl LogLine {
    fn parse(line: &str) -> Option<Self> {
        let (at, line) = line.split_once(' ')?;
        let (source, text) = line.split_once(' ')?;
        let at = at.parse::<jiff::Timestamp>().ok()?.into();
        let (source, goes_on) = source.strip_suffix(GOES_ON).map_or((source, false), |source| (source, true));
        Some(Self { at: Some(at), source: source.to_owned(), text: text.to_owned(), goes_on })
    }

    fn damaged(text: String) -> Self {
        Self { at: None, source: String::new(), text, goes_on: false }
    }
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(at) = self.at else { return f.write_str(&self.text) };
        let at = jiff::Timestamp::try_from(at).map_err(|_| fmt::Error)?;
        let mark = if self.goes_on { GOES_ON } else { "" };
        write!(f, "{at} {}{mark} {}", self.source, self.text)
    }
}
