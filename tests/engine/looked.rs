//! Executions as somebody who watches sees them: attempts, elements, and what runs in other executions, as the events of a run.

use std::process::{Command, Output};

use nebulakit::backend::flyte::{FlyteBackend, LaunchOptions};
use nebulakit::backend::{Backend as _, Options};
use nebulakit::run::{Event, EventKind, NodeStatus, RunHandle, RunOutcome, RunsFolder};
use nebulakit_tests::flyte::{Double, PROJECT};
use nebulakit_types::wire::flyteidl::core::LiteralMap;
use prost::Message as _;
use tempfile::{TempDir, tempdir};

use crate::shown::{list, number, plain, run};
use crate::{flows, registered};

/// Runs the program, which finds the double.
async fn app(double: &Double, home: &TempDir, words: &str) -> Output {
    drop(double.config(home.path()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
    command.args(words.split_whitespace()).args(["--project", PROJECT]).current_dir(home.path()).env_clear();
    command.env("HOME", home.path()).env("FLYTECTL_CONFIG", home.path().join("config.yaml")).envs(double.variables());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// The events of an execution in a word each, as `executions watch --json` says them.
async fn watched(double: &Double, name: &str) -> Vec<String> {
    let home = tempdir().unwrap();
    let output = app(double, &home, &format!("executions watch {name} --json")).await;
    let text = String::from_utf8(output.stdout).unwrap();
    let events = text.lines().filter_map(|line| serde_json::from_str::<Event>(line).ok()).collect::<Vec<_>>();
    assert!(events.is_sorted_by_key(|event| event.at), "{text}");
    let told: Vec<_> = events.into_iter().filter_map(word).collect();
    assert!(!told.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    told
}

fn word(Event { node, kind, .. }: Event) -> Option<String> {
    let node = node?;
    Some(match kind {
        EventKind::Started { attempt } => format!("{node} begins {attempt}"),
        EventKind::Retrying { attempt, failure, .. } => format!("{node} failed {attempt} by {}", failure.code),
        EventKind::Mapped { elements } => format!("{node} has {elements}"),
        EventKind::Waiting { signal, .. } => format!("{node} waits for {signal}"),
        EventKind::Succeeded { .. } => format!("{node} done"),
        EventKind::Failed { failure, .. } => format!("{node} failed by {}", failure.code),
        _ => return None,
    })
}

#[tokio::test]
async fn attempts_are_seen_as_they_were() {
    let double = registered([flows::retried::graph().unwrap()]).await;
    run(&double, "engine.flows.retried", "good", [("times", number(2))]).await;
    let told = watched(&double, "good").await;
    assert_eq!(told, ["n0 begins 0", "n0 failed 0 by FLAKY", "n0 begins 1", "n0 failed 1 by FLAKY", "n0 begins 2", "n0 done"]);
}

#[tokio::test]
async fn elements_are_seen_with_what_they_failed_by() {
    let double = registered([flows::all::graph().unwrap()]).await;
    run(&double, "engine.flows.all", "all", [("xs", list([1, 2, 3].map(number).into()))]).await;
    let told = watched(&double, "all").await;
    for expected in ["n0 has 3", "n0[0] begins 0", "n0[0] done", "n0[1] failed by USER:Failed", "n0 failed by USER:Failed"] {
        let expected = expected.replace("USER:Failed", code(&told));
        assert!(told.contains(&expected), "{expected}: {told:#?}");
    }
    assert!(code(&told).starts_with("USER:"), "{told:#?}");
}

/// What the element failed by.
fn code(told: &[String]) -> &str {
    told.iter().find_map(|word| word.strip_prefix("n0[1] failed by ")).unwrap()
}

#[tokio::test]
async fn what_a_launch_plan_runs_is_seen_in_its_node() {
    let double = registered([flows::parent::graph().unwrap()]).await;
    run(&double, "engine.flows.parent", "par", [("x", number(1))]).await;
    let told = watched(&double, "par").await;
    let done: Vec<_> = told.iter().filter(|word| word.ends_with("done")).map(String::as_str).collect();
    assert_eq!(done, ["n0/n0 done", "n0/n1 done", "n0 done", "n1 done"], "{told:#?}");
}

/// A run of a graph that is registered already.
async fn launched(double: &Double, runs: &RunsFolder, graph: nebulakit::graph::Graph, inputs: LiteralMap) -> RunHandle {
    let backend = FlyteBackend::new(double.client().with_project(PROJECT), runs.clone()).launching(LaunchOptions::new().version("v1"));
    let plan = backend.compile(&graph, &Options::new().inputs(inputs.encode_to_vec())).unwrap();
    backend.run(plan).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_elements_gave_is_recorded() {
    let double = registered([flows::some::graph().unwrap()]).await;
    let home = tempdir().unwrap();
    let runs = RunsFolder::open(home.path()).unwrap();
    let inputs = LiteralMap { literals: [("xs".to_owned(), list([1, 2, 3].map(number).into()))].into() };
    let run = launched(&double, &runs, flows::some::graph().unwrap(), inputs).await;
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
    let outputs = run.outputs("n0[2]").unwrap().expect("they are recorded");
    assert_eq!(plain(&LiteralMap::decode(outputs.as_slice()).unwrap().literals["o0"]), 3);
    let state = run.state().unwrap();
    assert_eq!(state.nodes["n0"].elements, Some(3));
    let failed = &state.nodes["n0[1]"];
    assert_eq!(failed.status, NodeStatus::Failed);
    assert!(failed.failure.as_ref().unwrap().message.contains("2 is even"), "{failed:?}");
    let execution = double.executions().remove(0);
    let shown = app(&double, &home, &format!("executions outputs {execution} n0[2]")).await;
    assert_eq!(String::from_utf8_lossy(&shown.stdout), "3\n", "{}", String::from_utf8_lossy(&shown.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_nobody_watches_is_answered_and_stopped_where_it_runs() {
    let double = registered([flows::gated::graph().unwrap()]).await;
    let home = tempdir().unwrap();
    let settings = serde_json::json!({ "admin": double.settings() });
    std::fs::write(home.path().join("config.yaml"), settings.to_string()).unwrap();
    for name in ["answered", "stopped"] {
        let launched = app(&double, &home, &format!("run engine.flows.gated --remote --version v1 --name {name}")).await;
        assert!(launched.status.success(), "{}", String::from_utf8_lossy(&launched.stderr));
    }
    let runs = RunsFolder::open(home.path().join(".nebulakit")).unwrap().list().unwrap();
    let said = async |words: String| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_engine"));
        command.args(words.split_whitespace()).current_dir(home.path()).env_clear();
        command.env("HOME", home.path()).env("FLYTECTL_CONFIG", home.path().join("config.yaml")).envs(double.variables());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let [first, second] = runs.as_slice() else { panic!("{runs:?}") };
    double.awaited("answered", "number").await;
    let told = said(format!("runs signal {first} number 4")).await;
    assert!(told.contains("the execution answered was asked itself"), "{told}");
    double.awaited("answered", "fine").await;
    let told = said(format!("runs approve {first} fine")).await;
    assert!(told.contains("`fine` of the run"), "{told}");
    double.ended("answered").await;
    assert_eq!(crate::shown::shown(&double, "answered").await["outputs"]["o0"], 16);
    let told = said(format!("runs cancel {second}")).await;
    assert!(told.contains("the execution stopped was asked itself"), "{told}");
    double.ended("stopped").await;
    assert_eq!(crate::shown::shown(&double, "stopped").await["phase"], "ABORTED");
}
