//! The events of a run, as lines of JSON.

use std::collections::HashMap;
use std::time::SystemTime;

use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::event::{Event, EventKind};
use crate::run::log::appending::Appending;
use crate::run::log::clock::Clock;
use crate::run::log::lines::LONGEST;
use crate::run::path::NodePath;

/// Writes events.
#[derive(Debug)]
pub(super) struct Events {
    file: Appending,
    clock: Clock,
    /// When the last one happened.
    latest: Option<SystemTime>,
    /// The sequence number of the next one.
    next: u64,
    /// How many the kernel has.
    written: u64,
    /// The progress of nodes that is not recorded yet: one of many reports is enough.
    progress: HashMap<NodePath, (u64, Option<u64>)>,
    /// Whether nothing may follow.
    is_closed: bool,
}

impl Events {
    /// Continues after the first `events`.
    pub(super) fn new(file: Appending, events: u64, clock: Clock) -> Self {
        Self { file, clock, latest: clock.last(), next: events, written: events, progress: HashMap::new(), is_closed: false }
    }

    /// Adds an event to the buffer, after any pending progress of its node. It happened now, or at another time that is told; never before the one ahead of it,
    /// and not in the future.
    ///
    /// # Errors
    /// When it has no form as JSON, when those that wait cannot be written, or when the run is over.
    pub(super) fn append(&mut self, at: Option<SystemTime>, node: Option<&NodePath>, kind: EventKind) -> Result<(), RecordError> {
        if self.is_closed {
            return Err(RecordError::new(RecordErrorKind::Over, "an event cannot be recorded: its run is over"));
        }
        let is_last = matches!(kind, EventKind::Ended { .. });
        if !self.progress.is_empty()
            && let Some((node, (done, total))) = node.and_then(|node| self.progress.remove_entry(node))
        {
            self.put(None, Some(node), EventKind::Progress { done, total })?;
        }
        self.put(at, node.cloned(), kind)?;
        if is_last {
            self.close();
        }
        Ok(())
    }

    /// Takes no more events. Threads that the run left behind still report progress; readers refuse events after the end.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        self.progress.clear();
    }

    /// Keeps the progress of a node for the next [`write`](Self::write_progress).
    pub(super) fn progress(&mut self, node: &NodePath, done: u64, total: Option<u64>) {
        if !self.is_closed {
            self.progress.insert(node.clone(), (done, total));
        }
    }

    /// Adds the pending progress of nodes to the buffer, and writes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write_progress(&mut self) -> Result<(), RecordError> {
        for (node, (done, total)) in std::mem::take(&mut self.progress) {
            self.put(None, Some(node), EventKind::Progress { done, total })?;
        }
        self.write()
    }

    /// Writes the buffered events.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn write(&mut self) -> Result<(), RecordError> {
        self.file.write()?;
        self.written = self.next;
        Ok(())
    }

    /// How many events the kernel has.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    fn put(&mut self, at: Option<SystemTime>, node: Option<NodePath>, kind: EventKind) -> Result<(), RecordError> {
        let now = self.clock.now();
        let at = at.map_or(now, |at| at.min(now)).max(self.latest.unwrap_or(SystemTime::UNIX_EPOCH));
        self.latest = Some(at);
        let event = Event { sequence: self.next, at, node, kind };
        self.file.append(|waiting| {
            let start = waiting.len();
            let told = serde_json::to_writer(&mut *waiting, &event).map_err(|error| error.to_string());
            let told = told.and_then(|()| match waiting.len() - start {
                length if length < LONGEST => Ok(()),
                length => Err(format!("it takes {length} bytes, and the limit is {LONGEST}")),
            });
            told.map_err(|cause| {
                RecordError::new(RecordErrorKind::Io(std::io::ErrorKind::InvalidInput), format!("an event cannot be recorded: {cause}"))
            })?;
            waiting.push(b'\n');
            Ok(())
        })?;
        self.next += 1;
        Ok(())
    }
}
