//! A run whose driver is gone, as the next one finds it: what was told of it is not told again, and what succeeded does not run again.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::memory::Remembered;
use crate::backend::driver::{Call, Memory, Recalled};
use crate::run::{
    CacheEntry, EventKind, EventReader, JobFailure, NodePath, NodeState, NodeStatus, Origin, Record, RecordError, Recorded, Recorder,
    Replays, RunFolder, RunHandle, RunState, Span, Success,
};
use crate::task::cancellation::Cancellation;
use crate::task::def::TaskDef;

/// What was told of a run.
#[derive(Default)]
pub(super) struct Told {
    /// The nodes that are over.
    over: HashSet<NodePath>,
    /// What else was told of nodes, as far as it is told once.
    once: HashSet<(NodePath, Once)>,
}

/// What is told of a node once, or once of each attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Once {
    Ready,
    Started(u32),
    Retrying(u32),
    Mapped,
    Decided,
    Waiting,
}

impl Told {
    /// What the events of a run tell.
    pub(super) fn of(folder: &RunFolder) -> Result<Self, RecordError> {
        let mut told = Self::default();
        let Some(mut reader) = EventReader::open(&folder.events())? else { return Ok(told) };
        while let Some(event) = reader.next()? {
            let Some(node) = event.node else { continue };
            told.is_new(&node, &event.kind);
        }
        Ok(told)
    }

    /// Whether nothing has told this yet; from now on it is told.
    fn is_new(&mut self, node: &NodePath, kind: &EventKind) -> bool {
        if is_end(kind) {
            return self.over.insert(node.clone());
        }
        if self.over.contains(node) && !matches!(kind, EventKind::Deleted { .. }) {
            return false;
        }
        let once = match kind {
            EventKind::Ready { .. } => Once::Ready,
            EventKind::Started { attempt } => Once::Started(*attempt),
            EventKind::Retrying { attempt, .. } => Once::Retrying(*attempt),
            EventKind::Mapped { .. } => Once::Mapped,
            EventKind::Decided { .. } => Once::Decided,
            EventKind::Waiting { .. } => Once::Waiting,
            _ => return true,
        };
        self.once.insert((node.clone(), once))
    }
}

/// Whether a node is over with that.
fn is_end(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Succeeded { .. } | EventKind::Failed { .. } | EventKind::Skipped { .. } | EventKind::Cancelled)
}

/// The record of a run that is driven on.
pub(super) struct Onward {
    recorder: Arc<Recorder>,
    told: Mutex<Told>,
    /// What the logs of nodes have already.
    replays: Mutex<Replays>,
}

impl Onward {
    pub(super) fn new(recorder: Arc<Recorder>, told: Told) -> Self {
        let replays = Mutex::new(Replays::new(recorder.folder().clone()));
        Self { recorder, told: Mutex::new(told), replays }
    }

    /// Logs what was kept of a node that is over.
    fn end_log(&self, node: Option<&NodePath>, kind: &EventKind) -> io::Result<()> {
        let Some(node) = node.filter(|_| is_end(kind)) else { return Ok(()) };
        let held = self.replays.lock().unwrap_or_else(PoisonError::into_inner).end(node);
        held.into_iter().try_for_each(|(source, text)| Record::log(&*self.recorder, node, &source, &text))
    }

    fn is_new(&self, node: Option<&NodePath>, kind: &EventKind) -> bool {
        node.is_none_or(|node| self.told.lock().unwrap_or_else(PoisonError::into_inner).is_new(node, kind))
    }
}

impl Record for Onward {
    fn record(&self, node: Option<&NodePath>, kind: EventKind) -> io::Result<()> {
        self.end_log(node, &kind)?;
        if self.is_new(node, &kind) { Record::record(&*self.recorder, node, kind) } else { Ok(()) }
    }

    fn append(&self, node: Option<&NodePath>, kind: EventKind) -> io::Result<()> {
        self.end_log(node, &kind)?;
        if self.is_new(node, &kind) { Record::append(&*self.recorder, node, kind) } else { Ok(()) }
    }

    fn flush(&self) -> io::Result<()> {
        Record::flush(&*self.recorder)
    }

    fn settle(&self) -> Option<BoxFuture<'_, io::Result<()>>> {
        Record::settle(&*self.recorder)
    }

    fn log(&self, node: &NodePath, source: &str, text: &[u8]) -> io::Result<()> {
        let rest = self.replays.lock().unwrap_or_else(PoisonError::into_inner).rest(node, source, text)?;
        if rest.is_empty() { Ok(()) } else { Record::log(&*self.recorder, node, source, &rest) }
    }

    fn keep(&self, outputs: Bytes) -> BoxFuture<'_, io::Result<Recorded>> {
        Record::keep(&*self.recorder, outputs)
    }

    fn keep_for_all(&self, outputs: Bytes) -> BoxFuture<'_, io::Result<Recorded>> {
        Record::keep_for_all(&*self.recorder, outputs)
    }
}

/// What a run knows of earlier runs, and of itself.
pub(super) struct Itself {
    earlier: Arc<Remembered>,
    folder: RunFolder,
    events: Option<EventReader>,
    successes: HashMap<NodePath, Span>,
    /// What it came to, where its tasks ran in the processes that drove it: no other record tells.
    state: Option<Arc<RunState>>,
}

impl Itself {
    /// `ran_here` says whether its tasks ran in the processes that drove it.
    pub(super) fn new(earlier: Arc<Remembered>, run: &RunHandle, ran_here: bool) -> Result<Self, RecordError> {
        let (folder, successes) = (run.folder().clone(), run.successes()?);
        let state = if ran_here { Some(run.state()?) } else { None };
        Ok(Self { earlier, events: EventReader::open(&folder.events())?, folder, successes, state })
    }

    /// Why the node failed, if it did.
    fn failure(&self, node: &NodePath) -> Option<JobFailure> {
        let node = self.state.as_ref()?.nodes.get(node).filter(|node| node.status == NodeStatus::Failed)?;
        node.failure.clone()
    }

    /// What the node gave, if it succeeded with the same inputs.
    fn own(&self, call: &Call<'_>) -> Option<Bytes> {
        let event = self.events.as_ref()?.at(*self.successes.get(call.node)?).ok()?;
        let success = Success::of(event).filter(|success| success.inputs.as_deref() == Some(call.given.digest))?;
        self.folder.data().read(&success.outputs).ok()?.map(Bytes::from)
    }
}

impl Memory for Itself {
    fn digest<'a>(&'a self, task: &'static TaskDef, inputs: &'a [(&'a str, Bytes)], stop: &'a Cancellation) -> BoxFuture<'a, String> {
        self.earlier.digest(task, inputs, stop)
    }

    fn stamp<'a>(&'a self, outputs: &'a Bytes) -> BoxFuture<'a, Option<String>> {
        self.earlier.stamp(outputs)
    }

    fn recall<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Recalled> {
        if let Some(outputs) = self.own(&call) {
            return Box::pin(async { Recalled::Outputs(outputs, Origin::Run) });
        }
        match self.failure(call.node) {
            Some(failure) => Box::pin(async { Recalled::Failed(failure) }),
            None => self.earlier.recall(call),
        }
    }

    fn may_recall(&self, node: &NodePath, task: &str, version: Option<&str>) -> bool {
        self.successes.contains_key(node) || self.earlier.may_recall(node, task, version)
    }

    fn checkpoint(&self, node: &NodePath, task: &str, inputs: &str) -> Option<String> {
        let own = self.state.as_ref().and_then(|_| self.folder.last_checkpoint(node, inputs));
        own.map(|own| own.to_string_lossy().into_owned()).or_else(|| self.earlier.checkpoint(node, task, inputs))
    }

    fn spent(&self, node: &NodePath) -> u32 {
        match self.state.as_ref().and_then(|state| state.nodes.get(node)) {
            Some(NodeState { status: NodeStatus::Backoff, attempts, .. }) => *attempts,
            // The last one ended with its driver.
            Some(node) => node.attempts.saturating_sub(1),
            None => 0,
        }
    }

    fn is_needed(&self, outputs: &[u8]) {
        self.earlier.is_needed(outputs);
    }

    fn remember(&self, entry: CacheEntry) -> BoxFuture<'_, io::Result<()>> {
        self.earlier.remember(entry)
    }
}
