//! Standard error, and standard output where it is a terminal.

use std::os::unix::process::CommandExt as _;

use super::{APP, FIXTURE, HOSTILE, ORDINARY, assert_shown_tame, assert_tame, command, on_terminals, piped};

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// The command lines that are refused or fail, with the hostile text in each place.
fn refused() -> Vec<(&'static str, Vec<String>)> {
    let x = HOSTILE;
    let object = format!("{{{}: 1}}", quoted(x));
    let (string, wrong) = (quoted(x), format!("{{{}: []}}", quoted(x)));
    let lines: Vec<(&'static str, Vec<&str>)> = vec![
        (APP, vec![x]),
        (APP, vec!["run", x]),
        (APP, vec!["describe", x]),
        (APP, vec!["list", x]),
        (APP, vec!["list", "--X"]),
        (APP, vec!["completions", x]),
        (APP, vec!["help", x]),
        (APP, vec!["run", "divide", "--X"]),
        (APP, vec!["run", "divide", "--X=1"]),
        (APP, vec!["run", "divide", "--a", "1", x]),
        (APP, vec!["run", "divide", "--a", x, "--b", "1"]),
        (APP, vec!["run", "app.greet", "--shout=X"]),
        (APP, vec!["run", "app.greet", "--name", "-X"]),
        (APP, vec!["run", "paint", "--colour", x]),
        (APP, vec!["run", "paint", "--colour", "red", "--ink", x]),
        (APP, vec!["run", "train", "--training", x]),
        (APP, vec!["run", "train", "--training", &object]),
        (APP, vec!["run", "train", "--training", &string]),
        (APP, vec!["run", "schedule", "--start", x, "--phases", "[]"]),
        (APP, vec!["run", "schedule", "--start", "now", "--phases", "[]", "--pause", x]),
        (APP, vec!["run", "kind", "--key", "1", "--weights", &wrong]),
        (APP, vec!["run", "split", "--total", "1", "--parts", x]),
        (APP, vec!["run", "show", "--text", x]),
        (APP, vec!["run", "show", "--text", "s3x://X"]),
        (APP, vec!["run", "pass", "--folder", x]),
        (APP, vec!["run", "join", "--files", x]),
        (APP, vec!["run", "show", "--inputs-file", x]),
        (APP, vec!["run", "secret", "--key", x]),
        (APP, vec!["run", "fail", "--how", x]),
        (APP, vec!["execute", x]),
        (APP, vec!["execute", "--X"]),
        (APP, vec!["execute", "--", x]),
        (APP, vec!["map-execute", "--inputs", "i", "--output-prefix", "o", "--X=1"]),
        (APP, vec!["execute", "--task-name", x, "--inputs", "/dev/null", "--output-prefix", "/dev/null/o"]),
        (FIXTURE, vec!["run", "panics", "--message", x]),
        (FIXTURE, vec!["run", "panics_between_polls", "--message", x]),
        (FIXTURE, vec!["run", "fails", "--message", x]),
        (FIXTURE, vec!["run", "fails_async", "--message", x]),
        (FIXTURE, vec!["run", "fails_with_code", "--code", x]),
    ];
    lines.into_iter().map(|(program, words)| (program, words.iter().map(|word| word.replacen('X', x, 1)).collect())).collect()
}

#[test]
fn what_is_refused_or_fails_is_shown_as_text() {
    for (program, words) in refused() {
        let words = || words.iter().map(String::as_str);
        let by = words().collect::<Vec<_>>().join(" ");
        let (code, out, err) = on_terminals(command(program, words()));
        assert!((1..=2).contains(&code), "{by}: {code}");
        assert_eq!(out, "", "{by}");
        assert_shown_tame(&err, &by);
        let is_ours = ["error", "run 2", "warning: the task", "{\"asctime\""].iter().any(|start| err.starts_with(start));
        assert!(is_ours, "{by}: {err}");
        // Logs and files are looked at later.
        assert_shown_tame(&piped(command(program, words())).2, &by);
    }
}

#[test]
fn keys_of_documents_are_shown_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let document = format!("{{{}: 1}}", quoted(HOSTILE));
    for (name, text) in [("a.json", document.clone()), ("a.yaml", document), ("b.yaml", format!("{}: [", quoted(HOSTILE)))] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        for words in [["run", "divide", "--inputs-file", path.to_str().unwrap()], ["run", "train", "--training", path.to_str().unwrap()]] {
            let (code, _, err) = on_terminals(command(APP, words));
            assert_eq!(code, 2, "{words:?}: {err}");
            assert_tame(&err, name);
        }
    }
}

#[test]
fn the_name_of_the_binary_is_shown_as_text() {
    let name = HOSTILE.replace('/', "");
    for words in [&["run", "divide", "--help"][..], &["--help"], &["--version"], &["execute", "--help"], &["execute", "--no"], &["run"]] {
        let mut named = command(APP, words.iter().copied());
        named.arg0(&name);
        let (_, out, err) = on_terminals(named);
        assert_tame(&format!("{out}{err}"), &words.join(" "));
    }
}

/// What a shell would run when it reads the script is not put into one.
#[test]
fn completions_are_made_for_names_that_shells_take_as_words() {
    for name in ["a$(touch made)", "a b", "a;b", "a'b", "ä", "a\nb"] {
        let mut named = command(APP, ["completions", "bash"]);
        named.arg0(name);
        let (code, out, err) = piped(named);
        assert_eq!((code, out.as_str()), (1, ""), "{name}");
        let first = name.chars().next().unwrap();
        assert!(err.starts_with(&format!("error: cannot make completions for a binary called `{first}")), "{err}");
    }
    let mut named = command(APP, ["completions", "bash"]);
    named.arg0("my_tool-2.x+y");
    assert_eq!(piped(named).0, 0);
}

#[test]
fn words_that_are_not_utf8_are_refused_as_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let bytes = [b"\x1b[31m\xff\n", HOSTILE.as_bytes()].concat();
    for words in [&["run", "app.greet", "--name"][..], &["run"], &[], &["execute"], &["execute", "--inputs"], &["describe"]] {
        let mut odd = command(APP, words.iter().copied());
        odd.arg(std::ffi::OsStr::from_bytes(&bytes));
        let (code, _, err) = on_terminals(odd);
        assert_eq!(code, 2, "{words:?}");
        assert_tame(&err, &words.join(" "));
    }
}

#[test]
fn outputs_are_exact_for_programs_and_tame_on_terminals() {
    let greet = || command(APP, ["run", "app.greet", "-q", "--name", HOSTILE]);
    assert_eq!(piped(greet()), (0, format!("hello {HOSTILE}\n"), String::new()));
    let (code, out, _) = on_terminals(greet());
    assert_eq!(code, 0);
    assert!(out.contains("é\\u001b]0;title\\u0007\\u001b[31m\\u0008\\u007f\\u0085\\u009b2J\\u061c\\u200e"), "{out}");
    assert!(out.contains("\\u2028forged\\u2029forged\\rforged\r\nhint: forged"), "a text has its own lines: {out}");
    assert!(out.starts_with(&format!("hello {ORDINARY}\\u001b")) && out.ends_with("\tx\r\n"), "{out}");

    let twice = || command(FIXTURE, ["run", "says_twice", "-q", "--text", HOSTILE]);
    assert_eq!(piped(twice()), (0, format!("o0: {HOSTILE}\no1: {HOSTILE}\n"), String::new()));
    let (_, out, _) = on_terminals(twice());
    assert_shown_tame(&out, "says_twice");
    assert_eq!(out.lines().filter(|line| !line.starts_with("  ")).count(), 2, "an output's line begins with its name: {out}");
}

#[test]
fn json_is_the_same_on_terminals_and_tame() {
    let words = ["run", "says_twice", "--text", HOSTILE, "--json"];
    let piped = piped(command(FIXTURE, words)).1;
    let (code, out, _) = on_terminals(command(FIXTURE, words));
    assert_eq!(code, 0);
    assert_shown_tame(&out, "--json");
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(read(&out)["o0"], HOSTILE);
    assert_eq!(read(&out), read(&piped));
}

#[test]
fn descriptions_are_tame_on_terminals() {
    for words in [&["list"][..], &["list", "--json"], &["describe", "badly_described"], &["describe", "badly_described", "--json"]] {
        let (code, out, err) = on_terminals(command(FIXTURE, words.iter().copied()));
        assert_eq!((code, err.as_str()), (0, ""), "{words:?}");
        // The dimmed descriptions are ours.
        assert_tame(&out.replace("\x1b[2m", "").replace("\x1b[0m", ""), &words.join(" "));
        assert!(out.contains("\\u001b]0;described"), "{out}");
    }
    let (code, out, _) = on_terminals(command(FIXTURE, ["run", "badly_described", "--help"]));
    assert_eq!(code, 0);
    assert_tame(&out, "--help");
    assert!(out.contains("nobody"), "{out}");
}

/// Shells show them on terminals.
#[test]
fn descriptions_in_completions_are_tame() {
    for shell in ["bash", "fish", "zsh"] {
        let (code, script, _) = piped(command(FIXTURE, ["completions", shell]));
        assert_eq!(code, 0);
        assert!(script.contains("badly_described"), "{shell}");
        assert_tame(&script, shell);
    }
}

#[test]
fn colours_of_ours_stay() {
    assert!(on_terminals(command(APP, ["list"])).1.contains("\x1b[2mDivides `a` by `b`.\x1b[0m"));
}

#[test]
fn what_a_task_prints_is_its_own() {
    let red = "\u{1b}[31mred\u{1b}[0m \u{9b}2J\r\n";
    for quiet in [&[][..], &["-q"]] {
        let words = [&["run", "prints", "--text", "\u{1b}[31mred\u{1b}[0m \u{9b}2J\n"], quiet].concat();
        let (code, out, err) = on_terminals(command(FIXTURE, words));
        assert_eq!((code, out.as_str(), err.matches(red).count()), (0, "", 2), "{err:?}");
    }
}

/// Rust's own message for it, but where that holds more than text.
#[test]
fn panics_of_other_threads_are_shown_as_text() {
    let panicking = |message: &str| on_terminals(command(FIXTURE, ["run", "panics_in_a_thread", "--message", message]));
    let (code, out, err) = panicking(HOSTILE);
    assert_eq!((code, out.as_str()), (0, "true\r\n"), "{err}");
    assert_shown_tame(&err, "panics_in_a_thread");
    assert!(err.contains("thread 'worker' panicked at tests/src/bin/fixture/hostile.rs:"), "{err}");
    let mut traced = command(FIXTURE, ["run", "panics_in_a_thread", "--message", HOSTILE]);
    let traced = super::quiet(&mut traced).env("RUST_BACKTRACE", "1").output().unwrap();
    let traced = String::from_utf8(traced.stderr).unwrap();
    assert_shown_tame(&traced, "RUST_BACKTRACE=1");
    assert!(traced.contains("stack backtrace:\n") && traced.contains("panics_in_a_thread"), "{traced}");
    for plain in ["it is over", "left is not right\n  left: 1\n right: 2"] {
        let err = panicking(plain).2.replace("\r\n", "\n");
        assert!(err.contains(&format!(":\n{plain}\nnote: run with `RUST_BACKTRACE=1`")), "{err}");
    }
}

#[test]
fn the_place_of_a_deck_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = command(FIXTURE, ["run", "shows_a_deck"]);
    super::quiet(&mut run).env("NEBULAKIT_DIR", folder.path().join("a\u{1b}[31m\nhint: forged"));
    let output = run.output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_tame(&err, "deck");
    assert_eq!(err.lines().count(), 2, "{err}");
    assert!(err.contains("\ndeck: ") && err.contains("a\\u001b[31m\\nhint: forged"), "{err}");
}

#[cfg(feature = "schema")]
#[test]
fn the_first_rows_of_a_table_are_one_line_each() {
    let folder = tempfile::tempdir().unwrap();
    let cell = "a\u{1b}[2J\tb\nhint: forged\u{202e}\u{2028}é";
    let csv = format!("\"na\u{1b}]0;t\u{7}me\nhint: forged\",age\n\"{cell}\",3\n");
    std::fs::write(folder.path().join("people.csv"), csv).unwrap();
    let mut run = command(FIXTURE, ["run", "tables.copy", "-q", "--v", "people.csv", "--format", "csv"]);
    run.current_dir(folder.path());
    let (code, out, err) = on_terminals(run);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_tame(&out, "tables.copy");
    assert_eq!(out.lines().count(), 4, "{out}");
    assert!(out.contains("  (1 row, 2 columns)"), "{out}");
}
