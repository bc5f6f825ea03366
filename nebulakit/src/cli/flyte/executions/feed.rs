//! An execution as the events of a run: what changed between two looks at it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use crate::backend::flyte::{CacheUsed, ExecutionDetails, ExecutionFailure, ExecutionNode, ExecutionPhase, NodePhase, What};
use crate::run::{EVENT_VERSION, Event, EventKind, FailureKind, JobFailure, NodePath, Origin, Recorded, RunId, RunOutcome};

/// What was seen of an execution so far.
pub(super) struct Feed {
    /// What its nodes are.
    plan: BTreeMap<NodePath, What>,
    sequence: u64,
    ready: BTreeSet<NodePath>,
    started: BTreeSet<NodePath>,
    over: BTreeSet<NodePath>,
    is_stopping: bool,
    new: Vec<Event>,
}

impl Feed {
    pub(super) fn new(plan: BTreeMap<NodePath, What>) -> Self {
        let (ready, started, over) = Default::default();
        Self { plan, sequence: 0, ready, started, over, is_stopping: false, new: Vec::new() }
    }

    /// The dynamic task among `nodes` of which it is not known what the nodes are that it has made.
    pub(super) fn unknown<'a>(&self, nodes: &'a [ExecutionNode]) -> Option<&'a ExecutionNode> {
        let is_unknown = |node: &&ExecutionNode| {
            let children = node.children.iter().any(|child| !self.plan.contains_key(&child.path) && !self.ready.contains(&child.path));
            node.is_dynamic && children
        };
        nodes.iter().flat_map(ExecutionNode::walk).find(is_unknown)
    }

    /// Takes what the nodes are that a dynamic task has made.
    pub(super) fn learn(&mut self, made: BTreeMap<NodePath, What>) {
        self.plan.extend(made);
    }

    /// What happened since the last look. The end is the last event, and comes once.
    pub(super) fn look(&mut self, details: &ExecutionDetails, nodes: &[ExecutionNode]) -> Vec<Event> {
        let now = SystemTime::now();
        if self.sequence == 0 {
            let kind = EventKind::Created {
                version: EVENT_VERSION,
                run: RunId::from(details.id.name.as_str()),
                name: details.launched.name.clone().into(),
                backend: "flyte".into(),
                nodes: self.plan.len() as u64,
                resumes: details.reference.as_ref().map(|former| RunId::from(former.name.as_str())),
                from: None,
            };
            self.push(None, details.created.unwrap_or(now), kind);
        }
        let all: Vec<_> = nodes.iter().flat_map(ExecutionNode::walk).collect();
        let failed = first_failed(&all);
        for node in &all {
            self.of_node(node, failed, now);
        }
        let is_stopping = matches!(details.phase, ExecutionPhase::Aborting | ExecutionPhase::Aborted);
        if is_stopping && !std::mem::replace(&mut self.is_stopping, true) {
            self.push(None, details.updated.unwrap_or(now), EventKind::Stopping);
        }
        if details.phase.is_over() {
            let ended = details.started.zip(details.duration).map(|(started, took)| started + took).or(details.updated);
            let kind = EventKind::Ended { outcome: outcome(details, failed), outputs: None };
            self.push(None, ended.unwrap_or(now), kind);
        }
        std::mem::take(&mut self.new)
    }

    fn of_node(&mut self, node: &ExecutionNode, failed: Option<&ExecutionNode>, now: SystemTime) {
        let path = &node.path;
        if self.over.contains(path) {
            return;
        }
        let what = self.plan.get(path).cloned();
        let began = node.started.or(node.created).unwrap_or(now);
        if self.ready.insert(path.clone()) {
            self.push(Some(path), node.created.unwrap_or(began), EventKind::Ready { of: name(what.as_ref(), node).into() });
        }
        let is_cached = node.cache == CacheUsed::Hit || node.phase == NodePhase::Recovered;
        let has_begun = !matches!(node.phase, NodePhase::Undefined | NodePhase::Queued | NodePhase::Skipped | NodePhase::Aborted);
        if has_begun && !is_cached && self.started.insert(path.clone()) {
            let kind = match what {
                Some(What::Gate { signal, takes }) if !node.phase.is_over() => EventKind::Waiting { signal: signal.into(), takes },
                _ => EventKind::Started { attempt: 0 },
            };
            self.push(Some(path), began, kind);
        }
        if !node.phase.is_over() {
            return;
        }
        self.over.insert(path.clone());
        let ended = node.started.zip(node.duration).map(|(started, took)| started + took).or(node.updated).unwrap_or(now);
        let from = match node.phase {
            NodePhase::Recovered => Origin::Resumed,
            _ if node.cache == CacheUsed::Hit => Origin::Cache,
            _ => Origin::Run,
        };
        let kind = match node.phase {
            NodePhase::Failed | NodePhase::TimedOut => {
                EventKind::Failed { failure: failure(node.failure.as_ref().map(ExecutionFailure::listed), node.phase.as_str()), used: None }
            }
            NodePhase::Aborted => EventKind::Cancelled,
            NodePhase::Skipped => EventKind::Skipped { because: failed.map_or_else(|| path.clone(), |failed| failed.path.clone()) },
            _ => EventKind::Succeeded { outputs: Recorded::Not, inputs: None, files: None, from, used: None },
        };
        self.push(Some(path), ended, kind);
    }

    fn push(&mut self, node: Option<&NodePath>, at: SystemTime, kind: EventKind) {
        self.new.push(Event { sequence: self.sequence, at, node: node.cloned(), kind });
        self.sequence += 1;
    }
}

/// What a node runs, in the words of a run.
fn name(what: Option<&What>, node: &ExecutionNode) -> String {
    match what {
        Some(What::Runs(name) | What::Maps(name)) => name.clone(),
        Some(What::Condition) => "condition".to_owned(),
        Some(What::Gate { .. }) => "gate".to_owned(),
        Some(What::Sleep) => "sleep".to_owned(),
        None => node.last_attempt().map(|attempt| attempt.task.name.clone()).unwrap_or_default(),
    }
}

/// The node that failed first, of which no part failed.
pub(super) fn first_failed<'a>(nodes: &[&'a ExecutionNode]) -> Option<&'a ExecutionNode> {
    let has_failed = |node: &&&ExecutionNode| matches!(node.phase, NodePhase::Failed | NodePhase::TimedOut);
    let failed = nodes.iter().filter(has_failed).filter(|node| !node.children.iter().any(|child| has_failed(&&child)));
    failed.min_by_key(|node| node.updated).copied()
}

fn outcome(details: &ExecutionDetails, failed: Option<&ExecutionNode>) -> RunOutcome {
    match details.phase {
        ExecutionPhase::Succeeded => RunOutcome::Succeeded,
        ExecutionPhase::Aborted => RunOutcome::Cancelled,
        phase => {
            RunOutcome::Failed { node: failed.map(|failed| failed.path.clone()), failure: failure(details.failure.clone(), phase.as_str()) }
        }
    }
}

fn failure(failure: Option<ExecutionFailure>, phase: &str) -> JobFailure {
    match failure {
        Some(failure) => {
            // Mapped tasks have none.
            let code = if failure.code.is_empty() { failure.kind.as_str() } else { failure.code.as_str() };
            JobFailure::new(FailureKind::Failed, code, failure.message)
        }
        None => JobFailure::new(FailureKind::Failed, phase, "the platform says no more"),
    }
}
