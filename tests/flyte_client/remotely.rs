//! `run --remote`, as people type it.

use std::path::Path;
use std::process::{Command, Output};

use nebulakit_types::literal::{Literal, LiteralValue, Primitive};
use nebulakit_types::wire::flyteidl::core::workflow_execution::Phase;
use nebulakit_types::wire::flyteidl::core::{LiteralMap, ParameterMap, TypedInterface};
use prost::Message as _;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::double::launches::Launches;

/// Runs the program in a home folder, whose control plane this is.
async fn app(home: &Path, launches: &Launches, words: &str) -> Output {
    let file = home.join("config.yaml");
    let settings = json!({ "admin": { "endpoint": launches.serve().await.to_string(), "insecure": true }, "task": { "project": "p" } });
    std::fs::write(&file, settings.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_launching"));
    command.args(words.split_whitespace()).current_dir(home).env_clear().env("HOME", home).env("FLYTECTL_CONFIG", file);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn double() -> Launches {
    let launches = Launches::default();
    launches.with(|state| {
        state.tasks = vec![("launching.divider".to_owned(), "v1".to_owned(), TypedInterface::default())];
        state.plans = vec![("launching.whole".to_owned(), "v1".to_owned(), ParameterMap::default())];
    });
    launches
}

#[tokio::test]
async fn a_launch_names_the_execution_and_is_recorded() {
    let (launches, home) = (double(), tempdir().unwrap());
    let words = "run divider --remote --a 7 --name Seven --label team=ml --env MODE=fast --interruptible=false --max-parallelism 2 --json";
    let output = app(home.path(), &launches, words).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["execution"], &told["version"], &told["name"]), (&json!("seven"), &json!("v1"), &json!("launching.divider")));
    assert!(told["console"].as_str().unwrap().ends_with("/console/projects/p/domains/development/executions/seven"));
    let request = launches.with(|state| state.executions["seven"].clone());
    let spec = request.spec.unwrap();
    assert!(!spec.interruptible.unwrap().value && spec.max_parallelism == 2 && spec.envs.unwrap().values.len() == 1);
    let inputs = Literal::decode_map(&request.inputs.unwrap().encode_to_vec()).unwrap();
    assert_eq!(inputs["b"].value, LiteralValue::Primitive(Primitive::Float(2.0)), "the default of the task");
    let runs = text(&app(home.path(), &launches, "runs list").await.stdout);
    assert!(runs.contains("elsewhere  launching.divider"), "{runs}");
    let shown = text(&app(home.path(), &launches, "runs show last").await.stdout);
    assert!(shown.contains("/executions/seven"), "{shown}");
}

#[tokio::test]
async fn waiting_ends_as_a_run_here_does() {
    let (launches, home) = (double(), tempdir().unwrap());
    let outputs = Literal::encode_map(&[("o0".to_owned(), Literal::from(Primitive::Float(3.5)))].into());
    launches.with(|state| {
        state.phases = vec![Phase::Undefined, Phase::Running, Phase::Succeeded];
        state.outputs = LiteralMap::decode(outputs.as_slice()).unwrap();
    });
    let output = app(home.path(), &launches, "run divider --remote --wait --a 7").await;
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("3.5\n", Some(0)), "{}", text(&output.stderr));
    launches.with(|state| (state.looks, state.phases) = (0, vec![Phase::Running, Phase::Failed]));
    let output = app(home.path(), &launches, "run whole --remote --wait --xs 1 --n 1").await;
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("", Some(1)));
    let error = text(&output.stderr);
    assert!(error.contains("failed: the platform does not say why") && error.contains("runs show"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_launched_is_told() {
    let (launches, home) = (double(), tempdir().unwrap());
    for (words, code, expected) in [
        ("run double --remote --x 1", 1, "error: no task `launching.double` is registered in p/development, at `"),
        ("run divider --remote --a x", 2, "error: `--a`: expected a float, found `x`"),
        ("run divider --remote", 2, "--a <float>"),
        ("run divider --remote --a 1 --name 7", 2, "error: the name `7` of the execution: expected up to 63 lower-case letters"),
        ("run divider --remote --a 1 --label team", 2, "expected K=V, found `team`"),
        ("run divider --remote --a 1 --jobs 2", 2, "--jobs"),
    ] {
        let output = app(home.path(), &launches, words).await;
        let error = text(&output.stderr);
        assert!(output.status.code() == Some(code) && error.contains(expected), "{words}: {:?} {error}", output.status.code());
    }
    assert!(launches.with(|state| state.executions.is_empty()));
}
