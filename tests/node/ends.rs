//! How an attempt ends that gives nothing.

use nebulakit_tests::http::Server;
use nebulakit_tests::literals::{int, text};
use nebulakit_tests::stops::SOON;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::time::Instant;

use super::plan::{Plan, stderr};

/// The exit code, and what the record says: outcome, exit, signal; kind, code, whether recoverable.
fn ended(task: &str, inputs: &[(&str, nebulakit_types::wire::flyteidl::core::Literal)]) -> (Option<i32>, [Value; 6], String) {
    let plan = Plan::new().given("n0", 0, inputs);
    let ended = plan.run(&["--node", "n0", "--attempt", "0", "--task", task]);
    assert_eq!(plan.names("ended"), ["n0.0"], "{}", stderr(&ended));
    assert!(!plan.path().join("nodes/n0/outputs").exists());
    let (told, message) = told(&plan.record("n0", 0));
    (ended.status.code(), told, message)
}

fn told(record: &Value) -> ([Value; 6], String) {
    let failure = &record["failure"];
    let told = [&record["outcome"], &record["exit"], &record["signal"], &failure["kind"], &failure["code"], &failure["recoverable"]];
    (told.map(Clone::clone), failure["message"].as_str().unwrap().to_owned())
}

fn values<const N: usize>(json: Value) -> [Value; N] {
    json.as_array().unwrap().clone().try_into().unwrap()
}

#[test]
fn a_failure_is_told_and_whether_another_attempt_may_help() {
    let (exit, told, message) = ended("panics", &[("message", text("oh no"))]);
    assert_eq!((exit, told), (Some(3), values(json!(["failed", 0, null, "panicked", "USER:Panic", false]))));
    assert!(message.contains("oh no"), "{message}");
    let (exit, told, message) = ended("increment", &[]);
    assert_eq!((exit, told), (Some(3), values(json!(["failed", 0, null, "failed", "USER:RuntimeError", false]))));
    assert!(message.contains(".increment`") && message.contains("`x`"), "{message}");
    let (exit, told, _) = ended("no_such_task", &[]);
    assert_eq!((exit, told), (Some(3), values(json!(["failed", 0, null, "failed", "USER:RuntimeError", false]))));
}

#[test]
fn an_end_of_the_process_is_told() {
    let (exit, told, message) = ended("aborts_supervised", &[]);
    assert_eq!((exit, told), (Some(3), values(json!(["ended", null, 6, "lost", "USER:Aborted", false]))));
    assert!(message.ends_with("about to abort"), "{message}");
    let (exit, told, _) = ended("overflows", &[]);
    assert_eq!((exit, told), (Some(3), values(json!(["ended", null, 6, "lost", "USER:StackOverflow", false]))));
    let (exit, told, _) = ended("exits", &[("code", int(0))]);
    assert_eq!((exit, told), (Some(3), values(json!(["ended", 0, null, "lost", "USER:Exited", false]))));
}

#[test]
fn a_request_to_stop_is_passed_on_and_recorded() {
    let gate = Server::start();
    let plan = Plan::new().given("n0", 0, &[("gate", text(format!("127.0.0.1:{}", gate.port())))]);
    let started = plan.start(&["--node", "n0", "--attempt", "0", "--task", "stops_when_told"]);
    let _held = gate.connection();
    kill_process(Pid::from_child(&started), Signal::TERM).unwrap();
    assert_eq!(started.wait_with_output().unwrap().status.code(), Some(1));
    let (told, message) = told(&plan.record("n0", 0));
    assert_eq!(told, values(json!(["failed", 0, null, "lost", "SYSTEM:Terminated", true])));
    assert!(message.contains("SIGTERM") && message.contains("stopped half-way"), "{message}");
}

#[test]
fn a_time_limit_is_kept() {
    for task in ["stops_when_told", "never_stops"] {
        let gate = Server::start();
        let plan = Plan::new().given("n0", 0, &[("gate", text(format!("127.0.0.1:{}", gate.port())))]);
        let begin = Instant::now();
        let started = plan.start(&["--node", "n0", "--attempt", "0", "--task", task, "--time-limit", "1"]);
        let _held = gate.connection();
        assert_eq!(started.wait_with_output().unwrap().status.code(), Some(1));
        assert!(begin.elapsed() < SOON, "{:?}", begin.elapsed());
        let record = plan.record("n0", 0);
        let (told, message) = told(&record);
        assert_eq!((&told[0], &told[3..]), (&json!("ended"), &values::<3>(json!(["timed_out", "USER:Timeout", true]))[..]), "{record}");
        assert_eq!(message, format!("the task `{task}` ran longer than its time limit of 1 s"));
    }
    let plan = Plan::new().given("n0", 0, &[("x", int(1))]);
    assert_eq!(plan.run(&["--node", "n0", "--task", "increment", "--time-limit", "3600"]).status.code(), Some(0));
}
