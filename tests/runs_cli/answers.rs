//! Gates that are answered by another process.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::{Answer, Place};

#[test]
fn a_gate_is_answered_from_another_process() {
    let place = Place::new();
    let mut started = place.start(&["run", "gated"]);
    let id = started.id();
    started.hears("waits for the signal `number`");
    assert_eq!(started.hears("answer it"), format!("  answer it with `flows runs signal {id} number VALUE` (int)\n"));
    let err = place.refused(2, &["runs", "signal", "last", "number", "seven"]);
    assert_eq!(err, "error: the signal `number`: expected an integer, found `seven`\n");
    let err = place.refused(2, &["runs", "approve", "last", "number"]);
    assert!(err.starts_with("error: the gate `number` takes a value (int), not an approval or a rejection\n"), "{err}");
    let err = place.refused(2, &["runs", "approve", "last", "nunber"]);
    assert_eq!(err, format!("error: the run {id} has no gate `nunber`; it has `go/no-go`, `number`\n"));
    assert_eq!(place.refused(0, &["runs", "signal", "last", "number", "-7"]), format!("`number` of the run {id} is answered\n"));
    started.hears("waits for the signal `go/no-go`");
    let answer = started.hears("answer it");
    assert_eq!(answer, format!("  answer it with `flows runs approve {id} go/no-go`, or `reject` in place of `approve`\n"));
    place.said(&["runs", "approve", &id, "go/no-go"]);
    let ended = started.ended();
    assert_eq!((ended.code, ended.out.as_str()), (0, "-14\n"), "{}", ended.err);
    let err = place.refused(1, &["runs", "approve", &id, "go/no-go"]);
    assert_eq!(err, format!("error: the run `{id}` is over\n"));
}

#[test]
fn what_is_rejected_fails() {
    let place = Place::new();
    let mut started = place.start(&["run", "gated"]);
    place.said(&["runs", "signal", &started.id(), "number", "1"]);
    place.said(&["runs", "reject", "last", "go/no-go"]);
    let ended = started.ended();
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    assert!(ended.err.contains("failed: `go/no-go` was rejected\n"), "{}", ended.err);
}

#[test]
fn a_name_that_no_terminal_should_obey_is_shown_and_can_be_typed() {
    let place = Place::new();
    let mut started = place.start(&["run", "hostile"]);
    let id = started.id();
    started.hears(r"waits for the signal `it's\n\u001b[2J`");
    assert!(started.hears("answer it").contains(&format!(r"`flows runs signal {id} 'it'\''s\n\u001b[2J' VALUE`")));
    assert!(place.said(&["runs", "show", "last"]).contains(r"for the signal `it's\n\u001b[2J`"));
    place.said(&["runs", "signal", "last", "it's\n\u{1b}[2J", "5"]);
    assert_eq!(started.ended().out, "5\n");
}

#[test]
fn another_process_follows_a_run() {
    let place = Place::new();
    let mut started = place.start(&["run", "gated"]);
    let id = started.id();
    let mut attached = place.start(&["runs", "attach", "last"]);
    assert_eq!(attached.id(), id);
    attached.hears("waits for the signal `number`");
    place.said(&["runs", "signal", "last", "number", "2"]);
    place.said(&["runs", "approve", "last", "go/no-go"]);
    assert_eq!((attached.ended().out.as_str(), started.ended().out.as_str()), ("4\n", "4\n"));
}

#[test]
fn a_gate_of_a_dynamic_task_is_given_a_value() {
    let place = Place::new();
    let mut started = place.start(&["run", "growing"]);
    let id = started.id();
    started.hears("waits for the signal `within`");
    assert_eq!(started.hears("answer it"), format!("  answer it with `flows runs signal {id} within VALUE` (int)\n"));
    place.said(&["runs", "signal", "last", "within", "4"]);
    assert_eq!(started.ended().out, "8\n");
}

/// Gives the gate what standard input has.
fn piped(place: &Place, gate: &str, text: &str) -> Answer {
    fs::write(place.path().join("piped"), text).unwrap();
    let stdin = Stdio::from(fs::File::open(place.path().join("piped")).unwrap());
    Answer::of(place.command(&["runs", "signal", "last", gate, "-"]).stdin(stdin).output().unwrap())
}

#[test]
fn each_answer_from_standard_input_is_a_file_of_its_own() {
    let place = Place::new();
    let mut started = place.start(&["run", "handed"]);
    let id = started.id();
    assert_eq!(piped(&place, "first", "one, ").code, 0);
    let again = piped(&place, "first", "other");
    assert_eq!((again.code, again.err), (1, format!("error: the signal `first` of the run `{id}` was answered before\n")));
    let answers = Path::new(".nebulakit/runs").join(&id).join("answers");
    assert_eq!(fs::read_dir(place.path().join(answers)).unwrap().count(), 1, "what was not taken is not kept");
    assert_eq!(piped(&place, "second", "two").code, 0);
    assert_eq!(started.ended().out, "one, two\n");
}

#[test]
fn a_signal_that_begins_like_an_option_is_answered_as_it_is_told() {
    let place = Place::new();
    let mut started = place.start(&["run", "dashed", "--dir", "runs"]);
    started.hears("waits for the signal `-rf`");
    let told = started.hears("answer it");
    let words: Vec<_> = told.split('`').nth(1).unwrap().split(' ').skip(1).collect();
    place.said(&words);
    assert_eq!(started.ended().out, "8\n");
}

#[test]
fn quiet_runs_tell_of_their_gates() {
    let place = Place::new();
    let mut started = place.start(&["run", "gated", "-q"]);
    started.hears("waits for the signal `number`");
    started.hears("answer it with `flows runs signal ");
    place.said(&["runs", "signal", "last", "number", "2"]);
    started.hears("answer it with `flows runs approve ");
    place.said(&["runs", "approve", "last", "go/no-go"]);
    let ended = started.ended();
    assert_eq!((ended.out.as_str(), ended.err.lines().count()), ("4\n", 4), "{}", ended.err);
}
