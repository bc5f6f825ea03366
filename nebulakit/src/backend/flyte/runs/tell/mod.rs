//! What is seen of the nodes of an execution, told as the events of a run. Nothing is told twice, also by who goes on where another one stopped.
//!
//! | module | holds |
//! |---|---|
//! | `teller` | what has been told, and what is told next |
//! | `sight` | a node as it was seen |
//! | `told` | what has been told of a node |
//! | `attempts` | the attempts at a node |
//! | `elements` | the elements of a map |
//! | `ends` | how a node ended |

mod attempts;
mod elements;
mod ends;
mod sight;
mod teller;
mod told;

use std::time::SystemTime;

pub(super) use self::elements::latest;
pub(super) use self::ends::{failure, succeeded};
pub(super) use self::sight::{Came, Sight};
pub(super) use self::teller::Teller;
use self::told::Told;
use super::super::execution::{CacheUsed, ExecutionFailure, NodePhase, What};
use crate::coordinator::{FailureKind, JobFailure};
use crate::run::{Arm, EventKind, NodePath, Origin};

impl Teller {
    /// Tells what is new of the nodes, which come with those that they are part of before them.
    pub(super) fn tell(&mut self, sights: &[Sight]) {
        let begins = sights.iter().map(|sight| (sight.node.created, false, sight));
        // A node ends behind those that are part of it.
        let ends = sights.iter().rev().map(|sight| (sight.node.updated, true, sight));
        let mut steps: Vec<_> = begins.chain(ends.filter(|(_, _, sight)| sight.node.phase.is_over())).collect();
        steps.sort_by_key(|(at, is_end, _)| (*at, *is_end));
        for (_, is_end, sight) in steps {
            if is_end { self.end(sight) } else { self.begin(sight) }
        }
    }

    /// Tells that a condition was decided.
    pub(super) fn decide(&mut self, condition: &NodePath, arm: Arm, at: Option<SystemTime>) {
        match self.told.get_mut(condition) {
            Some(told) if !told.is_over && !told.is_decided => told.is_decided = true,
            _ => return,
        }
        self.record(condition, at, EventKind::Decided { arm });
    }

    /// Tells of the nodes that did not come to their turn, since one that they need failed.
    pub(super) fn skip(&mut self) {
        loop {
            let next = self.nodes.outside_arms().find_map(|(path, known)| {
                let is_in_reach = path.parent().is_none_or(|parent| self.told.contains_key(&parent));
                let because = known.needs.iter().find(|need| self.told.get(*need).is_some_and(|told| told.is_bad))?;
                (is_in_reach && !self.told.contains_key(path)).then(|| (path.clone(), because.clone()))
            });
            let Some((path, because)) = next else { return };
            self.over(&path, None, EventKind::Skipped { because });
        }
    }

    /// Tells of the nodes that are not over: nobody will say more of them.
    pub(super) fn leave(&mut self, end: &EventKind) {
        let left: Vec<_> = self.told.iter().filter(|(_, told)| !told.is_over).map(|(path, _)| path.clone()).collect();
        left.iter().rev().for_each(|path| self.over(path, None, end.clone()));
    }

    pub(super) fn begin(&mut self, sight: &Sight) {
        let Sight { path, node, attempts, .. } = sight;
        let known = self.nodes.get(path).cloned();
        let mut told = self.told.get(path).cloned().unwrap_or_default();
        // What a node runs of which nothing is planned is known when it runs.
        let is_unknown = known.is_none() && attempts.is_empty() && matches!(node.phase, NodePhase::Undefined | NodePhase::Queued);
        if told.is_over || is_unknown {
            return;
        }
        let began = node.started.or(node.created);
        if !self.told.contains_key(path) {
            let of = known.as_ref().map(|known| known.of.clone());
            let of = of.or_else(|| attempts.first().map(|attempt| attempt.task.name.clone())).unwrap_or_else(|| "node".to_owned());
            self.told.insert(path.clone(), Told::default());
            self.record(path, node.created.or(began), EventKind::Ready { of: of.into() });
        }
        let what = known.map(|known| known.what);
        let is_begun = !matches!(node.phase, NodePhase::Undefined | NodePhase::Queued | NodePhase::Skipped | NodePhase::Recovered);
        match &what {
            Some(What::Gate { signal, takes }) if is_begun && !told.is_waiting && !node.phase.is_over() => {
                self.record(path, began, EventKind::Waiting { signal: signal.clone().into(), takes: takes.clone() });
                told.is_waiting = true;
            }
            Some(What::Gate { .. }) => {}
            _ if node.cache == CacheUsed::Hit => {}
            _ if is_begun || !attempts.is_empty() => {
                self.attempts(sight, &mut told);
                let has_run = node.phase != NodePhase::Aborted || node.started.is_some();
                if told.begun == 0 && is_begun && has_run {
                    self.record(path, began, EventKind::Started { attempt: 0 });
                    told.begun = 1;
                }
            }
            _ => {}
        }
        if let Some((condition, arm)) = self.nodes.arm(path).cloned() {
            self.decide(&condition, arm, node.created);
        }
        told.latest = self.told.get(path).and_then(|told| told.latest);
        self.told.insert(path.clone(), told);
        if node.is_map || matches!(what, Some(What::Map { .. })) {
            self.elements(sight);
        }
    }

    fn end(&mut self, sight: &Sight) {
        let Sight { path, node, outputs, attempts, .. } = sight;
        if self.is_over(path) || !node.phase.is_over() {
            return;
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
                // That its attempts are used up says less than why the last one failed, and so does a message that is cut.
                let last = attempts.last().and_then(|attempt| attempt.failure.clone());
                let listed = node.failure.as_ref();
                let told = listed.filter(|told| !told.code.starts_with(ends::EXHAUSTED) && !told.may_be_cut()).cloned();
                let told = told.or(last).or_else(|| listed.map(ExecutionFailure::listed));
                let failure = self.of_first_element(path, failure(told.as_ref(), kind, ""));
                EventKind::Failed { failure, used: None }
            }
        };
        self.over(path, sight.ended(), end);
    }

    /// The failure of a map as that of its first element that failed, as it is told in every run. The platform puts the messages of some of them together, and
    /// leaves out their codes.
    fn of_first_element(&self, map: &NodePath, failure: JobFailure) -> JobFailure {
        if failure.code != ends::UNKNOWN && !failure.message.starts_with('[') && !self.nodes.is_of_workflows(map) {
            return failure;
        }
        let elements = self.told.iter().filter(|(path, _)| path.is_element() && map.holds(path));
        let failed =
            elements.filter_map(|(path, told)| Some((path, told.failure.as_ref().filter(|failure| failure.code != ends::UNKNOWN)?)));
        // Shorter numbers are smaller ones.
        match failed.min_by_key(|(path, _)| (path.len(), path.as_str())) {
            Some((path, first)) => {
                let index = &path[map.len()..];
                JobFailure { code: first.code.clone(), message: format!("{index}: {}", first.message), ..failure }
            }
            None => failure,
        }
    }
}
