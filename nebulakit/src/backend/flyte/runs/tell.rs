//! What is seen of the nodes of an execution, told as the events of a run. Nothing is told twice, also by who goes on where another one stopped.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::super::execution::{AttemptPhase, CacheUsed, ExecutionFailure, ExecutionNode, MapElement, NodeAttempt, NodePhase};
use super::known::{Nodes, What};
use crate::coordinator::{FailureKind, JobFailure};
use crate::run::{EventKind, NodePath, NodeStatus, Origin, Record, RecordError, Recorded, Recorder, RunState};

/// What has been told of a node.
#[derive(Debug, Default, Clone)]
struct Told {
    /// How many attempts have begun.
    begun: u32,
    /// How many of them have failed, with another one to come.
    retried: u32,
    is_waiting: bool,
    is_mapped: bool,
    is_decided: bool,
    is_over: bool,
}

/// A node as it was seen.
pub(super) struct Sight {
    /// Its path among ours.
    pub(super) path: NodePath,
    pub(super) node: ExecutionNode,
    pub(super) attempts: Vec<NodeAttempt>,
    /// What it gave, if it has succeeded.
    pub(super) outputs: Recorded,
}

/// Tells events to a recorder.
pub(super) struct Teller {
    pub(super) recorder: Arc<Recorder>,
    pub(super) nodes: Nodes,
    told: BTreeMap<NodePath, Told>,
    /// The node that failed first.
    failed: Option<(NodePath, JobFailure)>,
    /// How many events it told.
    events: AtomicU64,
}

impl Teller {
    /// One that goes on behind what is recorded.
    pub(super) fn behind(recorder: Arc<Recorder>, nodes: Nodes, state: &RunState) -> Self {
        let told = state.nodes.iter().map(|(path, node)| {
            let told = Told {
                begun: node.attempts,
                retried: node.attempts.saturating_sub(u32::from(node.status != NodeStatus::Backoff)),
                is_waiting: matches!(node.status, NodeStatus::Waiting { .. }),
                is_mapped: node.elements.is_some(),
                is_decided: node.arm.is_some(),
                is_over: node.is_over(),
            };
            (path.clone(), told)
        });
        let failed = state.nodes.iter().find(|(_, node)| node.status == NodeStatus::Failed);
        let failed = failed.and_then(|(path, node)| Some((path.clone(), node.failure.clone()?)));
        Self { recorder, nodes, told: told.collect(), failed, events: AtomicU64::new(0) }
    }

    pub(super) fn is_over(&self, path: &NodePath) -> bool {
        self.told.get(path).is_some_and(|told| told.is_over)
    }

    /// The node that failed first, and why.
    pub(super) fn failed(&self) -> Option<&(NodePath, JobFailure)> {
        self.failed.as_ref()
    }

    /// Tells what is new of the nodes, which come with those that they are part of before them.
    pub(super) fn tell(&mut self, sights: &[Sight]) -> Result<(), RecordError> {
        sights.iter().try_for_each(|sight| self.begin(sight))?;
        // A node ends behind those that are part of it.
        sights.iter().rev().try_for_each(|sight| self.end(sight))
    }

    /// Tells of the nodes that are not over: nobody will say more of them.
    pub(super) fn leave(&mut self, end: &EventKind) -> Result<(), RecordError> {
        let left: Vec<_> = self.told.iter().filter(|(_, told)| !told.is_over).map(|(path, _)| path.clone()).collect();
        left.iter().rev().try_for_each(|path| self.over(path, end.clone()))
    }

    fn begin(&mut self, sight: &Sight) -> Result<(), RecordError> {
        let Sight { path, node, attempts, .. } = sight;
        let known = self.nodes.get(path).cloned();
        let mut told = self.told.get(path).cloned().unwrap_or_default();
        if told.is_over {
            return Ok(());
        }
        if !self.told.contains_key(path) {
            let of = known.as_ref().map(|known| known.of.clone());
            let of = of.or_else(|| attempts.first().map(|attempt| attempt.task.name.clone())).unwrap_or_else(|| "node".to_owned());
            self.record(path, EventKind::Ready { of: of.into() })?;
        }
        let what = known.map(|known| known.what);
        let is_begun = !matches!(node.phase, NodePhase::Undefined | NodePhase::Queued | NodePhase::Skipped | NodePhase::Recovered);
        match what {
            Some(What::Gate { signal, takes }) if is_begun => {
                if !told.is_waiting && !node.phase.is_over() {
                    self.record(path, EventKind::Waiting { signal: signal.into(), takes })?;
                    told.is_waiting = true;
                }
            }
            _ if node.cache == CacheUsed::Hit => {}
            _ if is_begun || !attempts.is_empty() => {
                self.attempts(path, attempts, node.phase.is_over(), &mut told)?;
                if told.begun == 0 && is_begun {
                    self.record(path, EventKind::Started { attempt: 0 })?;
                    told.begun = 1;
                }
            }
            _ => {}
        }
        if let Some((condition, arm)) = self.nodes.arm(path).cloned()
            && let Some(decided) = self.told.get_mut(&condition)
            && !std::mem::replace(&mut decided.is_decided, true)
        {
            self.record(&condition, EventKind::Decided { arm })?;
        }
        self.told.insert(path.clone(), told);
        if node.is_map || matches!(what_of(&self.nodes, path), Some(What::Map)) {
            self.elements(path, attempts)?;
        }
        Ok(())
    }

    /// Tells of attempts that began, and of those that failed with another one behind them.
    fn attempts(&self, path: &NodePath, attempts: &[NodeAttempt], is_over: bool, told: &mut Told) -> Result<(), RecordError> {
        let last = attempts.last().map(|attempt| attempt.number);
        for attempt in attempts {
            let is_waiting = matches!(attempt.phase, AttemptPhase::Undefined | AttemptPhase::Queued | AttemptPhase::WaitingForResources);
            if attempt.number >= told.begun && !is_waiting {
                self.record(path, EventKind::Started { attempt: attempt.number })?;
                told.begun = attempt.number + 1;
            }
            let is_retried = attempt.phase.is_failure() && (Some(attempt.number) != last || !is_over) && attempt.number < told.begun;
            if is_retried
                && attempt.number >= told.retried
                && (Some(attempt.number) != last || attempt.phase == AttemptPhase::RetryableFailed)
            {
                let failure = failure(attempt.failure.as_ref(), FailureKind::Failed, &attempt.reason);
                let failure = JobFailure { recoverable: true, ..failure };
                self.record(path, EventKind::Retrying { attempt: attempt.number, delay: Duration::ZERO, failure, used: None })?;
                told.retried = attempt.number + 1;
            }
        }
        Ok(())
    }

    /// Tells of the elements of a map.
    fn elements(&mut self, path: &NodePath, attempts: &[NodeAttempt]) -> Result<(), RecordError> {
        let Some(elements) = attempts.last().map(|attempt| &attempt.elements).filter(|elements| !elements.is_empty()) else {
            return Ok(());
        };
        // Each try of an element is one; the last one says how it is.
        let mut last: BTreeMap<u32, &MapElement> = BTreeMap::new();
        last.extend(elements.iter().map(|element| (element.index, element)));
        let of = self.nodes.get(path).map_or_else(|| "node".to_owned(), |known| known.of.clone());
        let told = self.told.entry(path.clone()).or_default();
        if !std::mem::replace(&mut told.is_mapped, true) {
            self.record(path, EventKind::Mapped { elements: last.len() as u64 })?;
        }
        for element in last.into_values() {
            let path = path.element(element.index as usize);
            let mut told = self.told.get(&path).cloned().unwrap_or_default();
            if told.is_over {
                continue;
            }
            if !self.told.contains_key(&path) {
                self.record(&path, EventKind::Ready { of: of.clone().into() })?;
            }
            let is_begun = !matches!(element.phase, AttemptPhase::Undefined | AttemptPhase::Queued | AttemptPhase::WaitingForResources);
            while is_begun && element.cache != CacheUsed::Hit && told.begun <= element.attempt {
                if told.begun > told.retried {
                    let failure = JobFailure { recoverable: true, ..failure(None, FailureKind::Failed, "") };
                    self.record(&path, EventKind::Retrying { attempt: told.retried, delay: Duration::ZERO, failure, used: None })?;
                    told.retried += 1;
                }
                self.record(&path, EventKind::Started { attempt: told.begun })?;
                told.begun += 1;
            }
            self.told.insert(path.clone(), told);
            match element.phase {
                AttemptPhase::Succeeded => {
                    let from = if element.cache == CacheUsed::Hit { Origin::Cache } else { Origin::Run };
                    self.over(&path, succeeded(Recorded::Not, from))?;
                }
                AttemptPhase::Failed => {
                    self.over(&path, EventKind::Failed { failure: failure(None, FailureKind::Failed, ""), used: None })?
                }
                AttemptPhase::Aborted => self.over(&path, EventKind::Cancelled)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn end(&mut self, sight: &Sight) -> Result<(), RecordError> {
        let Sight { path, node, outputs, .. } = sight;
        if self.is_over(path) || !node.phase.is_over() {
            return Ok(());
        }
        let end = match node.phase {
            NodePhase::Succeeded if node.cache == CacheUsed::Hit => succeeded(outputs.clone(), Origin::Cache),
            NodePhase::Succeeded => succeeded(outputs.clone(), Origin::Run),
            NodePhase::Recovered => succeeded(outputs.clone(), Origin::Resumed),
            NodePhase::Skipped => {
                let because = self.failed.as_ref().map_or_else(|| path.clone(), |(failed, _)| failed.clone());
                EventKind::Skipped { because }
            }
            NodePhase::Aborted => EventKind::Cancelled,
            phase => {
                let kind = if phase == NodePhase::TimedOut { FailureKind::TimedOut } else { FailureKind::Failed };
                EventKind::Failed { failure: failure(node.failure.as_ref(), kind, ""), used: None }
            }
        };
        self.over(path, end)
    }

    fn over(&mut self, path: &NodePath, end: EventKind) -> Result<(), RecordError> {
        if let EventKind::Failed { failure, .. } = &end
            && self.failed.is_none()
        {
            self.failed = Some((path.clone(), failure.clone()));
        }
        self.record(path, end)?;
        self.told.entry(path.clone()).or_default().is_over = true;
        Ok(())
    }

    fn record(&self, path: &NodePath, kind: EventKind) -> Result<(), RecordError> {
        self.events.fetch_add(1, Ordering::Relaxed);
        self.recorder.record(Some(path), kind)
    }

    /// How many events it told.
    pub(super) fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Stores the outputs of a node, the bytes of an `outputs.pb`. Of those that cannot be stored the event says so.
    pub(super) async fn keep(&self, outputs: Vec<u8>) -> Recorded {
        Record::keep(&*self.recorder, outputs.into()).await.unwrap_or(Recorded::Not)
    }

    /// Stores the outputs of the run.
    pub(super) fn keep_all(&self, outputs: &[u8]) -> Result<Recorded, RecordError> {
        self.recorder.keep(outputs)
    }
}

fn what_of<'n>(nodes: &'n Nodes, path: &NodePath) -> Option<&'n What> {
    nodes.get(path).map(|known| &known.what)
}

pub(super) fn succeeded(outputs: Recorded, from: Origin) -> EventKind {
    EventKind::Succeeded { outputs, inputs: None, files: None, from, used: None }
}

/// A failure in the platform's words; `otherwise` is what else is known of it.
pub(super) fn failure(told: Option<&ExecutionFailure>, kind: FailureKind, otherwise: &str) -> JobFailure {
    let unknown = if otherwise.is_empty() { "the platform does not say why" } else { otherwise };
    match told {
        Some(told) => {
            let code = if told.code.is_empty() { "Unknown" } else { &told.code };
            JobFailure::new(kind, code, if told.message.is_empty() { unknown } else { told.message.as_str() })
        }
        None => JobFailure::new(kind, "Unknown", unknown),
    }
}
