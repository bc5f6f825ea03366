//! What the job of a node says and takes, on its way to the record.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::walk::Walk;
use super::world::World;
use crate::coordinator::{JobFailure, OutputStream, Usage, Witness};
use crate::run::{EventKind, NodePath, Record};
use crate::task::cancellation::Cancellation;

/// Hears the job of a node, and records it at once: what is said faster than it is written waits.
pub(super) struct NodeWitness {
    record: Arc<dyn Record>,
    node: NodePath,
    /// What processes of the run have read and stored, in bytes.
    moved: Arc<AtomicU64>,
    /// Asks the run to stop.
    stop: Cancellation,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    /// Since when an attempt runs.
    since: Option<Instant>,
    /// What it took so far, or the last one that is over.
    used: Usage,
    /// Whether any is over.
    has_run: bool,
    /// Why what it said could not be recorded.
    unrecorded: Option<io::Error>,
}

impl NodeWitness {
    pub(super) fn new(world: &World, node: &NodePath) -> Self {
        let (record, moved, stop) = (Arc::clone(&world.record), Arc::clone(&world.moved), world.stop.clone());
        Self { record, node: node.clone(), moved, stop, heard: Mutex::default() }
    }

    /// Stops the run where something that the job said could not be recorded.
    pub(super) fn settle(&self, walk: &Walk<'_>) {
        if let Some(error) = self.heard().unrecorded.take() {
            walk.unrecorded(error);
        }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recorded(&self, recorded: io::Result<()>) {
        if let Err(error) = recorded {
            self.heard().unrecorded.get_or_insert(error);
            self.stop.cancel();
        }
    }
}

impl Witness for NodeWitness {
    fn progress(&self, done: u64, total: Option<u64>) {
        self.recorded(self.record.record(Some(&self.node), EventKind::Progress { done, total }));
    }

    fn log(&self, level: tracing::Level, message: &str) {
        self.recorded(self.record.log(&self.node, level.as_str(), &[message.as_bytes(), b"\n"].concat()));
    }

    fn output(&self, stream: OutputStream, printed: &[u8]) {
        self.recorded(self.record.log(&self.node, stream.as_str(), printed));
    }

    fn began(&self, attempt: u32) {
        self.recorded(self.record.record(Some(&self.node), EventKind::Started { attempt }));
        let mut heard = self.heard();
        (heard.since, heard.used) = (Some(Instant::now()), Usage::default());
    }

    fn took(&self, usage: Usage) {
        let mut heard = self.heard();
        heard.used = heard.used.and(usage);
    }

    fn moved(&self, bytes: u64) {
        self.moved.fetch_add(bytes, Ordering::Relaxed);
    }

    fn ended(&self) {
        let mut heard = self.heard();
        if let Some(since) = heard.since.take() {
            (heard.used.wall, heard.has_run) = (since.elapsed(), true);
        }
    }

    fn retrying(&self, attempt: u32, delay: Duration, failure: &JobFailure) {
        let kind = EventKind::Retrying { attempt, delay, failure: failure.clone(), used: self.usage() };
        self.recorded(self.record.record(Some(&self.node), kind));
    }

    fn usage(&self) -> Option<Usage> {
        let heard = self.heard();
        heard.has_run.then_some(heard.used)
    }
}

impl fmt::Debug for NodeWitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NodeWitness").field(&self.node).finish()
    }
}
