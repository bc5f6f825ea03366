//! Our tasks end only in ways that a Flyte 1 platform reads as they are meant.
//!
//! `golden/flyte1-container-outcomes.jsonl` holds what a running platform made of containers that ended in all kinds of ways. Each way in
//! which ours end is looked up there, and has to have come to what the task means.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nebulakit_tests::http::Server;
use nebulakit_tests::literals::{int, text};
use nebulakit_tests::{Ended, Launch, RECOVERABLE, SYSTEM, USER};
use serde_json::Value;

const CASES: &str = include_str!("golden/flyte1-container-outcomes.jsonl");

/// What a task means by its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// It is done.
    Succeeded,
    /// It failed, and no other attempt would help.
    FailedForGood,
    /// It failed, and the attempts that its author allowed are to be made.
    RetryOfTheUser,
    /// The machine or a store failed, and the platform's own attempts are to be made.
    RetryOfTheSystem,
    /// Nothing was to be stored: another worker stores the outputs.
    LeftToOthers,
}

fn launch(task: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_fixture"), task)
}

/// How it ended, in the words of the golden file.
fn words(ended: &Ended, declares_outputs: bool) -> &'static str {
    let files = ended.files("out");
    let files: Vec<_> =
        files.iter().map(String::as_str).filter(|file| !file.ends_with("_offloaded_metadata.pb") && *file != "deck.html").collect();
    match (ended.code(), files.as_slice()) {
        (Some(0), ["outputs.pb"]) if !declares_outputs => {
            assert_eq!(ended.read("out/outputs.pb"), b"");
            "exit 0, zero-byte outputs.pb, no outputs declared"
        }
        (Some(0), ["outputs.pb"]) => "exit 0, outputs.pb with the declared key",
        (Some(0), ["error.pb"]) => {
            let error = ended.document("out/error.pb");
            assert!(!error.code.is_empty() && !error.message.is_empty());
            match (error.kind == RECOVERABLE, error.origin) {
                (true, SYSTEM) => "exit 0, error.pb code C message M kind RECOVERABLE origin SYSTEM",
                (false, SYSTEM) => "exit 0, error.pb code C message M kind NON_RECOVERABLE origin SYSTEM",
                (true, USER) => "exit 0, error.pb code C message M kind RECOVERABLE origin USER",
                (false, USER) => "exit 0, error.pb code C message M kind NON_RECOVERABLE origin USER",
                other => panic!("a document of no known kind: {other:?}"),
            }
        }
        (Some(0), []) => "exit 0, writes no file, one output declared",
        (Some(1), []) => "exit 1, no file",
        (Some(2), []) => "exit 2, no file",
        (Some(143), []) => "exit 143, no file",
        other => panic!("an end that no platform was asked about: {other:?}\n{}", ended.stderr()),
    }
}

/// What the platform made of it, in every recorded execution.
fn verdicts(words: &str) -> Vec<Meaning> {
    let cases: Vec<Value> =
        CASES.lines().map(|line| serde_json::from_str(line).unwrap()).filter(|case: &Value| case["container"] == words).collect();
    assert!(!cases.is_empty(), "the platform was never asked about: {words}");
    cases.iter().map(verdict).collect()
}

fn verdict(case: &Value) -> Meaning {
    let attempts = case["attempts"].as_array().unwrap().len();
    let retries = usize::try_from(case["task_retries"].as_u64().unwrap()).unwrap();
    match (case["execution_phase"].as_str().unwrap(), case["execution_error"]["code"].as_str()) {
        ("SUCCEEDED", None) if attempts == 1 => Meaning::Succeeded,
        ("FAILED", Some("RetriesExhausted|OutputsNotFound")) => Meaning::LeftToOthers,
        // The platform's own budget is four attempts, whatever the task says; now and then its update order adds one.
        ("FAILED", Some("RetriesExhausted|C" | "RetriesExhausted|Interrupted")) if attempts > retries + 1 => Meaning::RetryOfTheSystem,
        ("FAILED", Some("RetriesExhausted|C")) if attempts == retries + 1 => Meaning::RetryOfTheUser,
        ("FAILED", Some("C")) if attempts == 1 => Meaning::FailedForGood,
        other => panic!("{}: {other:?} after {attempts} attempts", case["id"]),
    }
}

/// The end has to come to what is meant, in every execution that the platform was asked to make of it.
fn means(ended: &Ended, declares_outputs: bool, meaning: Meaning) {
    let words = words(ended, declares_outputs);
    for verdict in verdicts(words) {
        // With no retries allowed, one attempt is all there is in either case.
        let agrees = verdict == meaning;
        assert!(agrees, "meant {meaning:?}; ended with `{words}`, which the platform takes for {verdict:?}\n{}", ended.stderr());
    }
}

#[test]
fn a_finished_task_has_succeeded() {
    means(&launch("mod.noin").run(), true, Meaning::Succeeded);
    means(&launch("mod.void").input("a", int(1)).run(), false, Meaning::Succeeded);
    means(&launch("mod.deck").input("a", int(1)).run(), true, Meaning::Succeeded);
    means(&launch("mod.big").env("_F_L_MIN_SIZE_MB", "1").input("a", int(2_000_000)).run(), true, Meaning::Succeeded);
}

#[test]
fn a_plain_failure_of_the_users_code_is_for_good() {
    for task in ["fails", "fails_async", "panics", "panics_between_polls"] {
        means(&launch(task).input("message", text("m")).run(), true, Meaning::FailedForGood);
    }
    means(&launch("panics_with_a_number").run(), true, Meaning::FailedForGood);
    means(&launch("fails_permanently").run(), true, Meaning::FailedForGood);
    means(&launch("fails_with_decks").run(), true, Meaning::FailedForGood);
    means(&launch("fails_at_length").input("length", int(10_000_000)).run(), true, Meaning::FailedForGood);
    means(&launch("passes_on").input("v", text("x")).run(), true, Meaning::FailedForGood);
}

#[test]
fn a_failure_that_the_author_calls_recoverable_uses_the_tasks_retries() {
    means(&launch("fails_recoverably").run(), true, Meaning::RetryOfTheUser);
}

#[test]
fn inputs_that_no_attempt_can_read_are_for_good() {
    means(&launch("mod.t1").input("a", text("x")).run(), true, Meaning::FailedForGood);
    means(&launch("mod.t1").input("a", int(1)).input("z", int(1)).run(), true, Meaning::FailedForGood);
    means(&launch("mod.t1").run(), true, Meaning::FailedForGood);
    means(&launch("no.such.task").run(), true, Meaning::FailedForGood);
}

#[test]
fn a_store_that_fails_uses_the_platforms_retries() {
    means(&launch("mod.noin").inputs_at("/no/such/inputs.pb").run(), true, Meaning::RetryOfTheSystem);
    means(&launch("mod.noin").inputs_pb(b"\xff\xff\xff").run(), true, Meaning::RetryOfTheSystem);
    let unwritable = launch("mod.noin");
    std::fs::write(unwritable.path().join("out"), b"").unwrap();
    means(&unwritable.run(), true, Meaning::RetryOfTheSystem);
}

#[test]
fn a_stopped_task_uses_the_platforms_retries() {
    let gate = Server::start();
    let started = launch("never_stops").input("gate", text(format!("127.0.0.1:{}", gate.port()))).start();
    let held = gate.connection();
    started.signal("TERM");
    means(&started.wait(), true, Meaning::RetryOfTheSystem);
    drop(held);
}

#[test]
fn a_worker_that_leaves_the_outputs_to_another_stores_nothing() {
    means(&launch("mod.ignore").input("a", int(1)).run(), true, Meaning::LeftToOthers);
}

/// The ends that make a platform lose a task, or the whole execution: the golden file has them, and no test above may come to them.
#[test]
fn the_ends_that_lose_a_task_are_recorded_as_such() {
    let codes = |words: &str| -> Vec<String> {
        let cases = CASES.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter(|case| case["container"] == words);
        cases.map(|case| case["execution_error"]["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes("exit 0, error.pb = ff ff ff ff"), ["Workflow abort failed"; 4]);
    assert_eq!(codes("exit 0, error.pb of zero bytes"), ["RetriesExhausted|ErrorFileBadFormat"; 3]);
}
