//! Passes what a node's job says and takes to the record.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::walk::Walk;
use super::world::World;
use crate::coordinator::{OutputStream, Usage, Witness};
use crate::run::{EventKind, NodePath, Record};
use crate::task::cancellation::Cancellation;

/// Receives what a node's job says, and records it at once: a job that says more than can be written has to wait.
pub(super) struct NodeWitness {
    record: Arc<dyn Record>,
    node: NodePath,
    /// How much processes of the run have read and stored, in bytes.
    moved: Arc<AtomicU64>,
    /// Stops the run.
    stop: Cancellation,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    /// When the running attempt began.
    since: Option<Instant>,
    /// What it took so far, or what the last finished one took.
    used: Usage,
    /// Whether any attempt is over.
    has_run: bool,
    /// Why something could not be recorded.
    unrecorded: Option<io::Error>,
}

impl NodeWitness {
    pub(super) fn new(world: &World, node: &NodePath) -> Self {
        let (record, moved, stop) = (Arc::clone(&world.record), Arc::clone(&world.moved), world.stop.clone());
        Self { record, node: node.clone(), moved, stop, heard: Mutex::default() }
    }

    /// Stops the run if something that the job said could not be recorded.
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

    fn began(&self) {
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
