//! How long it takes to list the runs of a folder: read one by one, or, with the feature `tracker`, told by the index.
//!
//! `cargo bench -p nebulakit-benches --no-default-features --features run --bench listing`, and the same with `--features tracker`. Runs of 20 nodes; wall time
//! in milliseconds: the first listing, which makes the index where there is one, the median of those that follow, and the one after a new run.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints")]

use std::time::Instant;

use nebulakit::run::{Durability, EVENT_VERSION, EventKind, NodePath, Origin, Recorder, RunOutcome, RunsFolder};
use nebulakit_benches::median;

/// How many nodes a run has.
const NODES: u64 = 20;

/// How often the runs are listed.
const ROUNDS: usize = 15;

fn main() {
    println!("{:>8} {:>10} {:>10} {:>14}", "runs", "first", "again", "after one more");
    for count in [1_000, 10_000] {
        let folder = tempfile::tempdir().unwrap();
        let runs = RunsFolder::open(folder.path().join(".nebulakit")).unwrap();
        (0..count).for_each(|_| record(&runs));
        let first = listed(&runs, count);
        let again = median((0..ROUNDS).map(|_| listed(&runs, count)).collect());
        record(&runs);
        println!("{count:>8} {first:>10.1} {again:>10.1} {:>14.1}", listed(&runs, count + 1));
    }
}

fn record(runs: &RunsFolder) {
    let recorder = Recorder::create(runs, Durability::Kernel).unwrap();
    let (run, name) = (recorder.folder().id().clone(), "benches.flow".into());
    let created =
        EventKind::Created { version: EVENT_VERSION, run, name, backend: "benches".into(), nodes: NODES, resumes: None, from: None };
    recorder.record(None, created).unwrap();
    for node in (0..NODES).map(|node| NodePath::from(format!("n{node}"))) {
        recorder.record(Some(&node), EventKind::Ready { of: "benches.task".into() }).unwrap();
        recorder.record(Some(&node), EventKind::Started { attempt: 0 }).unwrap();
        let outputs = recorder.keep(b"outputs").unwrap();
        recorder.record(Some(&node), EventKind::Succeeded { outputs, inputs: None, from: Origin::Run, files: None, used: None }).unwrap();
    }
    recorder.record(None, EventKind::Ended { outcome: RunOutcome::Succeeded, outputs: None }).unwrap();
}

/// How long a listing takes, in milliseconds.
fn listed(runs: &RunsFolder, count: usize) -> f64 {
    let begin = Instant::now();
    let summaries = runs.summaries().unwrap();
    let took = begin.elapsed().as_secs_f64() * 1e3;
    assert_eq!((summaries.runs.len(), summaries.without_index), (count, None));
    took
}
