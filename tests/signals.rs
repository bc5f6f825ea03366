//! Requests to stop, at every phase of a task: before its inputs have come, in its own code, while its outputs are stored.
//!
//! Nothing here waits for time to pass: the tests meet the process at sockets that they hold.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nebulakit_tests::http::Server;
use nebulakit_tests::literals::{int, text};
use nebulakit_tests::stops::{is_terminated, stop};
use nebulakit_tests::{Ended, Launch, RECOVERABLE, SYSTEM, Started};
use nebulakit_types::wire::flyteidl::core::ErrorDocument;
use prost::Message as _;

fn launch(task: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_fixture"), task)
}

fn is_silent(ended: &Ended) {
    assert_eq!((ended.code(), ended.files("out")), (Some(143), vec![]), "{}", ended.stderr());
    is_reported(ended);
}

/// Nothing is stored, so that standard error is all that tells people why the process ended.
fn is_reported(ended: &Ended) {
    let stderr = ended.stderr();
    let report = stderr.lines().find(|line| line.starts_with("error: "));
    assert!(report.is_some_and(|line| line.contains("was told to stop") && line.contains("nothing more is stored")), "{stderr}");
}

#[test]
fn before_the_inputs_have_come() {
    for on_flyte_2 in [false, true] {
        let server = Server::start();
        let launched = launch("mod.noin").inputs_at(&server.url("/inputs.pb"));
        let started = if on_flyte_2 { launched.on_flyte_2() } else { launched }.start();
        let request = server.request();
        let ended = stop(started, "TERM");
        drop(request);
        if on_flyte_2 {
            is_silent(&ended);
        } else {
            is_terminated(&ended, "SIGTERM");
        }
    }
}

#[test]
fn while_an_old_document_is_being_deleted() {
    let server = Server::start();
    let started = while_storing(&server, launch("mod.noin").on_flyte_2());
    let request = server.request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("DELETE", "/bucket/out/error.pb"));
    let ended = stop(started, "TERM");
    drop(request);
    is_silent(&ended);
}

/// Starts the task with a gate, and waits until it is in its own code.
fn in_the_task(launched: Launch) -> (Started, std::net::TcpStream) {
    let gate = Server::start();
    let started = launched.input("gate", text(format!("127.0.0.1:{}", gate.port()))).start();
    let held = gate.connection();
    (started, held)
}

#[test]
fn a_task_that_stops_when_told_says_how_it_ended() {
    for task in ["stops_when_told", "stops_when_told_blocking"] {
        let (started, _gate) = in_the_task(launch(task));
        let message = is_terminated(&stop(started, "TERM"), "SIGTERM");
        assert!(message.contains("stopped half-way"), "{message}");
        let (started, _gate) = in_the_task(launch(task).on_flyte_2());
        is_silent(&stop(started, "TERM"));
    }
}

#[test]
fn a_task_that_never_stops_holds_nobody() {
    for task in ["never_stops", "never_stops_async", "never_yields"] {
        let (started, _gate) = in_the_task(launch(task));
        is_terminated(&stop(started, "TERM"), "SIGTERM");
        let (started, _gate) = in_the_task(launch(task).on_flyte_2());
        is_silent(&stop(started, "TERM"));
    }
}

#[test]
fn a_task_that_finishes_when_told_has_finished() {
    let (started, _gate) = in_the_task(launch("finishes_when_told"));
    assert_eq!(stop(started, "TERM").output(), int(42));
    let (started, _gate) = in_the_task(launch("finishes_when_told").on_flyte_2());
    is_silent(&stop(started, "TERM"));
}

#[test]
fn an_interrupt_from_the_keyboard_is_told_apart() {
    let (started, _gate) = in_the_task(launch("stops_when_told"));
    is_terminated(&stop(started, "INT"), "SIGINT");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (started, gate) = in_the_task(launch("notes_when_told"));
    started.signal("TERM");
    // The task has heard of the first one, and goes on.
    assert_eq!(std::io::Read::read(&mut &gate, &mut [0; 1]).unwrap(), 1);
    is_silent(&stop(started, "TERM"));
}

/// Launches a task whose outputs go to a store that the test is.
fn while_storing(server: &Server, launched: Launch) -> Started {
    launched.outputs_at("s3://bucket/out").s3_at(server.port()).start()
}

#[test]
fn outputs_that_are_being_stored_are_finished() {
    let server = Server::start();
    let started = while_storing(&server, launch("mod.noin"));
    let request = server.request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("PUT", "/bucket/out/outputs.pb"));
    started.signal("TERM");
    request.answer(200, b"");
    let ended = started.wait();
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr());
}

#[test]
fn a_store_that_does_not_answer_holds_nobody() {
    let server = Server::start();
    let started = while_storing(&server, launch("mod.noin"));
    let request = server.request();
    let ended = stop(started, "TERM");
    drop(request);
    is_silent(&ended);
}

#[test]
fn a_store_that_does_not_answer_is_left_at_the_second_signal() {
    let server = Server::start();
    let started = while_storing(&server, launch("mod.noin"));
    let request = server.request();
    started.signal("TERM");
    let ended = stop(started, "INT");
    drop(request);
    is_silent(&ended);
}

#[test]
fn the_document_of_a_stopped_task_is_stored_before_the_end() {
    let server = Server::start();
    let gate = Server::start();
    let launched = launch("stops_when_told").input("gate", text(format!("127.0.0.1:{}", gate.port())));
    let started = while_storing(&server, launched);
    let _held = gate.connection();
    started.signal("TERM");
    let request = server.request();
    assert_eq!(request.path, "/bucket/out/error.pb");
    let error = ErrorDocument::decode(&*request.body).unwrap().error.unwrap();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("SYSTEM:Terminated", RECOVERABLE, SYSTEM));
    request.answer(200, b"");
    assert_eq!(started.wait().code(), Some(0));
}

/// Flyte 1 keeps timeouts itself; Flyte 2 does not.
#[test]
fn a_task_that_takes_too_long_ends_by_itself_where_the_platform_lets_it_run() {
    let (started, _gate) = in_the_task(launch("takes_too_long").on_flyte_2());
    let error = started.wait().error();
    assert_eq!((error.code.as_str(), error.kind), ("USER:Timeout", RECOVERABLE));
    assert!(error.message.contains("takes_too_long"), "{}", error.message);
}
