//! What readers make of a log, whole or not.

use std::fs;
use std::path::PathBuf;

use nebulakit::run::{Durability, EventKind, NodePath, RecordErrorKind, Recorded, Recorder, RunHandle, RunState};
use proptest::prelude::*;

use crate::{Scratch, ended, node, ready, recorded, succeeded};

/// A run that is over, with hostile names of nodes.
fn finished(scratch: &Scratch) -> RunHandle {
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    for id in ["n0", "n1[0]/n2", "ö\n\"{}\u{1b}", "..", "\0"] {
        let node = NodePath::from(id);
        recorder.record(Some(&node), ready()).unwrap();
        recorder.record(Some(&node), EventKind::Started { attempt: 0 }).unwrap();
        recorder.record(Some(&node), succeeded(Recorded::Here(vec![1, 2, 3]))).unwrap();
    }
    recorder.record(None, ended()).unwrap();
    run
}

fn log(run: &RunHandle) -> PathBuf {
    run.folder().path().join("events.jsonl")
}

#[test]
fn every_prefix_of_a_log_is_a_valid_run() {
    let scratch = Scratch::new();
    let run = finished(&scratch);
    let (all, events) = (fs::read(log(&run)).unwrap(), recorded(&run));
    let mut states = vec![RunState::new()];
    for event in &events {
        let mut state = states.last().unwrap().clone();
        state.apply(event).unwrap();
        states.push(state);
    }
    for length in 0..all.len() {
        fs::write(log(&run), &all[..length]).unwrap();
        let whole = all[..length].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(*scratch.attach(run.id()).state().unwrap(), states[whole], "{length} bytes");
    }
}

#[test]
fn a_torn_line_is_cut_by_who_goes_on() {
    let scratch = Scratch::new();
    let run = finished(&scratch);
    let all = fs::read(log(&run)).unwrap();
    fs::write(log(&run), &all[..all.len() - 5]).unwrap();
    let recorder = Recorder::resume(&scratch.runs, run.id(), Durability::Kernel).unwrap();
    recorder.record(Some(&node("n9")), succeeded(Recorded::Not)).unwrap();
    recorder.record(None, ended()).unwrap();
    let sequences: Vec<u64> = recorded(&scratch.attach(run.id())).iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (0..18).collect::<Vec<_>>());
}

#[test]
fn a_reader_who_was_there_reads_on_behind_a_torn_line() {
    let scratch = Scratch::new();
    let run = finished(&scratch);
    let all = fs::read(log(&run)).unwrap();
    fs::write(log(&run), &all[..all.len() - 5]).unwrap();
    let reader = scratch.attach(run.id());
    assert_eq!(reader.state().unwrap().events, 16);
    let recorder = Recorder::resume(&scratch.runs, run.id(), Durability::Kernel).unwrap();
    recorder.record(Some(&node("n9")), succeeded(Recorded::Not)).unwrap();
    assert_eq!(reader.state().unwrap().events, 17);
}

#[test]
fn a_line_that_is_damaged_is_told_with_its_place_and_the_way_out() {
    let scratch = Scratch::new();
    let run = finished(&scratch);
    let text = fs::read_to_string(log(&run)).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[4] = "\0\0\0";
    fs::write(log(&run), lines.join("\n") + "\n").unwrap();
    let run = scratch.attach(run.id());
    let error = run.state().unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::Corrupt);
    let text = error.to_string();
    assert!(
        text.starts_with("line 5 of `") && text.contains("events.jsonl` is damaged") && text.contains("cut the file after line 4"),
        "{text}"
    );
    // It stays so, and what comes behind is not taken for it.
    assert_eq!(run.state().unwrap_err(), error);
    assert_eq!(Recorder::resume(&scratch.runs, run.id(), Durability::Kernel).unwrap_err(), error);
}

#[test]
fn a_line_that_is_missing_is_an_error() {
    let scratch = Scratch::new();
    let run = finished(&scratch);
    let text = fs::read_to_string(log(&run)).unwrap();
    let rest: Vec<&str> = text.lines().enumerate().filter(|(place, _)| *place != 3).map(|(_, line)| line).collect();
    fs::write(log(&run), rest.join("\n") + "\n").unwrap();
    let error = scratch.attach(run.id()).state().unwrap_err();
    assert!(error.to_string().contains("expected event 3, found event 4"), "{error}");
}

#[test]
fn a_line_without_an_end_is_not_read_for_ever() {
    let scratch = Scratch::new();
    let run = finished(&scratch);
    fs::write(log(&run), vec![b'x'; (16 << 20) + 1]).unwrap();
    let error = scratch.attach(run.id()).state().unwrap_err();
    assert!(error.to_string().contains("it has more than 16777216 bytes"), "{error}");
}

#[test]
fn a_newer_version_is_told_whatever_its_form() {
    let scratch = Scratch::new();
    let run = finished(&scratch);
    fs::write(log(&run), "{\"event\":\"began\",\"version\":7}\n{}\n").unwrap();
    let error = scratch.attach(run.id()).state().unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::Newer);
    assert!(error.to_string().contains("its events have version 7, and this one knows up to 1"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bytes_that_are_damaged_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let scratch = Scratch::new();
        let run = finished(&scratch);
        let mut bytes = fs::read(log(&run)).unwrap();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        fs::write(log(&run), bytes).unwrap();
        let run = scratch.attach(run.id());
        let _ = run.state();
        let _ = run.outputs("n0");
    }
}
