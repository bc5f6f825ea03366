//! Tasks that are registered elsewhere, for dynamic tasks: their templates are fetched when those are registered.

use std::path::Path;
use std::process::{Command, Output};

use nebulakit::backend::flyte::RegisterOptions;
use nebulakit::backend::flyte::compile::{Options, Program, compile};
use nebulakit::prelude::*;
use serde_json::json;
use tempfile::tempdir;

use crate::double::registry::Registry;

#[task(name = "ml.classify")]
fn classify(x: i64) -> i64 {
    x
}

/// Runs the program whose dynamic task runs `ml.classify`.
async fn borrower(home: &Path, settings: serde_json::Value, words: &str) -> Output {
    let file = home.join("config.yaml");
    std::fs::write(&file, settings.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_borrower"));
    command.args(words.split_whitespace()).current_dir(home).env_clear().env("HOME", home).env("FLYTECTL_CONFIG", file);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_dynamic_task_is_registered_with_the_templates_of_what_it_may_run() {
    let (registry, home) = (Registry::default(), tempdir().unwrap());
    let endpoint = registry.serve().await.to_string();
    let settings = json!({
        "admin": { "endpoint": endpoint, "insecure": true },
        "task": { "project": "flytesnacks" },
        "images": { "default": "app:1" },
    });
    let words = "register --binary app";
    let without = borrower(home.path(), settings.clone(), words).await;
    let told = "note: `ml.classify` in `ml`/`production`, version `2026` is not registered: a dynamic task that runs it will fail";
    assert!(text(&without.stderr).contains(told), "{}", text(&without.stderr));
    assert!(without.status.success());

    let program = Program::default().with_task(classify::def());
    let theirs = compile(&program, &Options::new("ml:1", "/app").target("ml", "production", "2026")).unwrap();
    let client = crate::double::client(home.path(), &json!({ "endpoint": endpoint, "insecure": true }));
    assert!(client.register(&theirs.entities, &RegisterOptions::default()).await.unwrap().is_success());

    // What is fetched is a part of what the version is a hash of.
    let with = text(&borrower(home.path(), settings.clone(), words).await.stdout);
    assert!(with.contains("created") && with.lines().last() != text(&without.stdout).lines().last(), "{with}");
    let again = text(&borrower(home.path(), settings.clone(), words).await.stdout);
    assert_eq!(again, with.replace("created", "unchanged"));

    let dry = borrower(home.path(), settings, "register --dry-run").await;
    assert!(text(&dry.stderr).contains("note: the template of `ml.classify` in `ml`/`production`, version `2026` would be fetched"));
    assert!(text(&dry.stdout).ends_with("as a version that comes of what is fetched too\n"), "{}", text(&dry.stdout));
}
