//! Tasks of a library crate are linked when the binary names the crate, and silently absent when it does not.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::path::Path;
use std::process::Command;

/// Exit code and both outputs of `binary list`.
fn list(binary: &str) -> (Option<i32>, String) {
    let output = Command::new(binary).arg("list").env_remove("CARGO_MANIFEST_DIR").output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_binary_that_names_the_library_has_its_tasks() {
    let (code, text) = list(env!("CARGO_BIN_EXE_linked"));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("nebulakit_tests_tasks.moves\n  go("), "{text}");
}

/// Standard output and standard error of the binary without the library, as `cargo run` starts it for the package in `manifest_dir`.
fn under_cargo_run(binary: &str, words: &[&str], manifest_dir: &Path) -> String {
    let output = Command::new(binary).args(words).env("CARGO_MANIFEST_DIR", manifest_dir).output().unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn under_cargo_run_the_dependencies_with_tasks_are_named_and_what_to_write() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let hint = "hint: the dependencies `nebulakit_tests_strict` and `nebulakit_tests_tasks` use nebulakit, but this binary does not name \
        them, so their tasks are not in it: write `nebulakit::main!(nebulakit_tests_strict, nebulakit_tests_tasks);`\n";
    for words in [&["list"][..], &["run", "go"], &["describe", "go"]] {
        let said = under_cargo_run(env!("CARGO_BIN_EXE_unlinked"), words, package);
        assert!(said.contains(hint), "{words:?}: {said}");
    }
    let said = under_cargo_run(env!("CARGO_BIN_EXE_linked"), &["run", "quite_another"], package);
    let hint = "hint: the dependency `nebulakit_tests_strict` uses nebulakit, but this binary does not name it, so its tasks \
        are not in it: write `nebulakit::main!(nebulakit_tests_tasks, nebulakit_tests_strict);`\n";
    assert!(said.contains(hint), "{said}");
}

#[test]
fn manifests_are_read_as_people_write_them() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("app");
    std::fs::create_dir(&package).unwrap();
    std::fs::write(
        folder.path().join("Cargo.toml"),
        "[workspace]\nmembers = [\"app\"]\n\n[workspace.dependencies]\nfrom_root = { package = \"with-tasks-1\", version = \"1\" }\n",
    )
    .unwrap();
    let packages = ["with-tasks-1", "with-tasks-2", "with-tasks-3", "with-tasks-4", "with-tasks-5", "for-tests"];
    let mut lock = "version = 4\n\n[[package]]\nname = \"plain\"\nversion = \"1.0.0\"\ndependencies = [\n \"serde\",\n]\n".to_owned();
    for name in packages {
        lock.push_str(&format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\ndependencies = [\n \"anyhow\",\n \"nebulakit 0.1.0\",\n]\n"
        ));
    }
    std::fs::write(folder.path().join("Cargo.lock"), lock).unwrap();
    let manifest = r#"
        [package]
        name = "app"

        [dependencies]
        # with-tasks-3 = "1"
        plain = "1"
        from_root.workspace = true
        with-tasks-2 = { version = "1", features = ["a", "b"] }
        renamed = { version = "1", package = "with-tasks-4" }

        [dependencies.five]
        version = "1"
        package = "with-tasks-5"

        [target.'cfg(unix)'.dependencies]
        with-tasks-3 = "1"

        [dev-dependencies]
        for-tests = "1"
    "#;
    std::fs::write(package.join("Cargo.toml"), manifest).unwrap();
    let said = under_cargo_run(env!("CARGO_BIN_EXE_unlinked"), &["list"], &package);
    assert!(said.contains("`nebulakit::main!(five, from_root, renamed, with_tasks_2, with_tasks_3);`"), "{said}");
    // An unreadable manifest gives the same hint as no cargo at all.
    std::fs::write(package.join("Cargo.toml"), "[dependencies").unwrap();
    let said = under_cargo_run(env!("CARGO_BIN_EXE_unlinked"), &["list"], &package);
    assert!(said.contains("`nebulakit::main!(my_tasks)`"), "{said}");
}

#[test]
fn a_binary_that_does_not_name_the_library_has_none_and_says_how() {
    let (_, text) = list(env!("CARGO_BIN_EXE_unlinked"));
    assert!(!text.contains("go(") && text.contains("nebulakit::main!(my_tasks)"), "{text}");
    let output = Command::new(env!("CARGO_BIN_EXE_unlinked")).args(["run", "go"]).env_remove("CARGO_MANIFEST_DIR").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(error.contains("nebulakit::main!(my_tasks)"), "{error}");
}
