//! What the job of a node says and takes, on its way to the record, and where its data goes.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::walk::Walk;
use super::world::World;
use crate::coordinator::{JobFailure, OutputStream, Usage, Witness};
use crate::run::{EventKind, NodePath, Record, RunFolder, WaitsFor};
use crate::task::cancellation::Cancellation;
use crate::task::surroundings::Places;

/// Receives what a node's job says, and records it at once: a job that says more than can be written has to wait.
pub(super) struct NodeWitness {
    record: Arc<dyn Record>,
    node: NodePath,
    folder: Arc<RunFolder>,
    /// The digest of its inputs, by which its checkpoints are found; [`None`] where it has none, since nothing tells whether they are of the same inputs.
    inputs: Option<String>,
    /// What an earlier run of it left as its checkpoint.
    former: Option<String>,
    /// What processes of the run have read and stored, in bytes.
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
    pub(super) fn new(world: &World, folder: &Arc<RunFolder>, node: &NodePath, inputs: Option<&str>, former: Option<String>) -> Self {
        Self {
            record: Arc::clone(&world.record),
            node: node.clone(),
            folder: Arc::clone(folder),
            inputs: inputs.map(str::to_owned),
            former,
            moved: Arc::clone(&world.moved),
            stop: world.stop.clone(),
            heard: Mutex::default(),
        }
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
    fn places(&self, attempt: u32) -> (String, Places) {
        let files = self.folder.raw(&self.node).to_string_lossy().into_owned();
        let Some(inputs) = &self.inputs else { return (files, Places::default()) };
        let folder = self.folder.checkpoints(&self.node, inputs);
        let of = |attempt: u32| folder.join(attempt.to_string()).to_string_lossy().into_owned();
        let before = (0..attempt).rev().map(of).find(|checkpoint| Path::new(checkpoint).exists());
        let previous = before.or_else(|| self.former.clone());
        (files, Places { destination: Some(of(attempt)), previous, resumes_own: false })
    }

    fn keep_deck(&self, page: &str) -> io::Result<()> {
        Ok(self.folder.keep_deck(&self.node, page)?)
    }

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

    #[cfg(feature = "run")]
    fn waits_on(&self, engine: &str, id: &str, reason: Option<&str>) {
        let waits_for = WaitsFor::Engine { engine: engine.to_owned(), id: id.to_owned(), reason: reason.map(str::to_owned) };
        self.recorded(self.record.record(Some(&self.node), EventKind::Queued { waits_for }));
    }

    #[cfg(feature = "run")]
    fn runs_on(&self, engine: &str, id: &str, host: Option<&str>) {
        let kind = EventKind::Placed { engine: engine.to_owned(), id: id.to_owned(), host: host.map(str::to_owned) };
        self.recorded(self.record.record(Some(&self.node), kind));
        // What it took is from here on, unless it says so itself.
        self.heard().since = Some(Instant::now());
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
            if heard.used.wall.is_zero() {
                heard.used.wall = since.elapsed();
            }
            heard.has_run = true;
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
