//! The command line, through the real binary: help, results, errors, exit codes. `docs/cli.md` is replayed as it stands.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use nebulakit::env::Environment;
use serde_json::{Value, json};

const APP: &str = env!("CARGO_BIN_EXE_app");

/// The binary, with nothing of this process's environment that would change what it says.
fn app(words: &[&str]) -> Command {
    let mut command = Command::new(APP);
    command.args(words);
    quiet(&mut command);
    command
}

fn quiet(command: &mut Command) {
    for name in ["CARGO_MANIFEST_DIR", "RUST_BACKTRACE", "RUST_LIB_BACKTRACE", "NEBULAKIT_LOG", "FLYTE_SDK_LOGGING_LEVEL"] {
        command.env_remove(name);
    }
    command.env("NEBULAKIT_DIR", RUNS.as_path());
}

/// Where runs are recorded, anew for each time that these tests run.
static RUNS: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli-runs");
    let _ = std::fs::remove_dir_all(&folder);
    folder
});

/// Exit code, standard output, standard error.
fn answer(words: &[&str]) -> (i32, String, String) {
    texts(app(words).stdin(Stdio::null()).output().unwrap())
}

fn texts(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), without_runs(&text(output.stderr)))
}

/// The text without the lines that name a run and say how it ended.
fn without_runs(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !names_a_run(line)).collect()
}

/// `run 20261129-231501-k3f9 succeeded after 3 ms`
fn names_a_run(line: &str) -> bool {
    let words: Vec<_> = line.split(' ').collect();
    matches!(words.as_slice(), ["run", id, "succeeded" | "failed" | "cancelled", "after", ..] if id.len() == 20)
}

/// The text with one id and one time in such lines, and no other that is new each time.
fn as_always(text: &str) -> String {
    let line = |line: &str| match (names_a_run(line), line.split_once(" after ")) {
        (true, Some((run, _))) => format!("run 20261129-231501-k3f9 {} after 3 ms\n", run.rsplit(' ').next().unwrap()),
        _ => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

/// Standard error of a command that is refused.
fn refused(words: &[&str]) -> String {
    let (code, out, err) = answer(words);
    assert_eq!((code, out.as_str()), (2, ""), "{words:?}: {err}");
    err
}

/// Standard output of a command that succeeds and says nothing else.
fn said(words: &[&str]) -> String {
    let (code, out, err) = answer(words);
    assert_eq!((code, err.as_str()), (0, ""), "{words:?}");
    out
}

fn said_json(words: &[&str]) -> Value {
    serde_json::from_str(&said(words)).unwrap()
}

/// Runs `$ command` by a shell in which `app` is the binary; both outputs in the order in which they came, and the exit code if it is one.
fn in_shell(command: &str, folder: &Path) -> String {
    let mut shell = Command::new("sh");
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", Path::new(APP).parent().unwrap().display());
    shell.args(["-c", &format!("exec 2>&1\n{command}")]).current_dir(folder).env("PATH", path).stdin(Stdio::null());
    quiet(&mut shell);
    shell.env_remove("NEBULAKIT_DIR");
    let (code, text, _) = texts(shell.output().unwrap());
    let mut text = as_always(&text);
    if code != 0 {
        text.push_str(&format!("[exit {code}]\n"));
    }
    text
}

#[test]
fn the_transcript_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut replayed = String::new();
    let (mut is_console, mut has_answered) = (false, false);
    for line in page.lines() {
        match (is_console, line.strip_prefix("$ ")) {
            (false, _) => {
                replayed.push_str(&format!("{line}\n"));
                is_console = line == "```console";
                has_answered = false;
            }
            (true, Some(command)) => {
                if has_answered {
                    replayed.push('\n');
                }
                let answer = in_shell(command, folder.path());
                has_answered = !answer.is_empty();
                replayed.push_str(&format!("{line}\n{answer}"));
            }
            (true, None) if line == "```" => {
                replayed.push_str("```\n");
                is_console = false;
            }
            // What was said last time.
            (true, None) => {}
        }
    }
    if Environment::from_process().flag("BLESS") {
        std::fs::write(&path, &replayed).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), replayed, "docs/cli.md is out of date; its head says how to renew it");
}

#[test]
fn help_is_asked_for_or_is_an_error() {
    let (code, out, err) = answer(&[]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(err, said(&["--help"]));
    assert_eq!(said(&["--version"]), format!("app (nebulakit {})\n", env!("CARGO_PKG_VERSION")));
    for verb in ["execute", "map-execute", "a0"] {
        assert!(said(&[verb, "--help"]).starts_with("usage: app execute --task-name NAME "));
        assert_eq!(said(&["help", verb]), said(&[verb, "--help"]));
    }
    assert!(said(&["run", "--help"]).contains("Tasks: awkward, clean_up, divide, ellipse_area, empty, fail, app.greet, "));
    assert_eq!(refused(&["run"]), "error: no task is named\n\nhint: `app list` shows what there is to run\n");
    assert_eq!(refused(&["describe"]), "error: `<TASK>` is missing\n\nhint: see `app describe --help`\n");
}

#[test]
fn an_unknown_task_lists_the_known_ones() {
    let known = "awkward, app.clean_up, app.divide, app.ellipse_area, app.empty, app.fail";
    let error = refused(&["run", "xyz"]);
    assert!(error.starts_with("error: no task or workflow is called `xyz`\n  this binary has: app.awkward, "), "{error}");
    assert!(error.contains(known) && error.contains("\n\nhint: tasks of a library"), "{error}");
    assert!(refused(&["describe", "divid"]).ends_with("\n\nhint: did you mean `app.divide`?\n"));
}

#[test]
fn a_name_that_two_tasks_end_with_is_refused() {
    let error = refused(&["describe", "greet"]);
    let lines: Vec<_> = error.lines().collect();
    assert_eq!(lines[0], "error: 2 tasks are called `greet`:");
    assert!(lines[1].starts_with("  app.greet at tests/src/bin/app.rs:"), "{error}");
    assert_eq!(lines[4], "hint: use the full name");
    assert_eq!(said(&["run", "night.greet"]), "");
    assert_eq!(said(&["run", "app::night::greet", "--json"]), "{}\n");
}

#[test]
fn list_tells_machines_all() {
    let tasks = said_json(&["list", "--json"]);
    let split = tasks.as_array().unwrap().iter().find(|task| task["name"] == "app.split").unwrap();
    let expected = json!({
        "name": "app.split",
        "kind": "task",
        "short_name": "split",
        "signature": "app.split(total: int, parts: int = 2) -> (quotient: int, remainder: int)",
        "doc": "Divides whole numbers, with what remains.",
        "deprecated": null,
        "inputs": [
            {"name": "total", "type": "int", "doc": "", "required": true, "default": null},
            {"name": "parts", "type": "int", "doc": "", "required": false, "default": 2},
        ],
        "outputs": [{"name": "quotient", "type": "int"}, {"name": "remainder", "type": "int"}],
    });
    assert_eq!(*split, expected);
}

/// The other binary, whose tasks have defaults and types that go wrong.
fn fixture(words: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fixture"));
    command.args(words).stdin(Stdio::null());
    quiet(&mut command);
    texts(command.output().unwrap())
}

#[test]
fn a_default_that_panics_is_shown_where_it_is_and_spoils_nothing_else() {
    let (code, list, err) = fixture(&["list"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let failing = "the default panicked at tests/src/bin/fixture/defaults.rs:6:5: no model is there";
    assert!(list.contains(&format!("  with_a_default_that_panics(data: str, model: str = <{failing}>) -> str\n")), "{list}");
    assert!(list.contains("  with_a_field_whose_default_panics(settings: struct Settings) -> str\n"), "{list}");
    assert!(list.contains("with_types_without_an_end(..)") && list.contains("its types cannot be described: "), "{list}");
    assert!(list.contains("  int(v: int) -> int\n"), "the others are there: {list}");
    for words in [&["list", "--json"][..], &["completions", "bash"], &["describe", "with_a_default_that_panics"]] {
        let (code, out, err) = fixture(words);
        assert_eq!((code, err.as_str()), (0, ""), "{words:?}");
        assert!(out.contains("with_a_default_that_panics"), "{words:?}");
    }
    assert!(fixture(&["describe", "with_a_default_that_panics"]).1.contains(failing));
    let (code, _, err) = fixture(&["describe", "with_types_without_an_end"]);
    assert_eq!(code, 1);
    assert!(err.starts_with("error: cannot describe the types of the task `fixture.defaults.with_types_without_an_end`: "), "{err}");
}

#[test]
fn a_task_whose_default_panics_runs_with_the_value_and_says_what_is_wrong_without_it() {
    let run = |words: &[&str]| fixture(&[&["run"][..], words].concat());
    assert_eq!(run(&["with_a_default_that_panics", "--data", "d", "--model", "m"]), (0, "d by m\n".to_owned(), String::new()));
    let (code, out, err) = run(&["with_a_default_that_panics", "--data", "d"]);
    let failing = "its default panicked at tests/src/bin/fixture/defaults.rs:6:5: no model is there";
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(err, format!("error: `model`: the input is missing, and {failing}\n"));
    assert_eq!(run(&["with_a_default_that_panics", "--help"]).0, 0);
    let field = |settings| run(&["with_a_field_whose_default_panics", "--settings", settings]);
    assert_eq!(field(r#"{"rate": 2, "model": "m"}"#).1, "m at 2\n");
    let (code, _, err) = field(r#"{"rate": 2}"#);
    assert_eq!(code, 2);
    assert_eq!(err, "error: `settings`: a default in the value panicked at tests/src/bin/fixture/defaults.rs:6:5: no model is there\n");
}

#[test]
fn enums_are_given_as_they_travel_or_as_serde_writes_them() {
    let taken = |task: &str, v: &str| {
        let (code, out, err) = fixture(&["run", task, "--v", v, "--json"]);
        assert_eq!((code, err.as_str()), (0, ""), "{task} {v}");
        serde_json::from_str::<Value>(&out).unwrap()["o0"].clone()
    };
    for (written, read) in [
        ("Pass", json!("Pass")),
        ("0.5", json!(0.5)),
        (r#"{"min_quality":3}"#, json!({"min_quality": 3})),
        (r#"{"Filtered":{"min_quality":3}}"#, json!({"min_quality": 3})),
        (r#"{"Score":2}"#, json!(2.0)),
    ] {
        assert_eq!(taken("outcome", written), read);
    }
    let checked = r#"{"outcome": {"Score": 1}, "others": ["Fail", {"Moved": {"to": "x"}}, {"to": "y"}, 2.5], "last": {"Filtered": {"min_quality": 1}}}"#;
    let moved = |to: &str| json!({"to": to, "tries": null});
    assert_eq!(
        taken("checked", checked),
        json!({"outcome": 1.0, "others": ["Fail", moved("x"), moved("y"), 2.5], "last": {"min_quality": 1}})
    );
}

#[test]
fn what_fits_no_variant_is_told_of_each_of_them() {
    let refused = |task: &str, v: &str| {
        let (code, out, err) = fixture(&["run", task, "--v", v]);
        assert_eq!((code, out.as_str()), (2, ""), "{task} {v}");
        err
    };
    let union = "enum(Pass, Fail) | struct Filtered | struct Moved | float";
    assert_eq!(
        refused("outcome", r#"{"min":"x"}"#),
        format!(
            "error: `--v`: expected `{union}`, found `{{\"min\":\"x\"}}` (as `enum(Pass, Fail)`: expected one of `Pass`, `Fail`, found `{{\"min\":\"x\"}}`; \
             as `struct Filtered`: the struct `Filtered` has no field `min`; it has `min_quality`; as `struct Moved`: the struct `Moved` has no \
             field `min`; it has `to`, `tries`; as `float`: expected a float, found `{{\"min\":\"x\"}}`)\n"
        )
    );
    assert_eq!(refused("outcome", "soon"), format!("error: `--v`: expected `{union}`, found `soon`\n"));
    let nested = refused("checked", r#"{"outcome": {"min": 1}, "others": []}"#);
    assert!(nested.starts_with("error: `v.outcome`: the value fits no variant of the union (as `enum(Pass, Fail)`: "), "{nested}");
    assert!(nested.contains("; as `struct Filtered`: ") && nested.contains("; as `struct Moved`: "), "{nested}");
    let nested = refused("checked", r#"{"outcome": {"min": 1, "max": 2}, "others": []}"#);
    assert!(nested.starts_with("error: `--v.outcome`: the value fits no variant of the union (as `struct Filtered`: "), "{nested}");
    assert!(nested.contains("; as `struct Moved`: "), "{nested}");
    let named = refused("checked", r#"{"outcome": {"Filtered": {"min": 1}}, "others": []}"#);
    assert_eq!(named, "error: `--v.outcome.Filtered`: the struct `Filtered` has no field `min`; it has `min_quality`\n");
}

#[test]
fn text_is_plain_where_nobody_looks() {
    assert!(!said(&["list"]).contains('\x1b'));
}

#[test]
fn inputs_with_names_of_options_have_other_flags() {
    let words = ["run", "awkward", "--input_json", "3", "--input-help", "x", "--input_inputs_file", "--no-no-inputs-file"];
    assert_eq!(said(&words), "[\"3\",\"x\",\"true\",\"false\"]\n");
}

#[test]
fn flags_are_given_once_and_with_values() {
    assert!(refused(&["run", "divide", "--a", "7", "--a", "8", "--b", "1"]).starts_with("error: `--a <float>` is given twice\n"));
    assert!(refused(&["run", "divide", "--b", "1", "--a"]).starts_with("error: `--a <float>` needs a value\n"));
    assert!(refused(&["run", "divide", "7"]).starts_with("error: unexpected word `7`\n"));
    assert!(refused(&["run", "divide"]).starts_with("error: missing: `--a <float>`, `--b <float>`\n"));
    let both = refused(&["run", "app.greet", "--shout", "--no-shout"]);
    assert!(both.starts_with("error: `--shout [<bool | none>]` and `--no-shout` contradict each other\n"), "{both}");
    let dash = refused(&["run", "app.greet", "--name", "-x"]);
    assert_eq!(dash, "error: unknown option `-x`\n\nhint: a value that begins with a dash is written with `=`: `--name=-x`\n");
    let dash = refused(&["run", "divide", "--b", "2", "--a", "-inf"]);
    assert!(dash.ends_with("\n\nhint: a value that begins with a dash is written with `=`: `--a=-inf`\n"), "{dash}");
    assert_eq!(said(&["run", "divide", "--b", "2", "--a=-inf"]), "-Infinity\n");
    assert!(refused(&["run", "divide", "-x"]).ends_with("\n\nhint: see `app run divide --help`\n"));
    assert_eq!(said(&["run", "app.greet", "--name=-x"]), "hello -x\n");
}

#[test]
fn words_that_are_not_utf8_are_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let mut command = app(&["run", "app.greet", "--name"]);
    let (code, _, err) = texts(command.arg(std::ffi::OsStr::from_bytes(b"\xff")).output().unwrap());
    assert_eq!((code, err.lines().next().unwrap()), (2, "error: a word of the command line is not UTF-8"));
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let missing = refused(&["run", "split", "--inputs-file", "no/such.json"]);
    assert!(missing.starts_with("error: `--inputs-file`: cannot read `no/such.json`: No such file"), "{missing}");
    let missing = refused(&["run", "schedule", "--start", "now", "--phases", "@no/such"]);
    assert!(missing.starts_with("error: `--phases`: cannot read `no/such`: No such file"), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inputs.json");
    let path = path.to_str().unwrap();
    for (content, expected) in [
        ("{", "not JSON: EOF while parsing an object at line 1 column 1"),
        ("[1]", "expected the inputs by name"),
        (r#"{"total": 1, "total": 2}"#, "not JSON: the key \"total\" occurs twice at line 1 column 20"),
    ] {
        std::fs::write(path, content).unwrap();
        assert_eq!(refused(&["run", "split", "--inputs-file", path]), format!("error: the inputs in `{path}`: {expected}\n"));
    }
}

#[test]
fn values_survive_the_way_out_and_in() {
    let phases = r#"[{"colour":"green","lasts":"1m 30s"}]"#;
    let instants = said_json(&["run", "schedule", "--start", "2024-02-29T00:00:00.000000001Z", "--phases", phases, "--json"]);
    assert_eq!(instants, json!({"o0": ["2024-02-29T00:01:30.000000001Z"]}));
    let start = instants["o0"][0].as_str().unwrap();
    assert_eq!(said_json(&["run", "schedule", "--start", start, "--phases", "[]", "--json"]), json!({"o0": []}));
    let painted = said_json(&["run", "paint", "--colour", "red", "--ink", "AQI=", "--json"]);
    assert_eq!(painted["o1"], "AQI=");
    let again = format!("[{}]", painted["o0"]);
    assert_eq!(said(&["run", "schedule", "--start", "1970-01-01", "--phases", &again]), "[\"1970-01-01T00:00:01.5Z\"]\n");
}

/// What the task of a failure node takes can be tried locally: by its message alone, or whole.
#[test]
fn an_error_is_a_value() {
    let told = json!({"o0": {"message": "boom", "failed_node_id": ""}});
    assert_eq!(said_json(&["run", "clean_up", "--err", "boom", "--json"]), told);
    assert_eq!(said(&["run", "clean_up", "--err", "boom"]), "boom\n");
    assert_eq!(said_json(&["run", "clean_up", "--json"]), json!({"o0": null}));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inputs.json");
    std::fs::write(&path, r#"{"err": {"message": "boom", "failed_node_id": "fn0"}}"#).unwrap();
    let read = said_json(&["run", "clean_up", "--inputs-file", path.to_str().unwrap(), "--json"]);
    assert_eq!(read, json!({"o0": {"message": "boom", "failed_node_id": "fn0"}}));
}

#[test]
fn an_optional_struct_is_checked_like_any() {
    let paint = |like| answer(&["run", "paint", "--colour", "red", "--like", like]);
    assert!(paint(r#"{"colour":"green","lasts":"1m"}"#).1.starts_with("o0: {\"colour\":\"red\",\"lasts\":60.0,\"note\":null}\n"));
    assert!(paint("null").1.starts_with("o0: {\"colour\":\"red\",\"lasts\":1.5,"));
    assert_eq!(paint(r#"{"colour":"green"}"#).2, "error: `--like`: the field `lasts` is missing\n");
    assert_eq!(paint(r#"{"colour":"green","lasts":"soon"}"#).0, 2);
    assert!(paint("{").2.starts_with("error: `--like`: expected `struct Phase` as JSON, found `{` (EOF while parsing"));
}

#[test]
fn a_panic_says_where() {
    let (code, out, err) = answer(&["run", "fail", "--how", "panic"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.starts_with("error[USER:Panic]: the task panicked at tests/src/bin/app.rs:"), "{err}");
    assert!(err.ends_with(": the index is 7\n"), "{err}");
}

#[test]
fn a_panic_in_the_standard_library_says_how_to_see_where() {
    let hint = "hint: that is in Rust's standard library; with RUST_BACKTRACE=1 the message shows where it was called";
    let (code, _, err) = answer(&["run", "fail", "--how", "std"]);
    assert_eq!(code, 1);
    assert!(err.contains("library/core/src/") && err.contains(hint), "{err}");
    let traced = texts(app(&["run", "fail", "--how", "std"]).env("RUST_BACKTRACE", "1").output().unwrap()).2;
    assert!(traced.contains("app::fail") && !traced.contains("hint: "), "{traced}");
}

#[test]
fn a_backtrace_shows_the_task_and_nothing_of_this_library() {
    let traced = |words: &[&str]| texts(app(words).env("RUST_BACKTRACE", "1").output().unwrap()).2;
    for how in ["error", "panic"] {
        let err = traced(&["run", "fail", "--how", how]);
        assert!(err.contains("Stack backtrace:") && err.contains("app::fail"), "{err}");
        assert!(!err.contains("nebulakit::") && !err.contains("__nk_") && !err.contains("lang_start"), "{err}");
        assert!(err.lines().count() < 16, "{err}");
    }
}

#[test]
fn a_task_may_end_without_outputs() {
    let (code, out, err) = answer(&["run", "fail", "--how", "stop"]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", "the task ended without outputs, as it asked to\n"));
}

#[test]
fn a_run_of_a_task_is_recorded_and_the_last_line_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = |words: &[&str]| {
        let mut command = app(words);
        command.current_dir(folder.path()).env_remove("NEBULAKIT_DIR").output().unwrap()
    };
    let run = place(&["run", "split", "--total", "7"]);
    let err = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success() && names_a_run(&err) && err.lines().count() == 1, "{err}");
    let id = err.split(' ').nth(1).unwrap();
    let shown: Value = serde_json::from_slice(&place(&["runs", "show", id, "--json"]).stdout).unwrap();
    assert_eq!((&shown["name"], &shown["nodes"][0]["of"]), (&json!("app.split"), &json!("app.split")), "{shown}");
    assert_eq!(place(&["runs", "outputs", "last"]).stdout, b"quotient: 3\nremainder: 1\n");
    assert_eq!(std::fs::read_to_string(folder.path().join(".nebulakit/.gitignore")).unwrap(), "*\n");
    assert!(place(&["run", "split", "--total", "7", "-q"]).stderr.is_empty());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing lies beside the record");
}

#[test]
fn the_page_of_a_tasks_decks_is_named() {
    let (code, _, err) = answer(&["run", "report", "--rows", "3"]);
    let deck = err.lines().find_map(|line| line.strip_prefix("deck: ")).unwrap();
    assert!(code == 0 && std::fs::read_to_string(deck).unwrap().contains("3 rows"), "{err}");
}

#[test]
fn a_folder_that_has_no_text_is_not_used_by_another_name() {
    let sandbox = tempfile::tempdir().unwrap();
    let folder = sandbox.path().join(OsStr::from_bytes(b"a\xff"));
    let run = app(&["run", "divide", "--a", "1", "--b", "2"]).env("NEBULAKIT_DIR", &folder).output().unwrap();
    let (code, _, err) = texts(run);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("whose path is not UTF-8"), "{err}");
}

#[test]
fn a_signal_stops_the_task_and_a_second_one_ends_it() {
    for (signal, is_stubborn, code) in [("INT", false, 130), ("TERM", false, 143), ("INT", true, 130)] {
        let flag = if is_stubborn { "--stubborn" } else { "--no-stubborn" };
        let mut child = app(&["run", "wait", flag]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut line = || err.next().unwrap().unwrap();
        let send = || assert!(Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap().success());
        assert_eq!(line(), "waiting");
        send();
        let again = if signal == "INT" { "Ctrl-C again" } else { "a second signal" };
        assert_eq!(line(), format!("stopping ({again} ends what runs)"));
        assert_eq!(line(), "asked to stop");
        if is_stubborn {
            send();
            assert_eq!(line(), "ending what runs (once more leaves at once)");
        }
        let run = line();
        assert!(names_a_run(&run) && run.contains(" cancelled after "), "{run}");
        let id = run.split(' ').nth(1).unwrap();
        assert_eq!(line(), format!("error: the run {id} was stopped by SIG{signal}"));
        assert_eq!(
            (line(), line()),
            (String::new(), format!("hint: `app runs show {id}` shows how far it came, and `app runs retry {id}` continues it"))
        );
        assert!(err.next().is_none());
        assert_eq!(child.wait().unwrap().code(), Some(code));
    }
}

#[test]
fn an_interrupt_exits_with_130_whatever_the_task_returns() {
    let mut child = app(&["run", "wait", "--glad"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap()).lines();
    assert_eq!(err.next().unwrap().unwrap(), "waiting");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let rest: Vec<_> = err.map(Result::unwrap).filter(|line| !names_a_run(line)).collect();
    assert_eq!(rest, ["stopping (Ctrl-C again ends what runs)", "asked to stop"]);
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!((child.wait().unwrap().code(), out.as_str()), (Some(130), "done all the same\n"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = app(&["completions", "zsh"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn completions_know_tasks_and_flags() {
    for shell in ["bash", "zsh", "fish"] {
        let script = said(&["completions", shell]);
        for word in ["describe", "schedule", "phases", "no-shout", "amber", "night.greet", "true", "false"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(said(&["completions", "bash"]).as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success());
    let error = refused(&["completions", "tcsh"]);
    assert!(error.starts_with("error: `<SHELL>`: expected one of `bash`, `fish`, `zsh`, found `tcsh`\n"), "{error}");
}

/// A child with a terminal for standard error, and the other end of the terminal.
fn on_a_terminal(command: &mut Command) -> (std::process::Child, std::fs::File) {
    let terminal = nix::pty::openpty(None, None).unwrap();
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::from(terminal.slave)).spawn().unwrap();
    (child, terminal.master.into())
}

/// What came on a terminal until its last user went away, which Linux tells by an error.
fn all_of(mut terminal: std::fs::File) -> String {
    let mut bytes = Vec::new();
    let _ = terminal.read_to_end(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

/// What takes a line away, and what all that is drawn begins with.
const ERASED: &str = "\x1b[2K";
const DRAWN: &str = "\x1b[?7l";

#[test]
fn local_files_need_no_line_of_progress() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "text").unwrap();
    let mut command = app(&["run", "show", "--text", "a.txt"]);
    let (mut child, terminal) = on_a_terminal(command.current_dir(folder.path()));
    drop(command);
    let seen = all_of(terminal);
    assert!(names_a_run(&seen) && seen.lines().count() == 1, "{seen:?}");
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_line_of_progress_makes_way_for_all_else() {
    let server = nebulakit_tests::http::Server::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fixture"));
    quiet(&mut command);
    command.env("FLYTE_AWS_ENDPOINT", server.url("")).env("FLYTE_AWS_ACCESS_KEY_ID", "key").env("FLYTE_AWS_SECRET_ACCESS_KEY", "secret");
    let (mut child, mut terminal) = on_a_terminal(command.args(["run", "fetch", "--file", "s3://bucket/a.bin"]));
    drop(command);
    let mut rest = server.request().begin_answer(4 << 20, &[7; 1 << 20]);
    let mut seen = Vec::new();
    // On a slow machine the first lines tell of less than the bar shows.
    while !String::from_utf8_lossy(&seen).split_once("\n█").is_some_and(|(_, behind)| behind.contains(" of 4096 KiB")) {
        let mut some = [0; 256];
        let count = terminal.read(&mut some).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&seen)));
        seen.extend_from_slice(&some[..count]);
    }
    let mut seen = String::from_utf8(seen).unwrap();
    let drawn = seen.rsplit(ERASED).find(|lines| lines.contains("\n█")).unwrap();
    assert!(drawn.contains("fixture.data.fetch: ") && drawn.contains("\n█") && drawn.contains("KiB in 0 objects of"), "{seen:?}");
    rest.write_all(&[7; 3 << 20]).unwrap();
    seen.push_str(&all_of(terminal));
    let stays: String = seen.split(ERASED).filter(|lines| !lines.contains(DRAWN)).collect();
    let lines: Vec<_> = stays.lines().map(|line| line.trim_matches(['\r', '\u{1b}'])).collect();
    // The task's own words, those of its log, and how it ended.
    assert_eq!(lines.len(), 3, "{seen:?}");
    assert!(lines[0].ends_with("it has come") && lines[1].ends_with("[fixture::data] it has 4194304 bytes"), "{seen:?}");
    assert!(names_a_run(lines[2]), "{seen:?}");
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!((child.wait().unwrap().code(), out.as_str()), (Some(0), "4194304\n"));
}

/// Runs a line of bash in a folder, in which `app` is the binary.
fn in_bash(line: &str, folder: &Path) -> (i32, String, String) {
    let mut shell = Command::new("bash");
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", Path::new(APP).parent().unwrap().display());
    shell.args(["-c", line]).current_dir(folder).env("PATH", path).stdin(Stdio::null());
    quiet(&mut shell);
    texts(shell.output().unwrap())
}

#[test]
fn a_list_is_a_flag_for_each_element() {
    assert_eq!(said(&["run", "join", "--words", "a", "--words", "-", "--words=[x]", "--words", "null"]), "a, -, [x], null\n");
    assert_eq!(said(&["run", "join", "--words", "a"]), "a\n");
    assert_eq!(said(&["run", "join", "--words", r#"["a", "b"]"#, "--separator", "+"]), "a+b\n");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("one.json"), "1").unwrap();
    std::fs::write(folder.path().join("two.txt"), "2").unwrap();
    let line = "echo 3 | app run join --files one.json --files two.txt --files -";
    assert_eq!(in_bash(line, folder.path()), (0, "1, 2, 3\n".to_owned(), String::new()));
    let error = refused(&["run", "join", "--files", "/dev/null", "--files", "no/such"]);
    assert!(error.starts_with("error: `--files[1]`: cannot read `no/such`: No such file"), "{error}");
}

#[test]
fn an_optional_text_can_be_null() {
    let join = |separator| said(&["run", "join", "--words", "a", "--words", "b", "--separator", separator]);
    assert_eq!((join("null").as_str(), join("\"null\"").as_str()), ("a, b\n", "anullb\n"));
}

#[test]
fn pipes_and_standard_input_are_copied() {
    let folder = tempfile::tempdir().unwrap();
    for line in [
        "app run show --text <(echo from a pipe)",
        "echo from a pipe | app run show --text -",
        "echo from a pipe | app run show --text @-",
        "echo from a pipe | app run show --text /dev/stdin",
        "mkfifo named; echo from a pipe > named & app run show --text named",
        "echo '{text: \"-\"}' > inputs.yaml; echo from a pipe | app run show --inputs-file inputs.yaml",
        "echo from a pipe > text; echo '{text: text}' | app run show --inputs-file -",
        "echo from a pipe > text; app run show --inputs-file <(echo '{text: text}')",
    ] {
        assert_eq!(in_bash(line, folder.path()), (0, "from a pipe\n".to_owned(), String::new()), "{line}");
    }
    for line in ["app run split --inputs-file <(echo 'total: 17')", "app run split --inputs-file /dev/stdin <<< '{\"total\": 17}'"] {
        assert_eq!(in_bash(line, folder.path()).1, "quotient: 8\nremainder: 1\n", "{line}");
    }
    let start = "app run schedule --start 2024-02-29 --phases";
    for phases in ["@- <<< '[{colour: red, lasts: 1s}]'", "- <<< '[{colour: red, lasts: 1s}]'", "<(echo '[{colour: red, lasts: 1s}]')"] {
        assert_eq!(in_bash(&format!("{start} {phases}"), folder.path()).1, "[\"2024-02-29T00:00:01Z\"]\n", "{phases}");
    }
}

#[test]
fn what_cannot_be_read_is_named_with_its_flag() {
    let folder = tempfile::tempdir().unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    for (line, expected) in [
        ("app run show --text socket", "`--text`: expected a file or directory, found a socket (`socket`)"),
        ("app run show --text file:///no/such", "`--text`: cannot read `/no/such`: No such file or directory (os error 2)"),
        ("app run show --text /dev/zero", "`--text`: expected a file or directory, found a device (`/dev/zero`)"),
        ("mkfifo silent; app run show --text silent", "`--text`: cannot read `silent`: it is a pipe that nobody writes to"),
        ("app run join --files - --files -", "`--files[1]`: standard input has been read for another input already"),
        ("app run pass --folder <(echo)", "`--folder`: expected a directory, found `/dev/fd/63`, a pipe"),
        ("app run split --inputs-file .", "`--inputs-file`: cannot read `.`: Is a directory (os error 21)"),
    ] {
        assert_eq!(in_bash(line, folder.path()), (2, String::new(), format!("error: {expected}\n")), "{line}");
    }
}

#[test]
fn a_flag_of_yes_or_no_takes_a_word_too() {
    assert_eq!(said(&["run", "app.greet", "--shout", "true"]), "HELLO WORLD\n");
    assert_eq!(said(&["run", "app.greet", "--shout", "false"]), "hello world\n");
    assert_eq!(said(&["run", "app.greet", "--shout=null"]), "hello world\n");
    let other = refused(&["run", "app.greet", "--shout", "loud"]);
    assert!(other.starts_with("error: `--shout [<bool | none>]`: expected one of `true`, `false`, `null`, found `loud`\n"), "{other}");
}

#[test]
fn help_is_found_where_it_is_looked_for() {
    assert_eq!(said(&["help"]), said(&["--help"]));
    assert_eq!(said(&["help", "list"]), said(&["list", "--help"]));
    for words in [["help", "run", "divide"], ["run", "help", "divide"]] {
        assert_eq!(said(&words), said(&["run", "divide", "--help"]));
    }
    assert!(refused(&["run", "list"]).ends_with("\n\nhint: `list` is a command of its own: `app list`\n"));
    assert!(refused(&["divide", "--a", "1"]).ends_with("\n\nhint: `divide` is a task: `app run divide`\n"));
    assert!(refused(&["execute"]).contains("\n\nusage: app execute "));
}

#[test]
fn usage_names_the_binary_as_it_was_called() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(APP, folder.path().join("greeter")).unwrap();
    let run = |line: &str| in_bash(&format!("./greeter {line}"), folder.path());
    assert!(run("--help").1.contains("Usage: greeter <COMMAND>"));
    assert!(run("execute --help").1.starts_with("usage: greeter execute "));
    assert!(run("describe divide --json").1.contains("\"command\": [\n        \"app\"\n      ]"));
}

#[test]
fn a_directory_that_is_shown_is_there() {
    let run = answer;
    let (code, out, err) = run(&["run", "empty"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(Path::new(out.trim_end()).is_dir(), "{out}");
    let (_, out, _) = run(&["run", "empty", "--json"]);
    let shown: Value = serde_json::from_str(&out).unwrap();
    assert!(Path::new(shown["o0"].as_str().unwrap()).is_dir(), "{out}");
}

#[test]
fn a_copy_of_an_input_is_kept_with_the_record() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(in_bash("echo text | app run show --text - --dir $PWD/own", folder.path()), (0, "text\n".to_owned(), String::new()));
    let (_, given, _) = in_bash("app runs inputs last --dir $PWD/own", folder.path());
    assert_eq!(std::fs::read_to_string(given.trim_end()).unwrap(), "text\n", "{given}");
}

#[test]
fn the_hint_for_a_declared_secret_is_its_variable() {
    let (code, _, err) = answer(&["run", "secret"]);
    assert_eq!(code, 1);
    assert!(err.ends_with("\n  hint: set the variable `DB_PASSWORD` to its value\n"), "{err}");
    let found = texts(app(&["run", "secret"]).env("DB_PASSWORD", "hunter2").output().unwrap());
    assert_eq!(found, (0, "7\n".to_owned(), String::new()));
    assert!(answer(&["run", "secret", "--key", "other"]).2.contains("\n  hint: ask for it with #[task(secrets("));
}

#[test]
fn a_field_is_told_as_an_input_is() {
    let schedule = |phases| refused(&["run", "schedule", "--start", "now", "--phases", phases]);
    let wrong = schedule(r#"[{"colour":"gren","lasts":1}]"#);
    assert_eq!(wrong, "error: `--phases[0].colour`: expected one of `red`, `amber`, `green`, found `gren`\n");
    let wrong = schedule(r#"[{"colour":"red","lasts":1,"note":5}]"#);
    assert_eq!(wrong, "error: `--phases[0].note`: expected a string, found 5\n");
}

#[test]
fn a_union_that_fits_no_variant_lists_all_of_them() {
    let reasons = "(as `struct Sgd`: the struct `Sgd` has no field `beta1`; it has `rate`; as `struct Adam`: the field `rate` is missing)";
    let train = |training, others: &[&str]| answer(&[&["run", "train", "--training", training], others].concat());
    let right = r#"{"optimizer":{"rate":0.1,"beta1":0.9}}"#;
    assert_eq!(train(right, &[]).1, "adam 0.1 0.9, 10 epochs\n");
    let wrong = train(r#"{"optimizer":{"beta1":0.9}}"#, &[]);
    assert_eq!((wrong.0, wrong.2), (2, format!("error: `--training.optimizer`: the value fits no variant of the union {reasons}\n")));
    let wrong = train(right, &["--instead", r#"{"beta1":0.9}"#]);
    let found = r#"expected `struct Sgd | struct Adam | none`, found `{"beta1":0.9}`"#;
    assert_eq!((wrong.0, wrong.2), (2, format!("error: `--instead`: {found} {reasons}\n")));
}

#[test]
fn a_variant_may_be_written_as_serde_does() {
    let train = |training, instead| answer(&["run", "train", "--training", training, "--instead", instead]);
    let tagged = r#"{"optimizer":{"Adam":{"rate":0.1,"beta1":0.9}},"epochs":3}"#;
    assert_eq!(train(tagged, "null").1, "adam 0.1 0.9, 3 epochs\n");
    assert_eq!(train(tagged, r#"{"Sgd":{"rate":0.5}}"#).1, "sgd 0.5, 3 epochs\n");
    assert_eq!(train(r#"{"optimizer":{"Adam":{}}}"#, "null").2, "error: `--training.optimizer.Adam`: the field `rate` is missing\n");
}

#[test]
fn what_a_task_prints_is_not_mixed_with_its_outputs() {
    for (options, expected) in [(&[][..], "NaN\n"), (&["--json"], "{\"o0\":\"NaN\"}\n")] {
        let (code, out, err) = answer(&[&["run", "report", "--rows", "3"], options].concat());
        assert_eq!((code, out.as_str()), (0, expected));
        assert!(err.starts_with("3 rows\n"), "{err}");
    }
}

#[test]
fn help_shows_the_structs_and_enums_of_a_signature() {
    let types = "\
Types:
  struct Phase  How long a light is on.
    colour  enum(red, amber, green)  What is lit.
    lasts   timedelta
    note    str | none = none

  enum Colour  The colours of a traffic light.
    red    Stop.
    amber
    green
";
    assert!(said(&["run", "schedule", "--help"]).contains(types), "{}", said(&["run", "schedule", "--help"]));
    assert!(said(&["describe", "schedule"]).contains(&types.replace("Types:", "Types")));
    assert!(said(&["describe", "paint"]).contains("Types\n  enum Colour  The colours of a traffic light.\n"));
    let union = "  union Key  A number or a text.\n    Number  int\n    Text    str\n";
    assert!(said(&["describe", "kind"]).contains(union), "{}", said(&["describe", "kind"]));
}

#[test]
fn bash_completes_every_task() {
    let folder = tempfile::tempdir().unwrap();
    let completed = |words: &str| {
        let script = format!(
            "source <(app completions bash); COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _app app \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        in_bash(&script, folder.path()).1
    };
    let tasks = completed("app run ''");
    for task in ["awkward", "clean_up", "night.greet", "app.greet", "wait"] {
        assert!(tasks.lines().any(|line| line == task), "no {task} in {tasks}");
    }
    assert!(completed("app describe ''").contains("night.greet"));
    for command in ["describe", "graph"] {
        let workflows = completed(&format!("app {command} ''"));
        assert!(["shares", "nightly_shares"].iter().all(|name| workflows.lines().any(|line| line == *name)), "{command}: {workflows}");
    }
    assert!(!completed("app graph ''").contains("night.greet"), "a task has no graph");
    assert!(completed("app run night.greet ''").contains("--json"));
    let words = completed("app run app.greet --shout ''");
    assert!(words.contains("true") && words.contains("false"), "{words}");
}

#[cfg(feature = "schema")]
mod tables {
    use super::*;

    fn fixture(line: &str, folder: &Path) -> (i32, String, String) {
        in_bash(&format!("fixture {line}"), folder)
    }

    const PEOPLE: &str = "name,age,born\nAda,36,1815-12-10T00:00:00Z\n,,\nGrace,85,1906-12-09T00:00:00Z\n";

    #[test]
    fn a_table_is_a_path_and_comes_back_with_its_first_rows() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("people.csv"), PEOPLE).unwrap();
        let (code, out, err) = fixture("run tables.people --v people.csv", folder.path());
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        let (path, head) = out.split_once('\n').unwrap();
        assert!(Path::new(path).is_file() && path.ends_with(".parquet"), "{path}");
        let expected =
            "  name   age  born\n  Ada    36   1815-12-10T00:00:00Z\n  Grace  85   1906-12-09T00:00:00Z\n  (2 rows, 3 columns)\n";
        assert_eq!(head, expected);
        // In a struct, a table is its path too.
        let sample = format!(r#"{{"table":"people.csv","legacy":"{path}","by_name":{{"k":["people.csv"]}}}}"#);
        let words =
            format!("run tables.nested --sample '{sample}' --either people.csv --many people.csv --many people.csv --named '{{}}' --json");
        let (code, nested, err) = fixture(&words, folder.path());
        assert_eq!((code, err.as_str()), (0, ""));
        let nested: Value = serde_json::from_str(&nested).unwrap();
        assert!(nested["samples"][0]["table"]["uri"].as_str().unwrap().ends_with("/people.csv"), "{nested}");
        for table in [&nested["either"], &nested["many"][1]] {
            assert!(table.as_str().unwrap().ends_with(".parquet"), "{nested}");
        }
        // What came out goes in again: the file, and the directory that it is in.
        for table in [path, Path::new(path).parent().unwrap().to_str().unwrap()] {
            let (code, out, err) = fixture(&format!("run tables.people --v {table} --json"), folder.path());
            assert_eq!((code, err.as_str()), (0, ""));
            let shown: Value = serde_json::from_str(&out).unwrap();
            assert!(shown["o0"].as_str().unwrap().ends_with(".parquet"), "{out}");
        }
    }

    #[test]
    fn formats_are_known_by_their_bytes() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("people.csv"), PEOPLE).unwrap();
        for format in ["parquet", "csv", "arrow"] {
            let (code, out, err) = fixture(&format!("run tables.copy --v people.csv --format {format} --json"), folder.path());
            assert_eq!((code, err.as_str()), (0, ""));
            let shown: Value = serde_json::from_str(&out).unwrap();
            let path = shown["o0"].as_str().unwrap().to_owned();
            assert!(path.ends_with(&format!(".{format}")), "{path}");
            for line in
                [format!("cp {path} bare"), format!("mkdir -p parts/year=2026 && rm -f parts/*/* && cp {path} parts/year=2026/part")]
            {
                assert_eq!(in_bash(&line, folder.path()).0, 0);
            }
            for input in ["bare", "parts", "- < bare", "<(cat bare)"] {
                let (code, out, err) = fixture(&format!("run tables.in_two_seconds --v {input}"), folder.path());
                assert_eq!((code, out.as_str(), err.as_str()), (0, "3\n", ""), "{format} from {input}");
            }
        }
        std::fs::write(folder.path().join("noise"), [0, 1, 2, 0xff]).unwrap();
        std::fs::create_dir(folder.path().join("nothing")).unwrap();
        let (code, _, err) = fixture("run tables.in_two_seconds --v noise", folder.path());
        assert_eq!(code, 2);
        assert!(err.starts_with("error: `--v`: expected a table as Parquet, Arrow IPC or CSV, found `"), "{err}");
        let (code, _, err) = fixture("run tables.in_two_seconds --v nothing", folder.path());
        assert_eq!((code, err.as_str()), (2, "error: `--v`: expected a table, found the directory `nothing` without data\n"));
    }

    #[test]
    fn help_shows_the_columns_of_a_typed_table() {
        let folder = tempfile::tempdir().unwrap();
        let help = fixture("run tables.people --help", folder.path()).1;
        assert!(help.contains("  columns of v\n    name  str\n    age   int\n    born  datetime\n"), "{help}");
    }
}
