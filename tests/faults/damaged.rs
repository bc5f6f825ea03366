//! Logs that end in the middle of something, or hold what nobody wrote there.

use std::fs;

use nebulakit::run::{RecordErrorKind, RunStatus};

use crate::{Ended, Place};

/// A run that is over, and its log.
fn over(place: &Place) -> (Ended, std::path::PathBuf, Vec<u8>) {
    let ended = place.drive("everything", "kernel", None, None);
    let path = place.attach(&ended.run).folder().path().join("events.jsonl");
    let log = fs::read(&path).unwrap();
    (ended, path, log)
}

#[test]
fn a_log_that_was_cut_anywhere_in_its_last_event_is_that_of_a_run_that_goes_on() {
    let place = Place::new();
    let (ended, path, log) = over(&place);
    let last = log[..log.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let before = place.ledger();
    for length in last..log.len() {
        fs::write(&path, &log[..length]).unwrap();
        let run = place.attach(&ended.run);
        assert_eq!(run.status().unwrap(), RunStatus::Interrupted, "{length}");
        assert_eq!(place.finished(&ended.run).len(), 11, "{length}");
        // One in ten goes on: that takes a process.
        if length % 10 == 0 {
            let resumed = place.drive("everything", "kernel", None, Some(&ended.run));
            assert_eq!(resumed.said.as_deref(), Some("Succeeded"), "{length}");
        }
    }
    assert_eq!(place.ledger(), before, "all was done before");
}

#[test]
fn what_stands_behind_the_last_line_is_not_there() {
    let place = Place::new();
    let (ended, path, log) = over(&place);
    for garbage in [&b"\0\0\0\0"[..], b"{\"sequence\":", b"\xff\xfe"] {
        fs::write(&path, [&log, garbage].concat()).unwrap();
        assert!(matches!(place.attach(&ended.run).status().unwrap(), RunStatus::Ended(_)), "{garbage:?}");
    }
}

#[test]
fn a_line_that_is_damaged_is_named_and_what_the_hint_says_helps() {
    let place = Place::new();
    let (ended, path, log) = over(&place);
    let second = log.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for garbage in [&b"\0\0\n"[..], b"{}\n", b"\xff\xfe\n"] {
        fs::write(&path, [&log[..second], garbage, &log[second..]].concat()).unwrap();
        let error = place.attach(&ended.run).status().unwrap_err();
        assert_eq!(error.kind(), RecordErrorKind::Corrupt);
        assert!(error.to_string().contains("line 2 of `") && error.to_string().contains("events.jsonl` is damaged: "), "{error}");
        assert!(error.to_string().ends_with("cut the file after line 1: everything up to there is intact"), "{error}");
        fs::write(&path, &log[..second]).unwrap();
        let resumed = place.drive("doomed", "kernel", None, Some(&ended.run));
        assert!(resumed.said.unwrap().contains("6 is wrong"));
    }
}

#[test]
fn a_run_that_a_newer_version_recorded_is_refused_and_stays_as_it_is() {
    let place = Place::new();
    let (ended, path, log) = over(&place);
    let newer = String::from_utf8(log).unwrap().replacen("\"version\":1", "\"version\":2", 1);
    fs::write(&path, &newer).unwrap();
    let error = place.attach(&ended.run).status().unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::Newer);
    assert!(error.to_string().contains("its events have version 2, and this one knows up to 1"), "{error}");
    let resumed = place.failed("everything", &ended.run);
    assert!(resumed.contains("a newer version of nebulakit recorded the run"), "{resumed}");
    assert_eq!(fs::read_to_string(&path).unwrap(), newer);
}
