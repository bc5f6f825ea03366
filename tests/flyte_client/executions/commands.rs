//! `executions ..`, as people type it.

use std::path::Path;
use std::process::{Command, Output};

use nebulakit_types::wire::flyteidl::admin::WorkflowExecutionGetDataResponse;
use nebulakit_types::wire::flyteidl::core::workflow_execution::Phase;
use nebulakit_types::wire::flyteidl::core::{Literal, LiteralMap, LiteralOffloadedMetadata, literal, task_template};
use nebulakit_types::{Dialect, NebulaType as _};
use serde_json::json;
use tempfile::tempdir;

use super::given::{LONG, failed, gated};
use crate::double::executions::{Executions, execution};

/// Runs the program in a home folder.
async fn app(home: &Path, executions: &Executions, words: &str) -> Output {
    let settings = json!({
        "admin": { "endpoint": executions.serve().await.to_string(), "insecure": true },
        "task": { "project": "flytesnacks" },
    });
    let file = home.join("config.yaml");
    std::fs::write(&file, settings.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_steered"));
    command.args(words.split_whitespace()).current_dir(home).env_clear().env("HOME", home).env("FLYTECTL_CONFIG", file);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn a_failed_execution_is_shown_watched_and_replayed() {
    let (home, executions) = (tempdir().unwrap(), Executions::with(failed));
    let (shown, _) = said(&app(home.path(), &executions, "executions show bad").await);
    assert!(shown.contains(&format!("USER:Root (user): {LONG}")) && shown.contains("n0/n1 root"), "{shown}");
    let watched = app(home.path(), &executions, "executions watch flytesnacks:development:bad").await;
    let (_, stderr) = said(&watched);
    let expected =
        format!("error[USER:Root]: the node n0/n1 (steered.root) of the execution bad failed, in attempt 2 (user error): {LONG}\n\nhint: ");
    assert!(watched.status.code() == Some(1) && stderr.contains(&expected), "{stderr}");
    for words in ["executions replay bad n0/n1", "executions replay bad f7abcdef", "executions replay bad"] {
        let replayed = app(home.path(), &executions, words).await;
        let (_, stderr) = said(&replayed);
        assert!(replayed.status.code() == Some(1) && stderr.contains("-4 is below zero"), "{words}: {stderr}");
        assert!(stderr.contains("replaying n0/n1, attempt 2"), "{stderr}");
    }
    let (runs, _) = said(&app(home.path(), &executions, "runs list").await);
    assert_eq!(runs.lines().filter(|line| line.contains("steered.root")).count(), 3, "{runs}");
    let (_, stderr) = said(&app(home.path(), &executions, "executions inputs bad n0/n1[0]").await);
    assert_eq!(stderr, "error: the node n0/n1 is not a map: it has no elements\n");
    let (_, stderr) = said(&app(home.path(), &executions, "executions replay bad n7").await);
    assert!(stderr.contains("the execution `bad` has no node `n7`; it has `n0`, `n0/n0`, `n0/n1`"), "{stderr}");
}

#[tokio::test]
async fn a_task_that_is_another_one_here_is_not_replayed() {
    let home = tempdir().unwrap();
    let executions = Executions::with(|state| {
        failed(state);
        let interface = state.tasks[0].interface.as_mut().unwrap();
        let other = interface.inputs.as_mut().unwrap().variables.get_mut("x").unwrap();
        other.r#type = Some(String::literal_type(&Dialect::FLYTE_1).to_wire());
    });
    let (_, stderr) = said(&app(home.path(), &executions, "executions replay bad n0/n1").await);
    assert!(stderr.contains("another one in this binary: the input `x` was registered as str, and is int"), "{stderr}");
    executions.change(|state| {
        let Some(task_template::Target::Container(container)) = &mut state.tasks[0].target else { panic!() };
        container.args[2] = "elsewhere.root".to_owned();
    });
    let (_, stderr) = said(&app(home.path(), &executions, "executions replay bad n0/n1").await);
    assert!(stderr.contains("the task `steered.root` of the version v1 cannot be replayed: "), "{stderr}");
}

#[tokio::test]
async fn commands_answer_gates_and_refuse_what_names_nothing() {
    let (home, executions) = (tempdir().unwrap(), Executions::with(gated));
    for (words, expected) in [
        ("executions signal waits more 12", "`more` of the execution waits is answered\n"),
        ("executions signal waits go approve", "`go` of the execution waits is answered\n"),
        ("executions signal waits go maybe", "error: the signal `go` takes `approve` or `reject`, not `maybe`\n"),
        ("executions signal waits more ten", "error: the signal `more`: expected an integer, found `ten`\n"),
        ("executions signal waits no approve", "error: the execution `waits` has no signal `no`; it has `go`, `more`\n"),
        ("executions show p:d", "error: `p:d` is not an execution\n"),
        ("executions terminate waits --cause enough", "the execution waits was asked to stop\n"),
    ] {
        let (_, stderr) = said(&app(home.path(), &executions, words).await);
        assert!(stderr.starts_with(expected), "{words}: {stderr}");
    }
    let (relaunched, console) = said(&app(home.path(), &executions, "executions relaunch waits --name again").await);
    assert_eq!(relaunched, "again\n");
    assert!(console.ends_with("/console/projects/flytesnacks/domains/development/executions/again\n"), "{console}");
    let (listed, _) = said(&app(home.path(), &executions, "executions list --phase aborting").await);
    assert!(listed.starts_with("waits  aborting"), "{listed}");
}

#[tokio::test]
async fn values_that_the_platform_keeps_apart_are_read_from_there_or_said_to_be_there() {
    let home = tempdir().unwrap();
    let literal = nebulakit_types::encode(&vec![7_i64, 8], &Dialect::FLYTE_1).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = listener.local_addr().unwrap();
    let router = axum::Router::new().fallback(move || std::future::ready(literal.clone()));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let executions = Executions::with(|state| {
        for (name, uri) in [("read", "s3://bucket/o0"), ("kept", "s3://elsewhere/o0")] {
            let note = LiteralOffloadedMetadata { uri: uri.to_owned(), size_bytes: 12, inferred_type: None };
            let literal = Literal { value: Some(literal::Value::OffloadedMetadata(note)), ..Literal::default() };
            let full_outputs = Some(LiteralMap { literals: [("o0".to_owned(), literal)].into() });
            state.executions.push(execution(name, Phase::Succeeded, None));
            state.data.insert(name.to_owned(), WorkflowExecutionGetDataResponse { full_outputs, ..Default::default() });
        }
        state.signed.insert("s3://bucket/o0".to_owned(), format!("http://{store}/o0"));
    });
    let (shown, _) = said(&app(home.path(), &executions, "executions outputs read").await);
    assert_eq!(shown, "[7,8]\n");
    let (shown, warning) = said(&app(home.path(), &executions, "executions outputs kept").await);
    assert_eq!(shown, "a value of 12 bytes, kept at s3://elsewhere/o0\n", "{warning}");
}

#[tokio::test]
async fn what_has_not_begun_is_queued_and_found_so() {
    let home = tempdir().unwrap();
    let executions = Executions::with(|state| {
        state.executions.push(execution("new", Phase::Undefined, None));
        state.executions.push(execution("waits", Phase::Queued, None));
        state.executions.push(execution("done", Phase::Succeeded, None));
    });
    for word in ["queued", "undefined"] {
        let (listed, _) = said(&app(home.path(), &executions, &format!("executions list --phase {word}")).await);
        let rows: Vec<_> = listed.lines().map(|line| line.split_whitespace().take(2).collect::<Vec<_>>()).collect();
        assert_eq!(rows, [["waits", "queued"], ["new", "queued"]], "{listed}");
    }
    let (shown, _) = said(&app(home.path(), &executions, "executions show new").await);
    assert!(shown.contains("phase      queued"), "{shown}");
}
