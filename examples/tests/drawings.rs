//! What `graph` shows of the examples' workflows: the texts are in `drawings/`, and `NEBULAKIT_RENEW=1` renews them.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test reads the environment, and fails by panicking")]

use std::path::Path;
use std::process::Command;

fn is_drawn(program: &str, workflow: &str) {
    let output = Command::new(program).args(["graph", workflow]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let drawn = String::from_utf8(output.stdout).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drawings").join(format!("{workflow}.txt"));
    if std::env::var_os("NEBULAKIT_RENEW").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    assert_eq!(drawn, std::fs::read_to_string(&path).unwrap_or_default(), "{workflow}.txt; renew it with NEBULAKIT_RENEW=1");
    assert!(drawn.lines().all(|line| line.chars().count() <= 100), "{drawn}");
}

#[test]
fn word_count_is_drawn() {
    is_drawn(env!("CARGO_BIN_EXE_word_count"), "word_count");
}

#[cfg(feature = "tables")]
#[test]
fn table_pipeline_is_drawn() {
    is_drawn(env!("CARGO_BIN_EXE_table_pipeline"), "table_pipeline");
}

#[test]
fn training_sweep_is_drawn() {
    is_drawn(env!("CARGO_BIN_EXE_training_sweep"), "sweep");
}

#[test]
fn samples_are_drawn() {
    is_drawn(env!("CARGO_BIN_EXE_samples"), "cohort");
}

#[cfg(feature = "pictures")]
#[test]
fn thumbnails_are_drawn() {
    is_drawn(env!("CARGO_BIN_EXE_thumbnails"), "thumbnails");
}
