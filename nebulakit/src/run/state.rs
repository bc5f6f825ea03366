//! The state of a run and its nodes: a pure fold of its events.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::error::Error as StdError;
use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::event::{Arm, EVENT_VERSION, Event, EventKind, Origin, RunOutcome};
use super::gate::GateTakes;
use super::lookup::Caller;
use super::path::NodePath;
use crate::coordinator::{JobFailure, RunId, Usage, WaitsFor};

/// The state of a run, after the events that were applied.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RunState {
    /// Its id; [`None`] before its first event.
    pub run: Option<RunId>,
    /// The full name of the workflow or task that it runs.
    pub name: Cow<'static, str>,
    /// The backend that runs it.
    pub backend: Cow<'static, str>,
    /// The run that it resumes.
    pub resumes: Option<RunId>,
    /// The node of that run which was to run again, with every node that depends on it.
    pub from: Option<NodePath>,
    /// Its status.
    pub status: RunStatus,
    /// How many nodes its graph has, as far as known when it began.
    pub planned: u64,
    /// When it was created.
    pub created: Option<SystemTime>,
    /// When it ended.
    pub ended: Option<SystemTime>,
    /// When the last of its events came.
    pub latest: Option<SystemTime>,
    /// Its nodes, as far as something happened to them.
    pub nodes: BTreeMap<NodePath, NodeState>,
    /// How much data its tasks have read and stored, in bytes, as far as recorded.
    pub moved: u64,
    /// How many events were applied: the sequence of the next one.
    pub events: u64,
    counts: Counts,
    /// How many nodes of its maps are known besides those that were planned: their elements, and what is in them.
    mapped: u64,
}

/// The status of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunStatus {
    /// It has no events yet.
    Unknown,
    /// It is running.
    Running,
    /// It was asked to stop, and has not stopped completely.
    Stopping,
    /// No process drives it any more, and it is not over. No event says so; only [`RunHandle::status`](super::RunHandle::status) does.
    Interrupted,
    /// It runs elsewhere, and nobody watches it from here: what is known of it may be old. No event says so;
    /// only [`RunHandle::status`](super::RunHandle::status) does.
    Elsewhere,
    /// It is over.
    Ended(RunOutcome),
}

/// The state of a node.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NodeState {
    /// What it runs: the full name of a task or a workflow, or the kind of node.
    pub of: Cow<'static, str>,
    /// Its status.
    pub status: NodeStatus,
    /// How many attempts have begun.
    pub attempts: u32,
    /// When everything that it needs was available.
    pub ready: Option<SystemTime>,
    /// When its first attempt began.
    pub started: Option<SystemTime>,
    /// When it was over.
    pub ended: Option<SystemTime>,
    /// Why its last attempt failed, if one did.
    pub failure: Option<JobFailure>,
    /// Its reported progress: how much is done, and of how much.
    pub progress: Option<(u64, Option<u64>)>,
    /// How many elements it has, if it is a map.
    pub elements: Option<u64>,
    /// Which way it went, if it is a condition.
    pub arm: Option<Arm>,
    /// How many files of it were deleted since nothing needed them any more, and how large they were together.
    pub deleted: Option<(u64, u64)>,
    /// The equal call that it waits for while it is queued, if its task has `cache(serialize)`.
    pub behind: Option<Caller>,
    /// What it waits for while it is queued, as of the last check, once a second.
    pub waits_for: Option<WaitsFor>,
    /// The resources that its finished attempts took, as far as known.
    pub used: Option<Usage>,
}

/// The status of a node.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum NodeStatus {
    /// It waits for its turn.
    Queued,
    /// It is running.
    Running,
    /// An attempt failed, and the next one is due.
    Backoff,
    /// It waits for an answer.
    Waiting {
        /// The signal that it waits for.
        signal: Cow<'static, str>,
        /// What it takes.
        takes: GateTakes,
    },
    /// It succeeded.
    Succeeded(Origin),
    /// It failed.
    Failed,
    /// It never began.
    Skipped {
        /// The node that it needs, which did not succeed.
        because: NodePath,
    },
    /// It was stopped.
    Cancelled,
}

/// How many nodes have which status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Nodes that wait for their turn, or for the next attempt.
    pub queued: u64,
    /// Nodes that are running.
    pub running: u64,
    /// Nodes that wait for an answer.
    pub waiting: u64,
    /// Nodes that succeeded.
    pub succeeded: u64,
    /// Nodes that failed.
    pub failed: u64,
    /// Nodes that never began.
    pub skipped: u64,
    /// Nodes that were stopped.
    pub cancelled: u64,
}

/// An event that cannot follow the ones before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misplaced(String);

impl fmt::Display for Misplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Misplaced {}

impl Default for RunState {
    fn default() -> Self {
        Self::new()
    }
}

impl RunState {
    /// The state before the first event.
    #[must_use]
    pub fn new() -> Self {
        Self {
            run: None,
            name: Cow::Borrowed(""),
            backend: Cow::Borrowed(""),
            resumes: None,
            from: None,
            status: RunStatus::Unknown,
            planned: 0,
            created: None,
            ended: None,
            latest: None,
            nodes: BTreeMap::new(),
            moved: 0,
            events: 0,
            counts: Counts::default(),
            mapped: 0,
        }
    }

    /// How many of its nodes have which status.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// How many nodes it will have, as far as is known by now: those that were planned, and the elements of the maps that have begun.
    #[must_use]
    pub fn expected(&self) -> u64 {
        self.planned.saturating_add(self.mapped).max(self.counts.total())
    }

    /// Applies the next event.
    ///
    /// # Errors
    /// When it cannot be the next one: out of sequence, before the first event or after the last one, or of a newer version. The state is then unchanged.
    pub fn apply(&mut self, event: &Event) -> Result<(), Misplaced> {
        if event.sequence != self.events {
            return Err(Misplaced(format!("expected event {}, found event {}", self.events, event.sequence)));
        }
        match (&self.status, &event.kind) {
            (RunStatus::Unknown, EventKind::Created { version, .. }) if *version > EVENT_VERSION => {
                return Err(Misplaced(format!(
                    "the run was recorded by a newer version of nebulakit: its events have version {version}, and this one reads up to {EVENT_VERSION}"
                )));
            }
            (RunStatus::Unknown, EventKind::Created { .. }) => {}
            (RunStatus::Unknown, _) => return Err(Misplaced("the first event does not name its run".to_owned())),
            (RunStatus::Ended(_), _) => return Err(Misplaced(format!("event {} comes after the end of the run", event.sequence))),
            (_, EventKind::Created { .. }) => return Err(Misplaced(format!("event {} creates the run again", event.sequence))),
            _ => {}
        }
        match &event.node {
            Some(node) => self.apply_to_node(node, event),
            None => self.apply_to_run(event),
        }
        self.events += 1;
        self.latest = Some(event.at);
        Ok(())
    }

    fn apply_to_run(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Created { run, name, backend, nodes, resumes, from, .. } => {
                self.run = Some(run.clone());
                (self.name, self.backend, self.planned, self.resumes) = (name.clone(), backend.clone(), *nodes, resumes.clone());
                self.from.clone_from(from);
                (self.status, self.created) = (RunStatus::Running, Some(event.at));
            }
            EventKind::Moved { bytes } => self.moved = *bytes,
            EventKind::Stopping => self.status = RunStatus::Stopping,
            EventKind::Ended { outcome, .. } => (self.status, self.ended) = (RunStatus::Ended(outcome.clone()), Some(event.at)),
            _ => {}
        }
    }

    fn apply_to_node(&mut self, path: &NodePath, event: &Event) {
        let node = match self.nodes.entry(path.clone()) {
            Entry::Vacant(new) => {
                self.mapped += u64::from(path.is_in_element() && !path.is_element());
                new.insert(NodeState::queued())
            }
            Entry::Occupied(known) => {
                let node = known.into_mut();
                *self.counts.of(&node.status) -= 1;
                node
            }
        };
        if let EventKind::Mapped { elements } = event.kind {
            self.mapped = self.mapped.saturating_add(elements);
        }
        node.apply(event);
        *self.counts.of(&node.status) += 1;
    }
}

impl NodeState {
    fn queued() -> Self {
        Self {
            of: Cow::Borrowed(""),
            status: NodeStatus::Queued,
            attempts: 0,
            ready: None,
            started: None,
            ended: None,
            failure: None,
            progress: None,
            elements: None,
            arm: None,
            deleted: None,
            behind: None,
            waits_for: None,
            used: None,
        }
    }

    /// Whether the node is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.status, NodeStatus::Succeeded(_) | NodeStatus::Failed | NodeStatus::Skipped { .. } | NodeStatus::Cancelled)
    }

    fn apply(&mut self, event: &Event) {
        let status = match &event.kind {
            EventKind::Ready { of } => {
                (self.of, self.ready) = (of.clone(), Some(event.at));
                NodeStatus::Queued
            }
            EventKind::Started { attempt } => {
                self.attempts = attempt.saturating_add(1);
                (self.started, self.progress) = (self.started.or(Some(event.at)), None);
                (self.waits_for, self.behind) = (None, None);
                NodeStatus::Running
            }
            EventKind::Retrying { failure, used, .. } => {
                self.failure = Some(failure.clone());
                self.took(*used);
                NodeStatus::Backoff
            }
            EventKind::Waiting { signal, takes } => NodeStatus::Waiting { signal: signal.clone(), takes: takes.clone() },
            EventKind::Succeeded { from, used, .. } => {
                self.took(*used);
                NodeStatus::Succeeded(from.clone())
            }
            EventKind::Failed { failure, used } => {
                self.failure = Some(failure.clone());
                self.took(*used);
                NodeStatus::Failed
            }
            EventKind::Skipped { because } => NodeStatus::Skipped { because: because.clone() },
            EventKind::Cancelled => NodeStatus::Cancelled,
            EventKind::Progress { done, total } => {
                self.progress = Some((*done, *total));
                return;
            }
            EventKind::Deleted { files, bytes } => {
                self.deleted = Some((*files, *bytes));
                return;
            }
            EventKind::Behind { call } => {
                self.behind = Some(call.clone());
                NodeStatus::Queued
            }
            EventKind::Queued { waits_for } => {
                self.waits_for = Some(waits_for.clone());
                NodeStatus::Queued
            }
            EventKind::Placed { .. } => {
                self.waits_for = None;
                NodeStatus::Running
            }
            // It is its turn.
            EventKind::LookedUp { .. } => {
                self.behind = None;
                return;
            }
            EventKind::Mapped { elements } => {
                self.elements = Some(*elements);
                return;
            }
            EventKind::Decided { arm } => {
                self.arm = Some(*arm);
                return;
            }
            _ => return,
        };
        self.status = status;
        if self.is_over() {
            (self.ended, self.waits_for, self.behind) = (Some(event.at), None, None);
        }
    }

    fn took(&mut self, used: Option<Usage>) {
        self.used = match (self.used, used) {
            (Some(before), Some(used)) => Some(before.and(used)),
            (before, used) => before.or(used),
        };
    }
}

impl Counts {
    /// All nodes.
    #[must_use]
    pub fn total(&self) -> u64 {
        let Self { queued, running, waiting, .. } = self;
        queued + running + waiting + self.over()
    }

    /// The nodes that are over.
    #[must_use]
    pub fn over(&self) -> u64 {
        self.succeeded + self.failed + self.skipped + self.cancelled
    }

    fn of(&mut self, status: &NodeStatus) -> &mut u64 {
        match status {
            NodeStatus::Queued | NodeStatus::Backoff => &mut self.queued,
            NodeStatus::Running => &mut self.running,
            NodeStatus::Waiting { .. } => &mut self.waiting,
            NodeStatus::Succeeded(_) => &mut self.succeeded,
            NodeStatus::Failed => &mut self.failed,
            NodeStatus::Skipped { .. } => &mut self.skipped,
            NodeStatus::Cancelled => &mut self.cancelled,
        }
    }
}
