//! A handle on a run, for the process that started it or any other.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use nebulakit_types::convert::reader::{Entries, References};

use crate::coordinator::RunId;
use crate::graph::Graph;
use crate::run::artifact::{Artifact, artifacts, decks};
use crate::run::build::{BUILD_VERSION, Build, BuildVersion};
use crate::run::control::{Request, ask};
use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::event::{EventKind, RunOutcome};
use crate::run::folder::{ELSEWHERE, RunFolder, RunsFolder};
use crate::run::follow::{LogLines, RunEvents};
use crate::run::gate::Answer;
use crate::run::log::Span;
use crate::run::metrics::Metrics;
use crate::run::path::NodePath;
use crate::run::state::{Counts, RunState, RunStatus};
use crate::run::watch::{PERIOD, Watch};
use crate::run::words::until;

/// A run: its state, its outputs, and the requests that it takes.
///
/// All its information comes from the run's folder, so it is the same in every process. Each call reads only what is new, and keeps the rest. Clones share
/// what they have read.
///
/// # Examples
/// ```
/// use nebulakit::run::{Durability, EVENT_VERSION, EventKind, Recorder, RunHandle, RunStatus, RunsFolder};
///
/// # let scratch = tempfile::tempdir()?;
/// # let runs = RunsFolder::open(scratch.path())?;
/// # let recorder = Recorder::create(&runs, Durability::Kernel)?;
/// # let run = recorder.folder().id().clone();
/// # let created = EventKind::Created { version: EVENT_VERSION, run: run.clone(), name: "app.add".into(), backend: "local".into(), nodes: 1, resumes: None, from: None };
/// # recorder.record(None, created)?;
/// # let id = run.to_string();
/// let handle = RunHandle::attach(&runs, &runs.find(&id[..15])?)?;
/// assert_eq!(handle.status()?, RunStatus::Running);
/// assert_eq!(handle.state()?.name, "app.add");
/// handle.cancel()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RunHandle {
    watch: Arc<Watch>,
    completion: Option<Completion>,
}

/// How a run that this process drives ends; nothing if its driver is gone.
type Completion = Shared<BoxFuture<'static, Option<Result<RunOutcome, RecordError>>>>;

impl RunHandle {
    /// The handle of a run that is recorded in `runs`.
    ///
    /// # Errors
    /// When there is no such run.
    pub fn attach(runs: &RunsFolder, run: &RunId) -> Result<Self, RecordError> {
        Ok(Self::of(runs.run(run)?))
    }

    /// The handle of the run in a folder that is known to be one.
    pub(crate) fn of(folder: RunFolder) -> Self {
        Self { watch: Arc::new(Watch::new(folder)), completion: None }
    }

    /// The handle of a run that this process drives. [`wait`](Self::wait) reads no events: `completion` says how the run ended, once that is recorded, or why
    /// it cannot be recorded; [`None`] if the run was dropped before its end.
    pub fn driven(run: &RunFolder, completion: impl Future<Output = Option<Result<RunOutcome, RecordError>>> + Send + 'static) -> Self {
        Self { watch: Arc::new(Watch::new(run.clone())), completion: Some(completion.boxed().shared()) }
    }

    /// The id of the run.
    #[must_use]
    pub fn id(&self) -> &RunId {
        self.watch.folder.id()
    }

    /// The folder of the run.
    #[must_use]
    pub fn folder(&self) -> &RunFolder {
        &self.watch.folder
    }

    /// The state of the run and its nodes.
    ///
    /// # Errors
    /// When its events cannot be read.
    pub fn state(&self) -> Result<Arc<RunState>, RecordError> {
        Ok(Arc::clone(&self.watch.seen()?.state))
    }

    /// The status of the run. [`RunStatus::Interrupted`] means that no process drives it, and it is not over.
    ///
    /// # Errors
    /// When its events cannot be read.
    pub fn status(&self) -> Result<RunStatus, RecordError> {
        self.watch.status()
    }

    /// How many of its nodes have which status.
    ///
    /// # Errors
    /// When its events cannot be read.
    pub fn counts(&self) -> Result<Counts, RecordError> {
        Ok(self.watch.seen()?.state.counts())
    }

    /// What it took by now, or up to the last that was heard of it where nobody drives it any more: times, counts, CPU, memory and data.
    ///
    /// # Errors
    /// When its events cannot be read.
    pub fn metrics(&self) -> Result<Metrics, RecordError> {
        let (status, state) = (self.status()?, self.state()?);
        Ok(state.metrics(until(&status, state.ended, state.latest)))
    }

    /// Its events, starting with the first, as they come.
    #[must_use]
    pub fn events(&self) -> RunEvents {
        RunEvents::new(self.watch.folder.clone())
    }

    /// Waits until the run is over. It needs a tokio runtime with time.
    ///
    /// # Errors
    /// When no process drives the run any more, or when its events cannot be read.
    ///
    /// # Cancel safety
    /// The run goes on if this is dropped.
    pub async fn wait(&self) -> Result<RunOutcome, RecordError> {
        if let Some(completion) = &self.completion
            && let Some(ended) = completion.clone().await
        {
            return ended;
        }
        loop {
            match self.status()? {
                RunStatus::Ended(outcome) => return Ok(outcome),
                RunStatus::Interrupted => return Err(self.interrupted("it did not finish")),
                RunStatus::Elsewhere => return Err(self.unwatched()),
                _ => tokio::time::sleep(PERIOD).await,
            }
        }
    }

    /// Asks the process that drives the run to stop it. It returns at once: [`wait`](Self::wait) says when it has.
    ///
    /// # Errors
    /// When the run is over, when no process drives it, or when the request cannot be written.
    pub fn cancel(&self) -> Result<(), RecordError> {
        self.stop(Request::Cancel)
    }

    /// Asks the process that drives the run to end it at once: workers and containers are killed, and its nodes end as cancelled. It returns at once.
    ///
    /// # Errors
    /// As for [`cancel`](Self::cancel).
    pub fn kill(&self) -> Result<(), RecordError> {
        self.stop(Request::Kill)
    }

    fn stop(&self, request: Request) -> Result<(), RecordError> {
        match self.status()? {
            RunStatus::Ended(_) => Err(self.over()),
            RunStatus::Interrupted => Err(self.interrupted("there is nothing to cancel")),
            RunStatus::Elsewhere => Err(self.unwatched()),
            _ => ask(&self.watch.folder, request),
        }
    }

    /// Approves a gate. If no process drives the run, a run that resumes it with the same inputs uses the answer.
    ///
    /// # Errors
    /// When the run is over, when the signal already has an answer, or when the answer cannot be written.
    pub fn approve(&self, signal: &str) -> Result<(), RecordError> {
        self.answer(signal, Answer::Approve)
    }

    /// Rejects a gate.
    ///
    /// # Errors
    /// As for [`approve`](Self::approve).
    pub fn reject(&self, signal: &str) -> Result<(), RecordError> {
        self.answer(signal, Answer::Reject)
    }

    /// Gives a value to a gate, as the bytes of a literal.
    ///
    /// # Errors
    /// As for [`approve`](Self::approve). Only the driver of the run checks whether the value has the gate's type.
    pub fn signal(&self, signal: &str, literal: &[u8]) -> Result<(), RecordError> {
        self.answer(signal, Answer::Value(literal.to_vec()))
    }

    /// Answers a gate, and waits until the process that drives the run has received the answer. If no process does, the answer is kept for a run that resumes
    /// this one. It needs a tokio runtime with time.
    ///
    /// # Errors
    /// As for [`approve`](Self::approve), and [`RecordErrorKind::Refused`] when the gate takes another kind of answer, or when there is no such gate.
    ///
    /// # Cancel safety
    /// If this is dropped while it waits, the answer is still given.
    pub async fn tell(&self, signal: &str, answer: Answer) -> Result<(), RecordError> {
        let mut events = RunEvents::behind(self.watch.folder.clone(), self.watch.read()?);
        self.answer(signal, answer)?;
        while let Some(event) = events.next().await? {
            match event.kind {
                EventKind::Answered { signal: heard } if heard == signal => return Ok(()),
                EventKind::Refused { signal: heard, why } if heard == signal => {
                    return Err(RecordError::new(RecordErrorKind::Refused, format!("the answer to `{signal}` was refused: {why}")));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn answer(&self, signal: &str, answer: Answer) -> Result<(), RecordError> {
        match self.status()? {
            RunStatus::Ended(_) => Err(self.over()),
            RunStatus::Elsewhere => Err(self.unwatched()),
            _ => ask(&self.watch.folder, Request::Answer { signal: signal.to_owned(), answer }),
        }
    }

    /// The outputs of a node, as the bytes of an `outputs.pb`; [`None`] if they were not recorded.
    ///
    /// # Errors
    /// When there is no such node; [`RecordErrorKind::NoOutputs`] when it has not succeeded; when its outputs cannot be read or are damaged.
    pub fn outputs(&self, node: &str) -> Result<Option<Vec<u8>>, RecordError> {
        self.watch.outputs(node)
    }

    /// The outputs of the run, as the bytes of an `outputs.pb`.
    ///
    /// # Errors
    /// [`RecordErrorKind::NoOutputs`] when it has not succeeded; when they cannot be read or are damaged.
    pub fn result(&self) -> Result<Vec<u8>, RecordError> {
        self.watch.result()
    }

    /// Looks whether another run can go on with this one.
    ///
    /// # Errors
    /// [`RecordErrorKind::Driven`] when a process drives it, and [`RecordErrorKind::NotFound`] when nothing of it is recorded.
    pub(crate) fn resumable(&self) -> Result<(), RecordError> {
        match self.status()? {
            RunStatus::Unknown | RunStatus::Running | RunStatus::Stopping => Err(self.not_over()),
            RunStatus::Elsewhere => Err(self.unwatched()),
            RunStatus::Interrupted if self.state()?.events == 0 => {
                let empty = format!("the run `{}` did not begin: it has no events", self.id());
                Err(RecordError::new(RecordErrorKind::NotFound, empty).with_hint(format!("`runs delete {}` removes it", self.id())))
            }
            RunStatus::Interrupted | RunStatus::Ended(_) => Ok(()),
        }
    }

    /// What stands in the way of going on with it while a process drives it.
    pub(crate) fn not_over(&self) -> RecordError {
        let driven = format!("the run `{}` is still going on: a process drives it", self.id());
        RecordError::new(RecordErrorKind::Driven, driven).with_hint("wait until it ends, or cancel it")
    }

    /// The node of that path.
    ///
    /// # Errors
    /// When the run has none, or nothing has happened to it yet.
    pub(crate) fn known(&self, node: &str) -> Result<NodePath, RecordError> {
        self.watch.known(node)
    }

    /// Where its events are that tell of nodes which succeeded.
    ///
    /// # Errors
    /// When the events cannot be read.
    pub(crate) fn successes(&self) -> Result<HashMap<NodePath, Span>, RecordError> {
        Ok(self.watch.seen()?.succeeded.clone())
    }

    /// The inputs of the run, as the bytes of an `inputs.pb`.
    ///
    /// # Errors
    /// When they were not recorded, cannot be read, or are damaged.
    pub fn inputs(&self) -> Result<Vec<u8>, RecordError> {
        let path = self.watch.folder.inputs();
        let inputs = fs::read(&path).map_err(|error| self.unread("inputs", &path, &error))?;
        match whole(&inputs) {
            Ok(()) => Ok(inputs),
            Err(error) => Err(RecordError::new(RecordErrorKind::Corrupt, format!("`{}` is damaged: {error}", path.display()))),
        }
    }

    /// The graph of the run.
    ///
    /// # Errors
    /// When it was not recorded, cannot be read, or is not a valid graph.
    pub fn graph(&self) -> Result<Graph, RecordError> {
        let path = self.watch.folder.graph();
        let json = fs::read_to_string(&path).map_err(|error| self.unread("graph", &path, &error))?;
        Graph::from_json(&json).map_err(|problems| {
            RecordError::new(RecordErrorKind::Corrupt, format!("`{}` is not a valid graph: {problems}", path.display()))
        })
    }

    /// The program that drove the run; [`None`] if it was not recorded.
    ///
    /// # Errors
    /// When it cannot be read, or when a newer version of nebulakit recorded it.
    pub fn build(&self) -> Result<Option<Build>, RecordError> {
        let path = self.watch.folder.build();
        let json = match fs::read(&path) {
            Ok(json) => json,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(RecordError::io("read", &path, &error)),
        };
        let corrupt = |error: serde_json::Error| {
            RecordError::new(RecordErrorKind::Corrupt, format!("`{}` is not a valid record of a build: {error}", path.display()))
                .with_hint("delete it; a run that resumes this one then runs every node again")
        };
        // What else a newer version writes is not known.
        let version = serde_json::from_slice::<BuildVersion>(&json).map_err(corrupt)?.version;
        if version > BUILD_VERSION {
            let newer = format!(
                "a newer version of nebulakit wrote `{}`: its version is {version}, and this one reads up to {BUILD_VERSION}",
                path.display()
            );
            return Err(RecordError::new(RecordErrorKind::Newer, newer).with_hint("use that version"));
        }
        serde_json::from_slice(&json).map(Some).map_err(corrupt)
    }

    /// What a node logged and printed.
    #[must_use]
    pub fn logs(&self, node: &NodePath) -> LogLines {
        LogLines::new(Arc::clone(&self.watch), Some(node.clone()))
    }

    /// What the run itself logged.
    #[must_use]
    pub fn run_log(&self) -> LogLines {
        LogLines::new(Arc::clone(&self.watch), None)
    }

    /// The files that its nodes stored and the pages of their decks, by their paths.
    ///
    /// # Errors
    /// When a folder or the events cannot be read.
    pub fn artifacts(&self) -> Result<Vec<Artifact>, RecordError> {
        artifacts(&self.watch.folder, &*self.state()?)
    }

    /// Only the pages of its nodes' decks, by their paths.
    ///
    /// # Errors
    /// As for [`artifacts`](Self::artifacts).
    pub fn decks(&self) -> Result<Vec<Artifact>, RecordError> {
        decks(&self.watch.folder, &*self.state()?)
    }

    fn over(&self) -> RecordError {
        RecordError::new(RecordErrorKind::Over, format!("the run `{}` is over", self.id()))
    }

    /// What stands in the way of those who ask something of a run that nobody watches.
    fn unwatched(&self) -> RecordError {
        let path = self.watch.folder.path().join(ELSEWHERE);
        let message = format!("the run `{}` goes on elsewhere, and no process watches it", self.id());
        RecordError::new(RecordErrorKind::Unwatched, message).with_hint(format!("`{}` says where it is", path.display()))
    }

    fn interrupted(&self, and: &str) -> RecordError {
        RecordError::new(RecordErrorKind::Interrupted, format!("no process drives the run `{}`: {and}", self.id()))
            .with_hint(format!("continue it with `runs retry {}`, or in code with `Options::resumes`", self.id()))
    }

    fn unread(&self, what: &str, path: &Path, error: &io::Error) -> RecordError {
        match error.kind() {
            io::ErrorKind::NotFound => {
                RecordError::new(RecordErrorKind::NotFound, format!("the run `{}` has no record of its {what}", self.id()))
            }
            _ => RecordError::io("read", path, error),
        }
    }
}

/// Looks whether the bytes are a map of literals.
fn whole(literals: &[u8]) -> nebulakit_types::Result<()> {
    let mut entries = Entries::of_map(literals, References::none());
    while entries.next()?.is_some() {}
    Ok(())
}

impl fmt::Debug for RunHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunHandle").field(self.id()).finish()
    }
}
