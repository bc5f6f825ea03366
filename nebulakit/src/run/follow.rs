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
    is_over: bool,
}

impl RunEvents {
    pub(super) fn new(folder: RunFolder) -> Self {
        Self { folder, reader: None, is_over: false }
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
            // Asked first: what it has recorded by then is read after that.
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
            self.reader = EventReader::open(&self.folder.events())?;
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
    /// When it was written.
    pub at: SystemTime,
    /// What wrote it: `stdout`, `stderr`, or a log level, such as `INFO`.
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
        match LogLine::parse(&String::from_utf8_lossy(line)) {
            Some(line) => Ok(Some(line)),
            None => Err(lines.corrupt(lines.count(), "it does not begin with a time and a source")),
        }
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
        Some(Self { at, source: source.to_owned(), text: text.to_owned(), goes_on })
    }
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = jiff::Timestamp::try_from(self.at).map_err(|_| fmt::Error)?;
        let mark = if self.goes_on { GOES_ON } else { "" };
        write!(f, "{at} {}{mark} {}", self.source, self.text)
    }
}
