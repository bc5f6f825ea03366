//! Requests to stop, which the supervisor hands on.

use nebulakit_tests::Ended;
use nebulakit_tests::http::Server;
use nebulakit_tests::literals::int;
use nebulakit_tests::stops::{is_terminated, stop};
use rustix::process::{Signal, kill_process};

use super::{child_of, in_the_task, supervised};

fn is_silent(ended: &Ended) {
    assert_eq!((ended.code(), ended.files("out")), (Some(143), vec![]), "{}", ended.stderr());
    assert_eq!(ended.stderr().matches("nothing more is stored").count(), 1, "{}", ended.stderr());
}

#[test]
fn a_task_that_stops_when_told_says_how_it_ended() {
    for (signal, name) in [("TERM", "SIGTERM"), ("INT", "SIGINT")] {
        let (started, _gate) = in_the_task(supervised("stops_when_told"));
        let message = is_terminated(&stop(started, signal), name);
        assert!(message.contains("stopped half-way"), "{message}");
    }
    let (started, _gate) = in_the_task(supervised("stops_when_told").on_flyte_2());
    is_silent(&stop(started, "TERM"));
}

#[test]
fn a_task_that_finishes_when_told_has_finished() {
    let (started, _gate) = in_the_task(supervised("finishes_when_told"));
    assert_eq!(stop(started, "TERM").output(), int(42));
}

#[test]
fn a_task_that_never_stops_holds_nobody() {
    let (started, _gate) = in_the_task(supervised("never_stops"));
    is_terminated(&stop(started, "TERM"), "SIGTERM");
    let (started, _gate) = in_the_task(supervised("never_stops").on_flyte_2());
    is_silent(&stop(started, "TERM"));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (started, gate) = in_the_task(supervised("notes_when_told"));
    started.signal("TERM");
    // The task has heard of the first one, and goes on.
    assert_eq!(std::io::Read::read(&mut &gate, &mut [0; 1]).unwrap(), 1);
    is_silent(&stop(started, "TERM"));
}

/// Where the process does not live to say it, its supervisor does.
#[test]
fn a_process_that_ends_while_it_stops_was_stopped() {
    for on_flyte_2 in [false, true] {
        let launched = supervised("notes_when_told");
        let (started, gate) = in_the_task(if on_flyte_2 { launched.on_flyte_2() } else { launched });
        let child = child_of(started.id());
        started.signal("TERM");
        assert_eq!(std::io::Read::read(&mut &gate, &mut [0; 1]).unwrap(), 1);
        kill_process(child, Signal::KILL).unwrap();
        let ended = started.wait();
        if on_flyte_2 {
            is_silent(&ended);
        } else {
            let message = is_terminated(&ended, "was stopped by SIGTERM");
            assert!(message.contains("ended by signal 9 (SIGKILL)"), "{message}");
        }
    }
}

/// A process that hears nothing any more holds nobody either.
#[test]
fn a_process_that_does_not_answer_is_ended() {
    let (started, _gate) = in_the_task(supervised("never_stops"));
    kill_process(child_of(started.id()), Signal::STOP).unwrap();
    let message = is_terminated(&stop(started, "TERM"), "SIGTERM");
    assert!(message.contains("ended by signal 9 (SIGKILL)"), "{message}");
}

#[test]
fn outputs_that_are_being_stored_are_finished() {
    let server = Server::start();
    let started = supervised("mod.noin").outputs_at("s3://bucket/out").s3_at(server.port()).start();
    let request = server.request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("PUT", "/bucket/out/outputs.pb"));
    started.signal("TERM");
    request.answer(200, b"");
    let ended = started.wait();
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr());
}

/// The report of the supervisor itself has its time, too.
#[test]
fn a_store_that_does_not_answer_the_supervisor_holds_nobody() {
    let server = Server::start();
    let started = supervised("aborts_supervised").outputs_at("s3://bucket/out").s3_at(server.port()).start();
    let request = server.request();
    let ended = stop(started, "TERM");
    drop(request);
    assert_eq!(ended.code(), Some(143), "{}", ended.stderr());
    assert!(ended.stderr().contains("was told to stop while its failure was being stored; nothing more is stored"), "{}", ended.stderr());
}

#[test]
fn a_task_that_takes_too_long_ends_by_itself_where_the_platform_lets_it_run() {
    let (started, _gate) = in_the_task(supervised("takes_too_long").on_flyte_2());
    assert_eq!(started.wait().error().code, "USER:Timeout");
}

/// SIGUSR1 ends nothing, and is heard by the task's process.
#[test]
fn a_question_ends_nothing() {
    let (started, gate) = in_the_task(supervised("never_stops"));
    started.signal("USR1");
    drop(gate);
    assert_eq!(started.wait().output(), int(42));
}
