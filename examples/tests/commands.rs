//! The commands that the examples and the README tell people to type: they work.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

const BINARIES: &[(&str, &str, &str)] = &[
    ("hello", env!("CARGO_BIN_EXE_hello"), include_str!("../src/bin/hello.rs")),
    ("word_count", env!("CARGO_BIN_EXE_word_count"), include_str!("../word_count/main.rs")),
    ("errors", env!("CARGO_BIN_EXE_errors"), include_str!("../src/bin/errors.rs")),
    #[cfg(feature = "tables")]
    ("table_pipeline", env!("CARGO_BIN_EXE_table_pipeline"), include_str!("../table_pipeline/main.rs")),
    #[cfg(feature = "pictures")]
    ("thumbnails", env!("CARGO_BIN_EXE_thumbnails"), include_str!("../thumbnails/main.rs")),
    ("training_sweep", env!("CARGO_BIN_EXE_training_sweep"), include_str!("../training_sweep/main.rs")),
    ("samples", env!("CARGO_BIN_EXE_samples"), include_str!("../samples/main.rs")),
    ("checkpoints", env!("CARGO_BIN_EXE_checkpoints"), include_str!("../src/bin/checkpoints.rs")),
];

/// Runs `cargo run -p nebulakit-examples [--features FEATURE] --bin NAME -- WORDS` without cargo, which has built everything.
fn run(command: &str) -> Output {
    let (cargo, words) = command.split_once(" -- ").unwrap();
    let (_, name) = cargo.split_once(" --bin ").unwrap();
    let (_, program, _) = BINARIES.iter().find(|(known, ..)| *known == name).unwrap_or_else(|| panic!("no example `{name}`"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let runs = tempfile::tempdir().unwrap();
    Command::new(program).args(words.split(' ')).current_dir(root).env("NEBULAKIT_DIR", runs.path().join("runs")).output().unwrap()
}

#[test]
fn every_example_says_how_to_run_it_and_runs_so() {
    for (name, _, source) in BINARIES {
        let head: Vec<_> = source.lines().take_while(|line| line.starts_with("//!")).collect();
        let commands: Vec<_> = head.iter().filter_map(|line| line.split('`').find(|part| part.starts_with("cargo run"))).collect();
        assert!(!commands.is_empty(), "{name} does not say how to run it");
        for command in commands {
            let output = run(command);
            // The example of errors shows one.
            let expected = if *name == "errors" { 1 } else { 0 };
            assert_eq!(output.status.code(), Some(expected), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn the_readmes_command_counts_words() {
    let readme = include_str!("../../README.md");
    let command = readme.lines().find(|line| line.contains("-- run count_words")).unwrap();
    let output = run(command);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains("words: 1608") && said.contains("\"the\""), "{said}");
}

#[test]
fn the_readmes_workflow_draws_a_chart() {
    let readme = include_str!("../../README.md");
    let command = readme.lines().find(|line| line.contains("-- run word_count")).unwrap();
    let output = run(command);
    let (said, progress) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success() && said.ends_with("/chart.svg\n"), "{said}{progress}");
    assert!(progress.contains("n1 count: 8 elements"), "{progress}");
}
