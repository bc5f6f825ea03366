//! `register` and `package`, as people type them.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output};

use nebulakit_types::wire::flyteidl::admin::{LaunchPlan, TaskSpec, WorkflowSpec};
use prost::Message as _;
use serde_json::json;
use tempfile::tempdir;

use crate::double::registry::Registry;

/// Runs the program in a home folder with these settings.
async fn app(home: &Path, settings: serde_json::Value, words: &str) -> Output {
    let file = home.join("config.yaml");
    std::fs::write(&file, settings.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_registering"));
    command.args(words.split_whitespace()).current_dir(home).env_clear().env("HOME", home).env("FLYTECTL_CONFIG", file);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn settings(registry: &Registry) -> serde_json::Value {
    json!({
        "admin": { "endpoint": registry.serve().await.to_string(), "insecure": true },
        "task": { "project": "flytesnacks" },
        "images": { "default": "app:1" },
    })
}

#[tokio::test]
async fn register_shows_what_came_of_everything() {
    let (registry, home) = (Registry::default(), tempdir().unwrap());
    let settings = settings(&registry).await;
    let output = app(home.path(), settings.clone(), "register --version v1").await;
    let expected = "\
task         app.double     created
workflow     app.quadruple  created
launch plan  app.quadruple  created

3 entities are registered in flytesnacks/development as version v1
";
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
    assert!(output.status.success());
    let output = app(home.path(), settings, "register --version v1 --image app:2").await;
    assert!(!output.status.success());
    assert!(text(&output.stdout).contains("registered `app:1`, sent `app:2`\nhint: register it under another version"));
}

#[tokio::test]
async fn without_a_version_the_same_program_is_registered_once() {
    let (registry, home) = (Registry::default(), tempdir().unwrap());
    let settings = settings(&registry).await;
    let first = text(&app(home.path(), settings.clone(), "register").await.stdout);
    let again = text(&app(home.path(), settings.clone(), "register").await.stdout);
    assert_eq!(again, first.replace("created", "unchanged"));
    let other = text(&app(home.path(), settings, "register --image app:2").await.stdout);
    assert!(other.contains("created") && other.lines().last() != first.lines().last(), "{other}");
}

#[tokio::test]
async fn a_dry_run_asks_nobody() {
    let (registry, home) = (Registry::default(), tempdir().unwrap());
    let output = app(home.path(), settings(&registry).await, "register --version v1 --dry-run").await;
    assert!(text(&output.stdout).ends_with("\n3 entities would be registered in flytesnacks/development as version v1\n"));
    assert!(registry.calls().is_empty());
}

#[tokio::test]
async fn what_is_not_said_is_asked_for() {
    let home = tempdir().unwrap();
    for (words, message, hint) in [
        ("register --image app:1", "no project is named", "`--project`"),
        ("register --project p", "the tasks need a container image", "`--image`"),
        ("package", "the tasks need a container image", "`--image`"),
    ] {
        let output = app(home.path(), json!({}), words).await;
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.starts_with(&format!("error: {message}\n")) && said.contains(hint), "{said}");
    }
}

#[tokio::test]
async fn a_package_holds_each_entity_in_order_and_no_place() {
    let home = tempdir().unwrap();
    let output = app(home.path(), json!({}), "package --image app:1 --output p.tgz").await;
    assert_eq!(text(&output.stdout), "3 entities are in p.tgz\n", "{}", text(&output.stderr));
    let mut files = BTreeMap::new();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(home.path().join("p.tgz")).unwrap()));
    for file in archive.entries().unwrap() {
        let mut file = file.unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(file.path().unwrap().display().to_string(), bytes);
    }
    assert_eq!(files.keys().collect::<Vec<_>>(), ["0_app.double_1.pb", "1_app.quadruple_2.pb", "2_app.quadruple_3.pb"]);
    let task = TaskSpec::decode(files["0_app.double_1.pb"].as_slice()).unwrap().template.unwrap().id.unwrap();
    assert_eq!((task.name.as_str(), task.project.as_str(), task.domain.as_str(), task.version.as_str()), ("app.double", "", "", ""));
    WorkflowSpec::decode(files["1_app.quadruple_2.pb"].as_slice()).unwrap();
    let plan = LaunchPlan::decode(files["2_app.quadruple_3.pb"].as_slice()).unwrap();
    assert!(plan.spec.is_some() && plan.closure.unwrap().expected_inputs.is_some());
}
