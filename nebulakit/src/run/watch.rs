//! A run as read from its folder: everything once, and then only what is new.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::event::{EventKind, Recorded};
use crate::run::folder::RunFolder;
use crate::run::log::EventReader;
use crate::run::path::NodePath;
use crate::run::state::{RunState, RunStatus};

/// How often to look for new events while waiting.
pub(super) const PERIOD: Duration = Duration::from_millis(50);

/// A run as read from its folder.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) folder: RunFolder,
    seen: Mutex<Seen>,
}

/// How a node succeeded.
#[derive(Debug)]
pub(crate) struct Success {
    pub(crate) outputs: Recorded,
    /// The digest of its inputs.
    pub(crate) inputs: Option<String>,
    /// The digest of the metadata of the files that its outputs name.
    pub(crate) files: Option<String>,
}

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    reader: Option<EventReader>,
    pub(super) state: Arc<RunState>,
    /// The offsets of the events that have the outputs of nodes.
    succeeded: HashMap<NodePath, u64>,
    /// The outputs of the run.
    result: Option<Recorded>,
}

impl Watch {
    pub(super) fn new(folder: RunFolder) -> Self {
        Self { folder, seen: Mutex::default() }
    }

    /// Reads what is new, and returns everything.
    ///
    /// # Errors
    /// When the events cannot be read.
    pub(super) fn seen(&self) -> Result<MutexGuard<'_, Seen>, RecordError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.read(&self.folder)?;
        Ok(seen)
    }

    /// The status of the run.
    ///
    /// # Errors
    /// When its events cannot be read, or when it is impossible to find out whether a process drives it.
    pub(super) fn status(&self) -> Result<RunStatus, RecordError> {
        let status = self.seen()?.state.status.clone();
        if matches!(status, RunStatus::Ended(_)) || self.folder.is_driven()? {
            return Ok(status);
        }
        // It may have ended between the two.
        match self.seen()?.state.status.clone() {
            ended @ RunStatus::Ended(_) => Ok(ended),
            _ => Ok(RunStatus::Interrupted),
        }
    }

    /// Whether a node, or the run, is over.
    ///
    /// # Errors
    /// As for [`status`](Self::status).
    pub(super) fn is_over(&self, node: Option<&NodePath>) -> Result<bool, RecordError> {
        if let Some(node) = node
            && self.seen()?.state.nodes.get(node).is_some_and(|node| node.is_over())
        {
            return Ok(true);
        }
        Ok(matches!(self.status()?, RunStatus::Interrupted | RunStatus::Ended(_)))
    }

    /// How a node succeeded, if it did.
    ///
    /// # Errors
    /// When the events cannot be read.
    pub(super) fn success(&self, node: &str) -> Result<Option<Success>, RecordError> {
        self.seen()?.success(node)
    }

    /// The outputs of a node; [`None`] if they were not recorded.
    ///
    /// # Errors
    /// When it has none, or when they cannot be read.
    pub(super) fn outputs(&self, node: &str) -> Result<Option<Vec<u8>>, RecordError> {
        match self.success(node)? {
            Some(success) => self.folder.data().read(&success.outputs),
            None => Err(RecordError::new(
                RecordErrorKind::NotFound,
                format!("the node `{node}` of the run `{}` has no outputs", self.folder.id()),
            )),
        }
    }

    /// The outputs of the run.
    ///
    /// # Errors
    /// When it has none, or when they cannot be read.
    pub(super) fn result(&self) -> Result<Vec<u8>, RecordError> {
        let kept = self.seen()?.result.clone();
        let bytes = kept.map(|kept| self.folder.data().read(&kept)).transpose()?.flatten();
        bytes.ok_or_else(|| RecordError::new(RecordErrorKind::NotFound, format!("the run `{}` gave nothing", self.folder.id())))
    }
}

impl Seen {
    fn read(&mut self, folder: &RunFolder) -> Result<(), RecordError> {
        if self.reader.is_none() {
            self.reader = EventReader::open(&folder.events())?;
        }
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let mut offset = reader.offset();
        while let Some(event) = reader.next()? {
            Arc::make_mut(&mut self.state).apply(&event).map_err(|misplaced| reader.fail(misplaced))?;
            match (event.node, event.kind) {
                (Some(node), EventKind::Succeeded { .. }) => drop(self.succeeded.insert(node, offset)),
                (None, EventKind::Ended { outputs, .. }) => self.result = outputs,
                _ => {}
            }
            offset = reader.offset();
        }
        Ok(())
    }

    /// How a node succeeded, if it did.
    fn success(&mut self, node: &str) -> Result<Option<Success>, RecordError> {
        let (Some(offset), Some(reader)) = (self.succeeded.get(node), &mut self.reader) else { return Ok(None) };
        match reader.at(*offset)?.kind {
            EventKind::Succeeded { outputs, inputs, files, .. } => Ok(Some(Success { outputs, inputs, files })),
            _ => Ok(None),
        }
    }
}
