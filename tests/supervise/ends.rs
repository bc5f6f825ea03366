//! Ends that the task's process cannot tell of itself.

use std::io::Read as _;

use nebulakit_tests::http::Server;
use nebulakit_tests::literals::{boolean, int, text};
use nebulakit_tests::{Launch, NON_RECOVERABLE, RECOVERABLE, SYSTEM, USER};
use nebulakit_types::wire::flyteidl::core::{ContainerError, ErrorDocument};
use prost::Message as _;
use rustix::process::{Pid, Signal, kill_process};

use super::{child_of, ends_within, in_the_task, launch, supervised};

fn told(error: &ContainerError) -> (&str, i32, i32) {
    (error.code.as_str(), error.kind, error.origin)
}

#[test]
fn an_abort_is_told() {
    for launched in [launch("aborts_supervised"), supervised("aborts_supervised")] {
        let ended = launched.run();
        let error = ended.error();
        assert_eq!(told(&error), ("USER:Aborted", NON_RECOVERABLE, USER));
        let said = "the process of the task `aborts_supervised` aborted (signal 6)\n\
                    the end of what it wrote to standard error:\nabout to abort";
        assert_eq!(error.message, said);
        assert!(ended.stderr().starts_with("about to abort\n"), "{}", ended.stderr());
    }
    assert_eq!(launch("endings.aborts").run().ended_by(), Some(6), "nobody watches it unless asked to");
}

#[test]
fn a_stack_overflow_is_told() {
    for task in ["overflows", "overflows_async"] {
        let error = supervised(task).run().error();
        assert_eq!(told(&error), ("USER:StackOverflow", NON_RECOVERABLE, USER));
        assert!(
            error.message.contains("overflowed its stack\n") && error.message.contains("has overflowed its stack"),
            "{}",
            error.message
        );
    }
}

#[test]
fn an_exit_is_told_whatever_its_code() {
    for code in [0, 7, 143] {
        let error = supervised("exits").input("code", int(code)).run().error();
        assert_eq!(told(&error), ("USER:Exited", NON_RECOVERABLE, USER));
        let said = format!(
            "the process of the task `exits` ended with exit code {code} before its result was stored\n\
             hint: return an error from the task instead of calling `std::process::exit`\n\
             the end of what it wrote to standard error:\nleaving with {code}"
        );
        assert_eq!(error.message, said);
    }
}

#[test]
fn a_crash_is_the_tasks_own() {
    for (signal, said) in [("SIGSEGV", "crashed: signal 11 (SIGSEGV)"), ("SIGILL", "crashed: signal 4 (SIGILL)")] {
        let error = supervised("is_ended_by").input("signal", text(signal)).run().error();
        assert_eq!(told(&error), ("USER:Crashed", NON_RECOVERABLE, USER));
        assert!(error.message.ends_with(said), "{}", error.message);
    }
}

#[test]
fn a_kill_from_outside_is_nobodys_fault() {
    let (started, _gate) = in_the_task(supervised("never_stops"));
    kill_process(child_of(started.id()), Signal::KILL).unwrap();
    let error = started.wait().error();
    assert_eq!(told(&error), ("SYSTEM:Lost", RECOVERABLE, SYSTEM));
    assert_eq!(error.message, "the process of the task `never_stops` was ended by signal 9 (SIGKILL)");
}

#[test]
fn flyte_2_is_told_as_it_understands_it() {
    let error = supervised("aborts_supervised").on_flyte_2().run().error();
    assert_eq!((told(&error), error.timestamp), (("USER:Aborted", RECOVERABLE, USER), None));
    let (started, _gate) = in_the_task(supervised("never_stops").on_flyte_2());
    kill_process(child_of(started.id()), Signal::KILL).unwrap();
    assert_eq!(told(&started.wait().error()), ("SYSTEM:Lost", RECOVERABLE, USER));
    let words = Launch::verb(supervised("aborts_supervised").on_flyte_2(), "a0").run().error();
    assert_eq!(words.code, "USER:Aborted");
}

#[test]
fn the_exit_code_tells_of_it_where_that_is_asked_for() {
    let ended = supervised("aborts_supervised").env("FLYTE_FAIL_ON_ERROR", "true").run();
    assert_eq!((ended.code(), ended.files("out")), (Some(1), vec!["error.pb".to_owned()]));
    assert_eq!(ended.document("out/error.pb").code, "USER:Aborted");
}

#[test]
fn children_of_map_tasks_say_the_code_in_their_message() {
    let error = supervised("exits").element(1).arguments(["--bound", "code"]).input("code", int(3)).run().error();
    assert!(error.message.starts_with("USER:Exited: the process of the task `exits` ended with exit code 3"), "{}", error.message);
}

#[test]
fn workers_of_distributed_tasks_have_documents_of_their_own() {
    let ended = supervised("aborts_supervised").env("_F_DES", "x").env("_F_WN", "w1").run();
    let files = ended.files("out");
    let [name] = files.as_slice() else { panic!("{files:?}") };
    assert!(name.starts_with("error-"), "{name}");
    assert_eq!(ended.document(&format!("out/{name}")).worker, "w1");
}

/// A document that cannot be stored is on standard error, with the exit code that says so.
#[test]
fn where_nothing_can_be_stored_the_report_is_on_standard_error() {
    let launched = supervised("aborts_supervised");
    std::fs::write(launched.path().join("file"), "").unwrap();
    let out = launched.path().join("file/out").to_str().unwrap().to_owned();
    let ended = launched.outputs_at(&out).run();
    assert_eq!(ended.code(), Some(1));
    assert!(ended.stderr().contains("error: USER:Aborted: the process of the task"), "{}", ended.stderr());
    assert!(ended.stderr().contains("the error could not be stored"), "{}", ended.stderr());
}

/// The same where it is the child that cannot store what it has.
#[test]
fn a_report_of_the_child_is_not_made_twice() {
    let launched = supervised("mod.noin");
    std::fs::write(launched.path().join("file"), "").unwrap();
    let out = launched.path().join("file/out").to_str().unwrap().to_owned();
    let ended = launched.outputs_at(&out).run();
    assert_eq!((ended.code(), ended.stderr().matches("the error could not be stored").count()), (Some(1), 1), "{}", ended.stderr());
}

/// Outputs that a store has taken, and that the process did not live to hear of, do not stand beside the error.
#[test]
fn no_outputs_stand_beside_an_error() {
    let server = Server::start();
    let started = supervised("mod.noin").outputs_at("s3://bucket/out").s3_at(server.port()).start();
    let stored = server.request();
    assert_eq!((stored.method.as_str(), stored.path.as_str()), ("PUT", "/bucket/out/outputs.pb"));
    kill_process(child_of(started.id()), Signal::KILL).unwrap();
    let withdrawn = server.request();
    assert_eq!((withdrawn.method.as_str(), withdrawn.path.as_str()), ("DELETE", "/bucket/out/outputs.pb"));
    withdrawn.answer(204, b"");
    let error = server.request();
    assert_eq!((error.method.as_str(), error.path.as_str()), ("PUT", "/bucket/out/error.pb"));
    let document = ErrorDocument::decode(&*error.body).unwrap().error.unwrap();
    assert_eq!(told(&document), ("SYSTEM:Lost", RECOVERABLE, SYSTEM));
    error.answer(200, b"");
    assert_eq!(started.wait().code(), Some(0));
    drop(stored);
}

#[test]
fn what_the_task_leaves_running_ends_with_it() {
    for (in_session, and_aborts) in [(false, false), (true, false), (false, true), (true, true)] {
        let gate = Server::start();
        let launched = supervised("leaves_a_program").input("gate", text(format!("127.0.0.1:{}", gate.port())));
        let started = launched.input("in_session", boolean(in_session)).input("and_aborts", boolean(and_aborts)).start();
        let mut number = [0; 4];
        gate.connection().read_exact(&mut number).unwrap();
        let left = Pid::from_raw(i32::from_be_bytes(number)).unwrap();
        // It holds standard error and output, so this ends only when it does.
        let ended = started.wait();
        let expected = if and_aborts { "error.pb" } else { "outputs.pb" };
        assert_eq!((ended.code(), ended.files("out")), (Some(0), vec![expected.to_owned()]), "{}", ended.stderr());
        assert!(ends_within(left, 0), "{left:?} is still there");
    }
}

#[test]
fn the_child_ends_with_its_supervisor() {
    let (started, _gate) = in_the_task(supervised("never_stops"));
    let child = child_of(started.id());
    started.signal("KILL");
    assert!(ends_within(child, 2), "{child:?} is still there");
    let ended = started.wait();
    assert_eq!((ended.ended_by(), ended.files("out")), (Some(9), vec![]));
}
