//! Runs whose process is ended at any moment, and that go on.
//!
//! Tasks note in a ledger that they ran. Where a process ends is exact: the kernel ends it in the middle of the write that makes its log longer than it may be.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::Mutex;
use std::thread;

use nebulakit::run::RunId;
use proptest::prelude::*;

use crate::{Ended, Place};

/// Stands in the graph of a dynamic task alone, which is not told again where the task was finished.
const WITHIN: &str = "small";

/// Handles a failure: each is handled, be it the same as in the run before.
const HANDLER: &str = "clean_up";

/// Runs a workflow, ends its process behind so many bytes of its log, has another process go on, and so on; the last one comes to the end. Says how that is.
fn ended_and_resumed(place: &Place, workflow: &str, durability: &str, ends: &[u64]) -> Ended {
    let (first, others) = ends.split_first().unwrap();
    let mut ended = place.drive(workflow, durability, Some(*first), None);
    let mut finished = place.finished(&ended.run);
    for bytes in others.iter().copied().map(Some).chain([None]) {
        ended = resumed(place, workflow, durability, bytes, &ended.run, &finished);
        finished.extend(place.finished(&ended.run));
    }
    assert!(ended.said.is_some(), "nothing ends the last one: {}", ended.status);
    ended
}

/// Has a process go on with a run: what was `finished` does not run again, and is not lost.
fn resumed(place: &Place, workflow: &str, durability: &str, bytes: Option<u64>, run: &RunId, finished: &BTreeSet<String>) -> Ended {
    let before = place.ledger();
    let next = place.drive(workflow, durability, bytes, Some(run));
    let after = place.ledger();
    for task in finished.iter().filter(|task| *task != HANDLER) {
        assert_eq!(before.get(task), after.get(task), "{task} was finished, and ran again");
    }
    if next.said.is_some() {
        let told = place.finished(&next.run);
        let lost: Vec<_> = finished.difference(&told).filter(|task| *task != WITHIN).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
    next
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
    assert_eq!(place.finished(&ended.run).into_iter().filter(|task| task != WITHIN).count(), 10);
}

fn is_cleaned_up(place: &Place, ended: &Ended) {
    assert!(ended.said.as_ref().unwrap().contains("6 is wrong"), "{:?}", ended.said);
    assert!(place.ledger().contains_key(HANDLER));
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

#[test]
fn a_run_that_is_killed_goes_on_where_it_was() {
    for events in (1..48).step_by(4) {
        let place = Place::new();
        let mut driven = place.driven("everything", "kernel", None, None).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(driven.stdout.take().unwrap()).lines();
        let run = RunId::from(said.next().unwrap().unwrap());
        let (mut log, mut heard) = (place.attach(&run).events(), 0);
        while heard < events {
            match log.read().unwrap() {
                Some(_) => heard += 1,
                None => thread::yield_now(),
            }
        }
        driven.kill().unwrap();
        driven.wait().unwrap();
        let ended = resumed(&place, "everything", "kernel", None, &run, &place.finished(&run));
        is_whole(&place, &ended);
    }
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
