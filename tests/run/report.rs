//! Runs as HTML pages: their bounds, and names that nothing should obey.

use std::fs;
use std::time::Duration;

use nebulakit::run::{Durability, EventKind, FailureKind, GateTakes, JobFailure, OutputStream, Recorder, RunOutcome};

use crate::{Scratch, created, node, ready, succeeded};

/// What would be markup, or change what is shown of other text.
const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'&\u{202e}\u{1b}[2J";

fn failure(code: &str, message: &str) -> JobFailure {
    serde_json::from_value(serde_json::json!({"kind": FailureKind::Failed, "code": code, "message": message, "recoverable": true})).unwrap()
}

#[test]
fn names_and_messages_are_text() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let path = node(HOSTILE);
    recorder.record(Some(&path), EventKind::Ready { of: HOSTILE.into() }).unwrap();
    recorder.record(Some(&path), EventKind::Output { stream: OutputStream::Stdout, line: HOSTILE.to_owned() }).unwrap();
    recorder.record(Some(&path), EventKind::Failed { failure: failure(HOSTILE, HOSTILE), used: None }).unwrap();
    recorder.record(Some(&node("n1")), EventKind::Waiting { signal: HOSTILE.into(), takes: GateTakes::Approval }).unwrap();
    recorder.record(Some(&node("n2")), EventKind::Skipped { because: path.clone() }).unwrap();
    let deck = recorder.folder().deck(&path);
    fs::create_dir_all(deck.parent().unwrap()).unwrap();
    fs::write(deck, HOSTILE).unwrap();
    fs::write(recorder.folder().path().join("graph.json"), HOSTILE).unwrap();
    recorder
        .record(None, EventKind::Ended { outcome: RunOutcome::Failed { node: None, failure: failure("X", HOSTILE) }, outputs: None })
        .unwrap();
    let page = scratch.attach(recorder.folder().id()).report().unwrap();
    assert!(page.matches("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;\\u202e\\u001b[2J").count() > 10, "{page}");
    assert!(page.contains("srcdoc=\"&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;"), "{page}");
    assert!(!page.contains("<img"), "{page}");
    assert!(page.contains("The graph is not drawn: "), "{page}");
}

#[test]
fn a_run_that_was_killed_before_its_first_event_is_told_as_of_now() {
    let scratch = Scratch::new();
    let recorder = Recorder::create(&scratch.runs, Durability::Kernel).unwrap();
    let run = scratch.attach(recorder.folder().id());
    drop(recorder);
    let page = run.report().unwrap();
    assert!(page.contains(" as of 2") && !page.contains("1970"), "{page}");
}

#[test]
fn long_names_are_cut() {
    let scratch = Scratch::new();
    let recorder = Recorder::create(&scratch.runs, Durability::Kernel).unwrap();
    let mut kind = created(recorder.folder().id());
    if let EventKind::Created { name, backend, .. } = &mut kind {
        (*name, *backend) = ("n".repeat(1 << 20).into(), "b".repeat(1 << 20).into());
    }
    recorder.record(None, kind).unwrap();
    let page = scratch.attach(recorder.folder().id()).report().unwrap();
    assert!(page.len() < 100_000, "{} bytes", page.len());
}

#[test]
fn a_page_of_many_nodes_is_bounded_and_says_what_it_leaves_out() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let message = "wrong ".repeat(2_000);
    for number in 0..20_000 {
        let path = node(&format!("n{number}"));
        recorder.record(Some(&path), ready()).unwrap();
        if number % 20 == 0 {
            recorder.record(Some(&path), EventKind::Log { level: "INFO".to_owned(), message: message.clone() }).unwrap();
            recorder.record(Some(&path), EventKind::Failed { failure: failure("X", &message), used: None }).unwrap();
        }
    }
    for number in 0..3 {
        let deck = recorder.folder().deck(&node(&format!("n{number}")));
        fs::create_dir_all(deck.parent().unwrap()).unwrap();
        fs::write(deck, "<p>".repeat(1 << 20)).unwrap();
    }
    let page = scratch.attach(recorder.folder().id()).report().unwrap();
    assert!(page.len() < 40 << 20, "{} bytes", page.len());
    for said in [
        "300 of 20000 nodes are shown",
        "2000 of 20000 nodes are shown",
        "900 more nodes failed",
        "The logs of other nodes are left out: 200 are shown.",
        "1 more decks are too many or too large",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(page.contains("<th scope=\"row\">n19980</th>"), "what failed is shown");
}

#[test]
fn each_attempt_has_a_bar() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let path = node("n0");
    recorder.record(Some(&path), ready()).unwrap();
    for attempt in 0..3 {
        recorder.record(Some(&path), EventKind::Started { attempt }).unwrap();
        if attempt < 2 {
            recorder
                .record(Some(&path), EventKind::Retrying { attempt, delay: Duration::ZERO, failure: failure("X", "again"), used: None })
                .unwrap();
        }
    }
    recorder.record(Some(&path), succeeded(recorder.keep(b"").unwrap())).unwrap();
    let page = scratch.attach(recorder.folder().id()).report().unwrap();
    let track = page.split("class=\"track\"").nth(1).unwrap().split("</td>").next().unwrap();
    let bars = |class: &str| track.matches(&format!("<span class=\"bar {class}\"")).count();
    assert_eq!([bars("queued"), bars("failed"), bars("done")], [1, 2, 1], "{track}");
}
