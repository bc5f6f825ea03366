//! Tasks of a library crate are linked when the binary names the crate, and silently absent when it does not.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::process::Command;

/// Exit code and both outputs of `binary list`.
fn list(binary: &str) -> (Option<i32>, String) {
    let output = Command::new(binary).arg("list").output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_binary_that_names_the_library_has_its_tasks() {
    let (code, text) = list(env!("CARGO_BIN_EXE_linked"));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("nebulakit_tests_tasks.moves\n  go("), "{text}");
}

#[test]
fn a_binary_that_does_not_name_the_library_has_none_and_says_how() {
    let (_, text) = list(env!("CARGO_BIN_EXE_unlinked"));
    assert!(!text.contains("go(") && text.contains("nebulakit::main!(my_tasks)"), "{text}");
    let output = Command::new(env!("CARGO_BIN_EXE_unlinked")).args(["run", "go"]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(error.contains("nebulakit::main!(my_tasks)"), "{error}");
}
