//! Runs whose process is ended at any moment, and that go on.
//!
//! Tasks note in a ledger that they ran. Where a process ends is exact: the kernel ends it in the middle of the write that makes its log longer than it may be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::thread;

use nebulakit::run::{EventKind, NodePath, RunId};
use proptest::prelude::*;

use crate::{Ended, Place};

/// What ran as often as this.
type Ledger = BTreeMap<String, usize>;

/// What a node notes in the ledger, if it does.
fn noted(node: &NodePath, of: &str) -> Option<String> {
    let task = of.rsplit_once('.').map_or(of, |(_, task)| task);
    match (task, node.find('[')) {
        ("each", Some(element)) => Some(format!("{task}{}", &node[element..])),
        ("each", None) | ("grows" | "part" | "when", _) => None,
        _ => Some(task.to_owned()),
    }
}

/// Runs a workflow, ends its process behind so many bytes of its log, has another process go on, and so on; the last one comes to the end. Says how that is.
fn ended_and_resumed(place: &Place, workflow: &str, durability: &str, ends: &[u64]) -> Ended {
    let mut ended: Option<Ended> = None;
    for bytes in ends.iter().copied().map(Some).chain([None]) {
        let former = ended.as_ref().map(|ended| &ended.run);
        let (finished, before) = former.map_or_else(Default::default, |run| (finished(place, run), ledger(place)));
        let next = place.drive(workflow, durability, bytes, former);
        assert!(bytes.is_some() || next.said.is_some(), "nothing ends the last one: {}", next.status);
        let after = ledger(place);
        for task in &finished {
            assert_eq!(before.get(task), after.get(task), "{task} was finished, and ran again, {ends:?}");
        }
        let again: Vec<_> = finished.difference(&self::finished(place, &next.run)).cloned().collect();
        assert!(next.said.is_none() || again.is_empty(), "{again:?} got lost, {ends:?}");
        ended = Some(next);
    }
    ended.unwrap()
}

fn ledger(place: &Place) -> Ledger {
    let mut ledger = Ledger::new();
    for line in std::fs::read_to_string(place.ledger()).unwrap_or_default().lines() {
        *ledger.entry(line.to_owned()).or_default() += 1;
    }
    ledger
}

/// The tasks that succeeded, as a run's log says. None of them is told twice.
fn finished(place: &Place, run: &RunId) -> BTreeSet<String> {
    let handle = place.attach(run);
    let (mut events, mut of, mut finished) = (handle.events(), BTreeMap::new(), BTreeSet::new());
    while let Some(event) = events.read().unwrap() {
        match (event.node, event.kind) {
            (Some(node), EventKind::Ready { of: task }) => drop(of.insert(node, task)),
            (Some(node), EventKind::Succeeded { .. }) => {
                if let Some(task) = noted(&node, &of[&node]) {
                    assert!(finished.insert(task), "{node} succeeded twice");
                }
            }
            _ => {}
        }
    }
    finished
}

/// Where the events end of a run that nothing ends, counted from the end of the first one.
fn lengths(workflow: &str) -> Vec<u64> {
    let place = Place::new();
    let ended = place.drive(workflow, "kernel", None, None);
    let log = std::fs::read(place.attach(&ended.run).folder().path().join("events.jsonl")).unwrap();
    let ends: Vec<u64> = log.iter().zip(1..).filter(|(byte, _)| **byte == b'\n').map(|(_, end)| end).collect();
    ends.iter().map(|end| end - ends[0]).collect()
}

/// Ends the run at the end of each event, and in the middle of each.
fn at_every_event(workflow: &str, durability: &str, check: impl Fn(&Place, &Ended) + Sync) {
    let ends = lengths(workflow);
    let middles = ends.windows(2).map(|ends| ends[0].midpoint(ends[1]));
    let ends = Mutex::new(ends.iter().copied().chain(middles));
    // Most of the time of a run is the pause before an attempt.
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(end) = { ends.lock().unwrap().next() } {
                    let place = Place::new();
                    let ended = ended_and_resumed(&place, workflow, durability, &[end]);
                    check(&place, &ended);
                }
            });
        }
    });
}

fn is_whole(place: &Place, ended: &Ended) {
    assert_eq!(ended.said.as_deref(), Some("Succeeded"));
    let run = place.attach(&ended.run);
    let expected = nebulakit::types::encode(&701_i64, &nebulakit::types::Dialect::FLYTE_1).unwrap();
    assert!(run.result().unwrap().ends_with(&expected), "{:?}", run.result());
    assert_eq!(finished(place, &ended.run).len(), 11);
}

fn is_cleaned_up(place: &Place, ended: &Ended) {
    assert!(ended.said.as_ref().unwrap().contains("6 is wrong"), "{:?}", ended.said);
    assert!(ledger(place).contains_key("clean_up"));
}

#[test]
fn a_run_that_is_ended_at_any_event_goes_on_where_it_was() {
    at_every_event("everything", "kernel", is_whole);
}

#[test]
fn a_run_on_disk_that_is_ended_at_any_event_goes_on_where_it_was() {
    at_every_event("everything", "disk", is_whole);
}

#[test]
fn a_failing_run_that_is_ended_at_any_event_fails_and_cleans_up() {
    at_every_event("doomed", "kernel", is_cleaned_up);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]
    #[test]
    fn a_run_may_be_ended_again_and_again(ends in prop::collection::vec(0_u64..9000, 1..5), on_disk: bool) {
        let place = Place::new();
        let ended = ended_and_resumed(&place, "everything", if on_disk { "disk" } else { "kernel" }, &ends);
        is_whole(&place, &ended);
    }
}
