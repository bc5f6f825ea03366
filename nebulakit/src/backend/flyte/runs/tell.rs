//! What is seen of the nodes of an execution, told as the events of a run. Nothing is told twice, also by who goes on where another one stopped.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::super::execution::{AttemptPhase, CacheUsed, ExecutionFailure, ExecutionNode, MapElement, NodeAttempt, NodePhase};
use super::known::{Nodes, What};
use crate::coordinator::{FailureKind, JobFailure};
use crate::run::{Arm, EventKind, NodePath, NodeStatus, Origin, Record, RecordError, Recorded, Recorder, RunState};

/// What the code of a node begins with whose attempts are used up.
const EXHAUSTED: &str = "RetriesExhausted|";

/// The code of a failure that has none.
const UNKNOWN: &str = "Unknown";

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
    /// Whether it failed or was skipped.
    is_bad: bool,
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
                is_bad: matches!(node.status, NodeStatus::Failed | NodeStatus::Skipped { .. }),
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

    /// Tells what is new of the nodes, which come with those that they are part of before them, in the order in which it happened as far as that is known.
    pub(super) fn tell(&mut self, sights: &[Sight]) -> Result<(), RecordError> {
        let begins = sights.iter().map(|sight| (sight.node.created, false, sight));
        // A node ends behind those that are part of it.
        let ends = sights.iter().rev().map(|sight| (sight.node.updated, true, sight));
        let mut steps: Vec<_> = begins.chain(ends.filter(|(_, _, sight)| sight.node.phase.is_over())).collect();
        steps.sort_by_key(|(at, is_end, _)| (*at, *is_end));
        for (_, is_end, sight) in steps {
            if is_end { self.end(sight)? } else { self.begin(sight)? }
        }
        Ok(())
    }

    /// Tells that a condition was decided.
    pub(super) fn decide(&mut self, condition: &NodePath, arm: Arm) -> Result<(), RecordError> {
        match self.told.get_mut(condition) {
            Some(told) if !told.is_over && !told.is_decided => told.is_decided = true,
            _ => return Ok(()),
        }
        self.record(condition, EventKind::Decided { arm })
    }

    /// Tells of the nodes that did not come to their turn, since one that they need failed.
    pub(super) fn skip(&mut self) -> Result<(), RecordError> {
        loop {
            let next = self.nodes.outside_arms().find_map(|(path, known)| {
                let is_in_reach = path.parent().is_none_or(|parent| self.told.contains_key(&parent));
                let because = known.needs.iter().find(|need| self.told.get(*need).is_some_and(|told| told.is_bad))?;
                (is_in_reach && !self.told.contains_key(path)).then(|| (path.clone(), because.clone()))
            });
            let Some((path, because)) = next else { return Ok(()) };
            self.over(&path, EventKind::Skipped { because })?;
        }
    }

    /// Tells of the nodes that are not over: nobody will say more of them.
    pub(super) fn leave(&mut self, end: &EventKind) -> Result<(), RecordError> {
        let left: Vec<_> = self.told.iter().filter(|(_, told)| !told.is_over).map(|(path, _)| path.clone()).collect();
        left.iter().rev().try_for_each(|path| self.over(path, end.clone()))
    }

    pub(super) fn begin(&mut self, sight: &Sight) -> Result<(), RecordError> {
        let Sight { path, node, attempts, .. } = sight;
        let known = self.nodes.get(path).cloned();
        let mut told = self.told.get(path).cloned().unwrap_or_default();
        // What a node runs that a dynamic task made is known when it runs.
        let is_unknown = known.is_none() && attempts.is_empty() && matches!(node.phase, NodePhase::Undefined | NodePhase::Queued);
        if told.is_over || is_unknown {
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
            Some(What::Gate { signal, takes }) if is_begun && !told.is_waiting && !node.phase.is_over() => {
                self.record(path, EventKind::Waiting { signal: signal.into(), takes })?;
                told.is_waiting = true;
            }
            Some(What::Gate { .. }) => {}
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
        if let Some((condition, arm)) = self.nodes.arm(path).cloned() {
            self.decide(&condition, arm)?;
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
            // It waits for its turn within the map.
            let waits = matches!(element.phase, AttemptPhase::Undefined | AttemptPhase::Queued) && !self.told.contains_key(&path);
            if told.is_over || waits {
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
        let Sight { path, node, outputs, attempts } = sight;
        if self.is_over(path) || !node.phase.is_over() {
            return Ok(());
        }
        let end = match node.phase {
            NodePhase::Succeeded if node.cache == CacheUsed::Hit => succeeded(outputs.clone(), Origin::Cache),
            NodePhase::Succeeded => succeeded(outputs.clone(), Origin::Run),
            NodePhase::Recovered => succeeded(outputs.clone(), Origin::Resumed),
            NodePhase::Skipped => {
                let needs = self.nodes.get(path).map(|known| known.needs.as_slice()).unwrap_or_default();
                let need = needs.iter().find(|need| self.told.get(*need).is_some_and(|told| told.is_bad));
                let first = || self.failed.as_ref().map_or_else(|| path.clone(), |(failed, _)| failed.clone());
                let because = need.cloned().unwrap_or_else(first);
                EventKind::Skipped { because }
            }
            NodePhase::Aborted => EventKind::Cancelled,
            phase => {
                let kind = if phase == NodePhase::TimedOut { FailureKind::TimedOut } else { FailureKind::Failed };
                // That its attempts are used up says less than why the last one failed.
                let last = attempts.last().and_then(|attempt| attempt.failure.as_ref());
                let told = node.failure.as_ref().filter(|told| !told.code.starts_with(EXHAUSTED)).or(last).or(node.failure.as_ref());
                EventKind::Failed { failure: failure(told, kind, ""), used: None }
            }
        };
        self.over(path, end)
    }

    fn over(&mut self, path: &NodePath, end: EventKind) -> Result<(), RecordError> {
        // An element of a map fails within it, and a handler that fails takes the place of what it was for.
        if let EventKind::Failed { failure, .. } = &end
            && !path.is_element()
            && (self.failed.is_none() || self.nodes.get(path).is_some_and(|known| known.is_handler))
        {
            self.failed = Some((path.clone(), failure.clone()));
        }
        self.record(path, end.clone())?;
        let is_bad = matches!(end, EventKind::Failed { .. } | EventKind::Skipped { .. });
        let told = self.told.entry(path.clone()).or_default();
        (told.is_over, told.is_bad) = (true, is_bad);
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

/// A failure in the platform's words; `otherwise` is what else is known of it. The platform's own codes are written as they are in a run here.
pub(super) fn failure(told: Option<&ExecutionFailure>, kind: FailureKind, otherwise: &str) -> JobFailure {
    let unknown = if otherwise.is_empty() { "the platform does not say why" } else { otherwise };
    let Some(told) = told else { return JobFailure::new(kind, UNKNOWN, unknown) };
    let code = told.code.strip_prefix(EXHAUSTED).unwrap_or(&told.code);
    let message = told.message.strip_prefix(&format!("[{code}] ")).unwrap_or(&told.message);
    let (kind, code) = match code {
        "" => return of_element(kind, message).unwrap_or_else(|| JobFailure::new(kind, UNKNOWN, message)),
        "TimeoutExpired" => (FailureKind::TimedOut, "USER:Timeout".to_owned()),
        "InvalidArrayLength" | "ReceivedRejectSignal" | "UserProvidedError" | "DynamicWorkflowBuildFailed" | "MalformedBranch" => {
            (kind, format!("USER:{code}"))
        }
        "BindingResolutionFailure" => (kind, format!("SYSTEM:{code}")),
        code => (kind, code.to_owned()),
    };
    JobFailure::new(kind, &code, if message.is_empty() { unknown } else { message })
}

/// The failure of a map, whose code and message are in one text: `[1]: USER:RuntimeError: 3 is odd`.
fn of_element(kind: FailureKind, text: &str) -> Option<JobFailure> {
    let (index, rest) = text.strip_prefix('[')?.split_once("]: ")?;
    let (code, message) = rest.split_once(": ")?;
    let is_element = index.parse::<u32>().is_ok() && !code.contains(char::is_whitespace);
    is_element.then(|| JobFailure::new(kind, code, format!("[{index}]: {}", message.trim_end())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_maps_have_the_code_of_their_element() {
        let read = |text: &str| of_element(FailureKind::Failed, text).map(|failure| (failure.code, failure.message));
        let found = ("USER:RuntimeError".to_owned(), "[1]: 3 is odd".to_owned());
        assert_eq!(read("[1]: USER:RuntimeError: 3 is odd\n"), Some(found));
        for text in ["3 is odd", "[1]: 3 is odd", "[x]: A: b", "[1]: of many words: b"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
