//! A run as read from its folder: everything once, and then only what is new.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::event::{Event, EventKind, Recorded, RunOutcome};
use crate::run::folder::RunFolder;
use crate::run::log::{EventReader, Span};
use crate::run::path::NodePath;
use crate::run::state::{NodeStatus, RunState, RunStatus};

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
    /// Where the events are that have the outputs of nodes.
    pub(super) succeeded: HashMap<NodePath, Span>,
    /// What the run gave.
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

    /// How many bytes the events have that are there, and how many they are.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn read(&self) -> Result<(u64, u64), RecordError> {
        Ok(self.seen()?.reader.as_ref().map_or((0, 0), |reader| (reader.offset(), reader.count())))
    }

    /// Where the run stands.
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
            _ => Ok(undriven(&self.folder)),
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
        Ok(matches!(self.status()?, RunStatus::Interrupted | RunStatus::Elsewhere | RunStatus::Ended(_)))
    }

    /// How a node succeeded, if it did.
    ///
    /// # Errors
    /// When the events cannot be read.
    fn success(&self, node: &str) -> Result<Option<Success>, RecordError> {
        self.seen()?.success(node)
    }

    /// The outputs of a node; [`None`] if they were not recorded.
    ///
    /// # Errors
    /// When there is no such node, when it has no outputs, or when they cannot be read.
    pub(super) fn outputs(&self, node: &str) -> Result<Option<Vec<u8>>, RecordError> {
        if let Some(success) = self.success(node)? {
            return self.folder.data().read(&success.outputs);
        }
        self.known(node)?;
        let why = match self.seen()?.state.nodes.get(node).map(|node| &node.status) {
            Some(NodeStatus::Failed) => "it failed",
            Some(NodeStatus::Skipped { .. }) => "it was skipped",
            Some(NodeStatus::Cancelled) => "it was stopped",
            _ => "it is not over",
        };
        Err(no_outputs(&format!("node `{node}` of the run `{}`", self.folder.id()), why))
    }

    /// The node of that path.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn known(&self, node: &str) -> Result<NodePath, RecordError> {
        let seen = self.seen()?;
        let known = seen.state.nodes.get_key_value(node).map(|(path, _)| path.clone());
        known.ok_or_else(|| {
            let unknown = format!("the run `{}` has no node `{node}`, or nothing has happened to it yet", self.folder.id());
            RecordError::new(RecordErrorKind::NotFound, unknown)
        })
    }

    /// The outputs of the run.
    ///
    /// # Errors
    /// When it has no outputs, or when they cannot be read.
    pub(super) fn result(&self) -> Result<Vec<u8>, RecordError> {
        let kept = self.seen()?.result.clone();
        if let Some(bytes) = kept.map(|kept| self.folder.data().read(&kept)).transpose()?.flatten() {
            return Ok(bytes);
        }
        let why = match self.status()? {
            RunStatus::Ended(RunOutcome::Failed { .. }) => "it failed",
            RunStatus::Ended(RunOutcome::Cancelled) => "it was stopped",
            RunStatus::Ended(RunOutcome::Succeeded) => "they were not recorded",
            RunStatus::Interrupted => "it was interrupted",
            RunStatus::Elsewhere => "nobody watches it, and it was not over when it was last seen",
            RunStatus::Unknown | RunStatus::Running | RunStatus::Stopping => "it is not over",
        };
        Err(no_outputs(&format!("run `{}`", self.folder.id()), why))
    }
}

/// The status of a run that is not over, and that no process drives.
pub(super) fn undriven(run: &RunFolder) -> RunStatus {
    if run.is_elsewhere() { RunStatus::Elsewhere } else { RunStatus::Interrupted }
}

fn no_outputs(whose: &str, why: &str) -> RecordError {
    RecordError::new(RecordErrorKind::NoOutputs, format!("the {whose} has no outputs: {why}"))
}

impl Seen {
    fn read(&mut self, folder: &RunFolder) -> Result<(), RecordError> {
        if matches!(self.state.status, RunStatus::Ended(_)) {
            return Ok(());
        }
        if self.reader.is_none() {
            self.reader = EventReader::open(&folder.events())?;
        }
        let Some(reader) = &mut self.reader else { return Ok(()) };
        while let Some(event) = reader.next()? {
            Arc::make_mut(&mut self.state).apply(&event).map_err(|misplaced| reader.fail(misplaced))?;
            match (event.node, event.kind) {
                (Some(node), EventKind::Succeeded { .. }) => drop(self.succeeded.insert(node, reader.last())),
                (None, EventKind::Ended { outputs, .. }) => self.result = outputs,
                _ => {}
            }
        }
        Ok(())
    }

    /// How a node succeeded, if it did.
    fn success(&self, node: &str) -> Result<Option<Success>, RecordError> {
        let (Some(span), Some(reader)) = (self.succeeded.get(node), &self.reader) else { return Ok(None) };
        Ok(Success::of(reader.at(*span)?))
    }
}

impl Success {
    /// That of an event that tells of one.
    pub(crate) fn of(event: Event) -> Option<Self> {
        match event.kind {
            EventKind::Succeeded { outputs, inputs, files, .. } => Some(Self { outputs, inputs, files }),
            _ => None,
        }
    }
}
