//! 56 task runs recorded from flytekit's own entry point, repeated with ours: the same files, exit code, error fields and outputs.
//!
//! `golden/flytekit-execute.jsonl` holds the runs. [`EXPECTATIONS`] names every case that has no counterpart or where Nebulakit
//! deliberately differs, with the reason; all others have to agree.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use nebulakit_tests::literals::{int, list, map_from_json};
use nebulakit_tests::{Ended, Launch, NON_RECOVERABLE, RECOVERABLE, SYSTEM, USER};
use nebulakit_types::wire::flyteidl::core::{LiteralMap, literal};
use prost::Message as _;
use serde_json::Value;

const CASES: &str = include_str!("golden/flytekit-execute.jsonl");

/// How a case is judged when it is not to agree with flytekit in everything.
enum Expectation {
    /// No Rust task can do this, or what it is about is not there yet.
    NoCounterpart(&'static str),
    /// Ours ends otherwise, and why; the check is of our own ending.
    Differs(&'static str, fn(&Ended)),
}
use Expectation::{Differs, NoCounterpart};

/// Cases that flytekit and Nebulakit do not share.
const EXPECTATIONS: &[(&str, Expectation)] = &[
    ("raise_coded_bad", NoCounterpart("a code of the wrong type does not compile")),
    ("kbd", NoCounterpart("KeyboardInterrupt is Python's; the signals have tests of their own")),
    ("dyn_with_serialized_context", NoCounterpart("dynamic tasks come later")),
    ("map_legacy_idx1", NoCounterpart("only plugins of old platforms call the legacy resolver, which adds the index to the output prefix")),
    (
        "outfile",
        Differs("the folder of a file has a random name", |ended| {
            let files = ended.files("raw");
            let [file] = files.as_slice() else { panic!("{files:?}") };
            let folder = file.strip_suffix("/o.txt").unwrap();
            assert!(folder.len() == 32 && folder.chars().all(|digit| digit.is_ascii_hexdigit()), "{file}");
            assert_eq!(ended.output(), nebulakit_tests::literals::file(ended.path().join("raw").join(file).to_str().unwrap()));
        }),
    ),
    (
        "float_for_int",
        Differs("a fraction for an integer is an error, never cut off", |ended| {
            let error = ended.error();
            assert_eq!((error.code.as_str(), error.kind, error.origin), ("SYSTEM", NON_RECOVERABLE, SYSTEM));
            assert!(error.message.contains("`a`") && error.message.contains("2.7"), "{}", error.message);
        }),
    ),
    (
        "no_resolver_args",
        Differs("no task is named: a wrong command line ends with 2, as all of them do", |ended| {
            assert_eq!((ended.code(), ended.files("out")), (Some(2), vec![]));
            assert!(ended.stderr().contains("--task-name"), "{}", ended.stderr());
        }),
    ),
    ("cp_prev_missing", Differs("no checkpoint of a former attempt is none, not an error", |ended| assert_eq!(ended.output(), int(-1)))),
    ("opt_union_wrongtag", Differs("a union value of another sender's tag is matched by its structure", is_optional_five)),
    ("opt_union_nostructure", Differs("a union value without a tag is matched by its structure", is_optional_five)),
];

fn is_optional_five(ended: &Ended) {
    let five = CASES.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).find(|case| case["name"] == "opt_bare_int").unwrap();
    assert_eq!(ended.outputs(), recorded(&five, ended.path()));
}

#[test]
fn every_run_of_flytekit_ends_the_same_or_as_explained() {
    let mut expectations: BTreeMap<_, _> = EXPECTATIONS.iter().map(|(name, expectation)| (*name, expectation)).collect();
    let (mut agreed, mut differed, mut failed) = (0, 0, Vec::new());
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let name = case["name"].as_str().unwrap();
        let expectation = expectations.remove(name);
        if let Some(NoCounterpart(reason)) = expectation {
            println!("{name} has no counterpart: {reason}");
            continue;
        }
        let judged = std::panic::catch_unwind(|| {
            let ended = run(&case);
            match expectation {
                Some(Differs(reason, check)) => {
                    println!("{name} differs: {reason}");
                    check(&ended);
                }
                _ => agrees(&case, &ended),
            }
        });
        match (judged, expectation) {
            (Ok(()), None) => agreed += 1,
            (Ok(()), Some(_)) => differed += 1,
            (Err(_), _) => failed.push(name.to_owned()),
        }
    }
    assert_eq!(failed, Vec::<String>::new(), "these cases failed; {agreed} agreed, {differed} differ as explained");
    assert_eq!((agreed, differed), (46, 6));
    assert!(expectations.is_empty(), "no case is called {:?}", expectations.keys());
}

/// Runs the case with the command line that flytekit got, but for the first word; a map's words are Python's own and are put into ours.
fn run(case: &Value) -> Ended {
    let launch = Launch::new(env!("CARGO_BIN_EXE_fixture"), "");
    let folder = launch.path().to_str().unwrap().to_owned();
    let rewritten = |word: &str| word.replace("$D/op", "$D/out").replace("$D", &folder).replace("/data/ex", &folder);
    let inputs = match &case["inputs"] {
        Value::Null => None,
        // Bytes that are not inputs.
        Value::String(hex) => Some(from_hex(hex)),
        json => Some(map_from_json(&serde_json::from_str(&rewritten(&json.to_string())).unwrap()).encode_to_vec()),
    };
    match inputs {
        Some(bytes) => std::fs::write(launch.path().join("in/inputs.pb"), bytes).unwrap(),
        None => std::fs::remove_file(launch.path().join("in/inputs.pb")).unwrap(),
    }
    std::fs::create_dir(launch.path().join("offin")).unwrap();
    std::fs::write(launch.path().join("offin/x.pb"), list([int(5), int(6)]).encode_to_vec()).unwrap();

    let mut words: Vec<String> = case["argv"].as_array().unwrap().iter().map(|word| rewritten(word.as_str().unwrap())).collect();
    let mut launch = launch;
    for (name, value) in case["extra_env"].as_object().unwrap() {
        launch = launch.env(name, value.as_str().unwrap());
    }
    if words[0] == "pyflyte-map-execute" {
        let loader = words.iter().position(|word| word == "--").unwrap();
        // vars V resolver R task-module M task-name T
        let tail: Vec<String> = words.drain(loader..).collect();
        words.extend(["--bound".to_owned(), tail[2].clone(), "--".to_owned()]);
        words.extend_from_slice(&tail[5..]);
        words[0] = "map-execute".to_owned();
    } else {
        words[0] = "execute".to_owned();
    }
    match case["signal"].as_i64() {
        None => launch.run_words(words),
        Some(signal) => with_signal(launch, words, signal),
    }
}

/// Sends a signal that does not end the task while it is in its body, which ends when the test closes the gate.
fn with_signal(launch: Launch, words: Vec<String>, signal: i64) -> Ended {
    let gate = launch.path().join("gate");
    assert!(std::process::Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let started = launch.start_words(words);
    // Opening the pipe for writing waits until the task has it open for reading, which it does in its body.
    let pipe = std::fs::OpenOptions::new().write(true).open(&gate).unwrap();
    started.signal(&signal.to_string());
    drop(pipe);
    started.wait()
}

fn agrees(case: &Value, ended: &Ended) {
    let name = case["name"].as_str().unwrap();
    assert_eq!(ended.code(), case["exit_code"].as_i64().map(|code| i32::try_from(code).unwrap()), "{name}: exit code; {}", ended.stderr());
    let files: Vec<String> = case["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap().replacen("op/", "", 1)).collect();
    assert_eq!(ended.files("out"), files, "{name}: files");
    if let Some(expected) = case.get("error") {
        let error = ended.document("out/error.pb");
        let kind = if expected["kind"] == "RECOVERABLE" { RECOVERABLE } else { NON_RECOVERABLE };
        let origin = if expected["origin"] == "SYSTEM" { SYSTEM } else { USER };
        let message = error.message.clone();
        assert!(error.timestamp.is_some() && !message.is_empty(), "{name}: {error:?}");
        assert_eq!(
            (error.code.as_str(), error.kind, error.origin),
            (expected["code"].as_str().unwrap(), kind, origin),
            "{name}: {message}"
        );
    }
    if case.get("outputs_hex").is_some() {
        let outputs = LiteralMap::decode(&*ended.read("out/outputs.pb")).unwrap();
        assert_eq!(outputs, recorded(case, ended.path()), "{name}: outputs");
    } else if let Some(summary) = case.get("outputs").and_then(Value::as_str) {
        let size: usize = summary.trim_start_matches('<').split(' ').next().unwrap().parse().unwrap();
        assert_eq!(ended.read("out/outputs.pb").len(), size, "{name}: size of the outputs");
    }
    for file in files.iter().filter(|file| file.ends_with("_offloaded_metadata.pb")) {
        let outputs = LiteralMap::decode(&*ended.read("out/outputs.pb")).unwrap();
        let Some(literal::Value::OffloadedMetadata(metadata)) = &outputs.literals["o0"].value else { panic!("{name}: not offloaded") };
        assert_eq!(ended.read(&format!("out/{file}")).len() as u64, metadata.size_bytes, "{name}: size of the offloaded literal");
    }
}

/// The outputs that flytekit stored, with its folder replaced by that of our run.
fn recorded(case: &Value, folder: &Path) -> LiteralMap {
    let mut outputs = LiteralMap::decode(&*from_hex(case["outputs_hex"].as_str().unwrap())).unwrap();
    let theirs = format!("/data/ex/out/{}/op/", case["name"].as_str().unwrap());
    for literal in outputs.literals.values_mut() {
        if let Some(literal::Value::OffloadedMetadata(metadata)) = &mut literal.value {
            metadata.uri = metadata.uri.replace(&theirs, &format!("{}/out/", folder.display()));
        }
    }
    outputs
}

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
