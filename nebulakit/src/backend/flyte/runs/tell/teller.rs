//! What has been told, and what is told next.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::super::known::Nodes;
use super::super::sink::Sink;
use super::told::Told;
use crate::coordinator::JobFailure;
use crate::run::{EventKind, NodePath, NodeStatus, RecordError, RunState, RunStatus};

/// Tells events to who takes them.
pub(in super::super) struct Teller {
    pub(in super::super) sink: Arc<dyn Sink>,
    pub(in super::super) nodes: Nodes,
    pub(super) told: BTreeMap<NodePath, Told>,
    /// The node that failed first.
    pub(super) failed: Option<(NodePath, JobFailure)>,
    pub(super) is_stopping: bool,
    /// When that happened of which the platform says no time.
    pub(super) now: SystemTime,
    /// What is told at the end of the look, in the order of its times.
    pub(super) due: Vec<(SystemTime, Option<NodePath>, EventKind)>,
    /// How many events it told.
    pub(super) events: u64,
}

impl Teller {
    /// One that goes on behind what is recorded.
    pub(in super::super) fn behind(sink: Arc<dyn Sink>, nodes: Nodes, state: &RunState) -> Self {
        let failed = state.nodes.iter().find(|(_, node)| node.status == NodeStatus::Failed);
        let failed = failed.and_then(|(path, node)| Some((path.clone(), node.failure.clone()?)));
        let is_stopping = state.status == RunStatus::Stopping;
        let (told, now) = (Told::of_all(state), SystemTime::now());
        Self { sink, nodes, told, failed, is_stopping, now, due: Vec::new(), events: 0 }
    }

    pub(in super::super) fn is_over(&self, path: &NodePath) -> bool {
        self.told.get(path).is_some_and(|told| told.is_over)
    }

    /// How many attempts at a node are told to have failed, with another one to come.
    pub(in super::super) fn retried(&self, path: &NodePath) -> u32 {
        self.told.get(path).map_or(0, |told| told.retried)
    }

    /// Whether it is told how many elements a map has.
    pub(in super::super) fn is_mapped(&self, path: &NodePath) -> bool {
        self.told.get(path).is_some_and(|told| told.is_mapped)
    }

    /// The node that failed first, and why.
    pub(in super::super) fn failed(&self) -> Option<&(NodePath, JobFailure)> {
        self.failed.as_ref()
    }

    /// How many events it told.
    pub(in super::super) fn events(&self) -> u64 {
        self.events
    }

    /// Begins to tell what was seen in a look; the time is that of what has none.
    pub(in super::super) fn look(&mut self, now: SystemTime) {
        self.now = now;
    }

    /// Has what was told since the last time taken, in the order in which it happened as far as that is known.
    pub(in super::super) fn flush(&mut self) -> Result<(), RecordError> {
        let mut due = std::mem::take(&mut self.due);
        due.sort_by_key(|(at, ..)| *at);
        due.into_iter().try_for_each(|(at, node, kind)| self.sink.take(at, node.as_ref(), kind))
    }

    /// Tells what happened to the run itself.
    pub(in super::super) fn of_run(&mut self, at: Option<SystemTime>, kind: EventKind) {
        self.events += 1;
        self.due.push((at.unwrap_or(self.now), None, kind));
    }

    /// Tells once that the run was asked to stop.
    pub(in super::super) fn stop(&mut self, at: Option<SystemTime>) {
        if !std::mem::replace(&mut self.is_stopping, true) {
            self.of_run(at, EventKind::Stopping);
        }
    }

    pub(super) fn over(&mut self, path: &NodePath, at: Option<SystemTime>, end: EventKind) {
        // What is in a map fails within it, and a handler that fails takes the place of what it was for.
        if let EventKind::Failed { failure, .. } = &end
            && !path.is_in_element()
            && (self.failed.is_none() || self.nodes.get(path).is_some_and(|known| known.is_handler))
        {
            self.failed = Some((path.clone(), failure.clone()));
        }
        let is_bad = matches!(end, EventKind::Failed { .. } | EventKind::Skipped { .. });
        let failure = match &end {
            EventKind::Failed { failure, .. } if path.is_element() => Some(failure.clone()),
            _ => None,
        };
        self.record(path, at, end);
        let told = self.told.entry(path.clone()).or_default();
        (told.is_over, told.is_bad, told.failure) = (true, is_bad, failure);
    }

    /// Notes what happened to a node: not before what is told of it already.
    pub(super) fn record(&mut self, path: &NodePath, at: Option<SystemTime>, kind: EventKind) {
        let latest = &mut self.told.entry(path.clone()).or_default().latest;
        let at = at.unwrap_or(self.now).max(latest.unwrap_or(SystemTime::UNIX_EPOCH));
        *latest = Some(at);
        self.events += 1;
        self.due.push((at, Some(path.clone()), kind));
    }
}
