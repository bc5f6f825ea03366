//! A run that is over, and its record.

use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::Arc;

use super::check::{Check, Stop, expect};
use crate::run::{Event, EventKind, JobFailure, NodePath, NodeState, NodeStatus, Origin, RunHandle, RunOutcome, RunState, RunStatus};

/// A run that is over.
pub(super) struct Ended<O> {
    pub(super) handle: RunHandle,
    pub(super) outcome: RunOutcome,
    /// Its outputs, if it succeeded.
    pub(super) outputs: Option<O>,
    pub(super) state: Arc<RunState>,
    pub(super) events: Vec<Event>,
}

impl<O> Ended<O> {
    /// Checks what holds for every run: its events follow each other, from the first to the last, and leave no node open.
    pub(super) fn is_told_in_full(&self, name: &str, backend: &str) -> Check {
        let mut state = RunState::new();
        let mut over = HashSet::new();
        for event in &self.events {
            state.apply(event)?;
            let Some(node) = &event.node else { continue };
            expect(!over.contains(node), || format!("the node {node} was over before the event {}: {:?}", event.sequence, event.kind))?;
            if state.nodes.get(node).is_some_and(NodeState::is_over) {
                over.insert(node);
            }
        }
        expect(state == *self.state, || "the state is not what its events tell".to_owned())?;
        expect(state.run.as_ref() == Some(self.handle.id()), || format!("the first event is of the run {:?}", state.run))?;
        expect(state.name == name, || format!("`{name}` runs, and the first event says `{}`", state.name))?;
        expect(state.backend == backend, || format!("`{backend}` runs it, and the first event says `{}`", state.backend))?;
        let status = RunStatus::Ended(self.outcome.clone());
        expect(state.status == status, || format!("it ended as {:?}, and the last event says {:?}", self.outcome, state.status))?;
        let counts = state.counts();
        let (told, nodes) = (counts.total(), state.nodes.len() as u64);
        expect(told == nodes, || format!("{told} nodes are counted, and there are {nodes}"))?;
        expect(counts.over() == nodes, || format!("the run is over, and not all of its nodes are: {counts:?}"))?;
        expect(self.outputs.is_some() == (self.outcome == RunOutcome::Succeeded), || {
            format!("the run ended as {:?}, and has outputs: {}", self.outcome, self.outputs.is_some())
        })
    }

    /// Checks the status of a node.
    pub(super) fn is(&self, node: &str, status: &NodeStatus) -> Check {
        let found = self.state.nodes.get(node).map(|node| &node.status);
        expect(found == Some(status), || format!("the node {node}: expected {status:?}, found {found:?}"))
    }

    /// Checks that a node ran and succeeded.
    pub(super) fn ran(&self, node: &str) -> Check {
        self.is(node, &NodeStatus::Succeeded(Origin::Run))
    }

    pub(super) fn node(&self, node: &str) -> Result<&NodeState, Stop> {
        self.state.nodes.get(node).ok_or_else(|| Stop::Broken(format!("there is no node {node}")))
    }

    /// The position of the first event of a node that `is_it`.
    pub(super) fn place(&self, node: &str, is_it: impl Fn(&EventKind) -> bool) -> Result<usize, Stop> {
        let found = self.events.iter().position(|event| event.node.as_ref().is_some_and(|path| path == node) && is_it(&event.kind));
        found.ok_or_else(|| Stop::Broken(format!("an event of the node {node} is missing")))
    }

    /// Checks how the run failed: the node, its code, and a part of its message.
    pub(super) fn failed(&self, node: &str, code: &str, message: &str) -> Check {
        let found = self.failure()?;
        let (path, failure) = &found;
        let is_it = path.as_deref() == Some(node) && failure.code == code && failure.message.contains(message);
        expect(is_it, || format!("expected that the node {node} fails with `{code}` and `{message}`, found {found:?}"))
    }

    /// How the run failed.
    pub(super) fn failure(&self) -> Result<(Option<NodePath>, JobFailure), Stop> {
        match &self.outcome {
            RunOutcome::Failed { node, failure } => Ok((node.clone(), failure.clone())),
            other => Err(Stop::Broken(format!("expected that it fails, found {other:?}"))),
        }
    }
}

impl<O: PartialEq + Debug> Ended<O> {
    /// Checks the outputs of the run.
    pub(super) fn gave(&self, expected: &O) -> Check {
        expect(self.outputs.as_ref() == Some(expected), || format!("expected {expected:?}, found {:?}, {:?}", self.outputs, self.outcome))
    }
}
