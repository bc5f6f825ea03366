//! What other processes ask of who drives a run.

use std::os::unix::fs::FileExt as _;

use nebulakit::run::{Answer, Control, Durability, EventKind, RecordErrorKind, Recorder, Request, RunId};

use crate::{Scratch, ended};

fn answer(signal: &str, answer: Answer) -> Request {
    Request::Answer { signal: signal.to_owned(), answer }
}

/// The requests that are there.
fn asked(control: &mut Control) -> Vec<Request> {
    std::iter::from_fn(|| control.poll().unwrap()).collect()
}

/// A run that nobody drives.
fn left(scratch: &Scratch) -> RunId {
    scratch.run().folder().id().clone()
}

#[test]
fn requests_reach_another_process_once_each() {
    let scratch = Scratch::new();
    let mut driving = scratch.drive(&["drive"]);
    let run = scratch.attach(&driving.run);
    run.approve("go").unwrap();
    assert_eq!(driving.hear().unwrap(), format!("{:?}", answer("go", Answer::Approve)));
    run.cancel().unwrap();
    assert_eq!(driving.hear().unwrap(), "Cancel");
    run.signal("threshold", &[1, 2]).unwrap();
    assert_eq!(driving.hear().unwrap(), format!("{:?}", answer("threshold", Answer::Value(vec![1, 2]))));
}

#[test]
fn a_signal_may_have_any_name() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let (run, mut control) = (scratch.attach(recorder.folder().id()), Control::new(recorder.folder()));
    for signal in ["", "..", "../../x", "a/b", "A", "a", "cancel", "\0\n", &"long".repeat(1000)] {
        run.reject(signal).unwrap();
        assert_eq!(asked(&mut control), [answer(signal, Answer::Reject)]);
    }
}

#[test]
fn the_first_answer_counts() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    run.approve("go").unwrap();
    let error = run.reject("go").unwrap_err();
    assert!(error.to_string().starts_with("the signal `go` of the run `"), "{error}");
    assert_eq!(asked(&mut Control::new(recorder.folder())), [answer("go", Answer::Approve)]);
}

#[test]
fn an_answer_that_was_refused_can_be_given_again() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let (run, mut control) = (scratch.attach(recorder.folder().id()), Control::new(recorder.folder()));
    run.approve("go").unwrap();
    assert_eq!(asked(&mut control).len(), 1);
    control.refuse("go").unwrap();
    run.reject("go").unwrap();
    assert_eq!(asked(&mut control), [answer("go", Answer::Reject)]);
}

#[test]
fn an_answer_waits_for_who_goes_on_with_the_run() {
    let scratch = Scratch::new();
    let id = left(&scratch);
    scratch.attach(&id).approve("go").unwrap();
    let recorder = Recorder::resume(&scratch.runs, &id, Durability::Kernel).unwrap();
    assert_eq!(asked(&mut Control::new(recorder.folder())), [answer("go", Answer::Approve)]);
}

#[test]
fn a_request_to_stop_is_for_who_drives_the_run_now() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let id = recorder.folder().id().clone();
    scratch.attach(&id).cancel().unwrap();
    drop(recorder);
    assert_eq!(scratch.attach(&id).cancel().unwrap_err().kind(), RecordErrorKind::Interrupted);
    let recorder = Recorder::resume(&scratch.runs, &id, Durability::Kernel).unwrap();
    assert_eq!(asked(&mut Control::new(recorder.folder())), []);
}

#[test]
fn a_run_that_is_over_takes_no_requests() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    recorder.record(None, ended()).unwrap();
    let run = scratch.attach(recorder.folder().id());
    assert_eq!(run.cancel().unwrap_err().kind(), RecordErrorKind::Over);
    assert_eq!(run.approve("go").unwrap_err().kind(), RecordErrorKind::Over);
}

#[tokio::test]
async fn who_answers_reads_what_follows_and_nothing_else() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    run.state().unwrap();
    let events = recorder.folder().path().join("events.jsonl");
    let first = std::fs::read_to_string(&events).unwrap();
    // What was read before does not count any more.
    std::fs::OpenOptions::new().write(true).open(&events).unwrap().write_all_at(&vec![b'x'; first.len() - 1], 0).unwrap();
    let (told, heard) = tokio::join!(run.tell("go", Answer::Approve), async {
        let heard = Control::new(recorder.folder()).watch().await;
        recorder.record(None, EventKind::Answered { signal: "go".to_owned() }).unwrap();
        heard
    });
    assert_eq!(heard.unwrap(), answer("go", Answer::Approve));
    told.unwrap();
}

#[test]
fn an_answer_that_cannot_be_read_is_told_once_and_another_one_can_follow() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let mut control = Control::new(recorder.folder());
    std::fs::write(recorder.folder().path().join("control/go.answer"), "{}").unwrap();
    let error = control.poll().unwrap_err();
    assert!(error.to_string().contains("go.answer` is not an answer"), "{error}");
    assert_eq!(control.poll().unwrap(), None);
    scratch.attach(recorder.folder().id()).approve("go").unwrap();
    assert_eq!(asked(&mut control), [answer("go", Answer::Approve)]);
}
