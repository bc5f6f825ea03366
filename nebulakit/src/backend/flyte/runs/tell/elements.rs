//! The elements of a map, each as often as it was tried. The platform says no times of them: they are between those of the map.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::super::super::execution::{AttemptPhase, CacheUsed, MapElement};
use super::sight::{Came, Sight};
use super::teller::Teller;
use super::{attempts, failure, succeeded};
use crate::coordinator::{FailureKind, JobFailure};
use crate::run::{EventKind, NodePath, Origin, Recorded};

impl Teller {
    pub(super) fn elements(&mut self, sight: &Sight) {
        let Sight { path, node, attempts, .. } = sight;
        if self.nodes.is_of_workflows(path) {
            self.rows(sight);
            return;
        }
        let Some(attempt) = attempts.last().filter(|attempt| !attempt.elements.is_empty()) else { return };
        let last = latest(&attempt.elements);
        let of = self.nodes.get(path).map_or_else(|| "node".to_owned(), |known| known.of.clone());
        let began = attempt.started.or(node.started).or(node.created);
        let ended = if node.phase.is_over() { sight.ended() } else { attempts::ended(attempt) };
        let told = self.told.entry(path.clone()).or_default();
        if !std::mem::replace(&mut told.is_mapped, true) {
            self.record(path, began, EventKind::Mapped { elements: sight.size.unwrap_or(last.len() as u64) });
        }
        for element in last.into_values() {
            self.element(&path.element(element.index as usize), &of, element, sight, began, ended);
        }
    }

    /// How many elements a map of workflows has. They are nodes on the platform, and told as such.
    fn rows(&mut self, Sight { path, node, size, .. }: &Sight) {
        let Some(elements) = size.or_else(|| node.phase.is_over().then_some(node.children.len() as u64)) else { return };
        if !std::mem::replace(&mut self.told.entry(path.clone()).or_default().is_mapped, true) {
            self.record(path, node.started.or(node.created), EventKind::Mapped { elements });
        }
    }

    fn element(
        &mut self,
        path: &NodePath,
        of: &str,
        element: &MapElement,
        map: &Sight,
        began: Option<SystemTime>,
        ended: Option<SystemTime>,
    ) {
        let (is_new, mut told) = (!self.told.contains_key(path), self.told.get(path).cloned().unwrap_or_default());
        // It waits for its turn within the map.
        let waits = matches!(element.phase, AttemptPhase::Undefined | AttemptPhase::Queued) && is_new;
        if told.is_over || waits {
            return;
        }
        if is_new {
            self.record(path, began, EventKind::Ready { of: of.to_owned().into() });
        }
        let is_begun = !matches!(element.phase, AttemptPhase::Undefined | AttemptPhase::Queued | AttemptPhase::WaitingForResources);
        while is_begun && element.cache != CacheUsed::Hit && told.begun <= element.attempt {
            if told.begun > told.retried {
                let failure = JobFailure { recoverable: true, ..why(map, element.index, told.retried) };
                self.record(path, ended, EventKind::Retrying { attempt: told.retried, delay: Duration::ZERO, failure, used: None });
                told.retried += 1;
            }
            // It began when the map did, as far as that is known.
            self.record(path, began.filter(|_| is_new), EventKind::Started { attempt: told.begun });
            told.begun += 1;
        }
        told.latest = self.told.get(path).and_then(|told| told.latest);
        self.told.insert(path.clone(), told);
        match element.phase {
            AttemptPhase::Succeeded => {
                let from = if element.cache == CacheUsed::Hit { Origin::Cache } else { Origin::Run };
                let gave = match map.elements.get(&(element.index, element.attempt)) {
                    Some(Came::Gave(outputs)) => outputs.clone(),
                    _ => Recorded::Not,
                };
                self.over(path, ended, succeeded(gave, from));
            }
            AttemptPhase::Failed => {
                self.over(path, ended, EventKind::Failed { failure: why(map, element.index, element.attempt), used: None });
            }
            AttemptPhase::Aborted => self.over(path, ended, EventKind::Cancelled),
            _ => {}
        }
    }
}

/// Each try of an element is one; the last one says how it is.
pub(in super::super) fn latest(elements: &[MapElement]) -> BTreeMap<u32, &MapElement> {
    elements.iter().map(|element| (element.index, element)).collect()
}

/// Why a try of an element failed.
fn why(map: &Sight, index: u32, attempt: u32) -> JobFailure {
    match map.elements.get(&(index, attempt)) {
        Some(Came::Failed(why)) => failure(Some(why), FailureKind::Failed, ""),
        _ => failure(None, FailureKind::Failed, ""),
    }
}
