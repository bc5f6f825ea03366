//! Leaf tasks on Flyte 2: what its backend handed to containers, and what it made of their ends.
//!
//! `golden/flyte2-cluster.jsonl` was recorded from a running backend.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nebulakit_tests::literals::{binary, file, int, map, text};
use nebulakit_tests::{Ended, Launch, NON_RECOVERABLE, RECOVERABLE, USER};
use nebulakit_types::wire::flyteidl::core::{KeyValuePair, LiteralMap, literal, scalar};
use prost::Message as _;
use serde_json::Value;

const CASES: &str = include_str!("golden/flyte2-cluster.jsonl");

/// The recorded containers and the tasks that do what their programs did; one whose program no task can be has none, for a reason.
const CONTAINERS: &[(&str, Result<&str, &str>)] = &[
    ("int and string", Ok("int_and_string")),
    ("no inputs, no outputs", Ok("cluster.nothing")),
    ("context, run envs, template env, label", Ok("increment")),
    ("every template", Ok("every_template")),
    ("collections, floats, times", Ok("cluster.collections")),
    ("start time set by the client, old runtime version", Ok("same")),
    ("default input filled", Err("its one output is declared to be nothing: such a task of ours has no outputs")),
    ("outputs out of order", Ok("unordered")),
];

fn launch(task: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_fixture"), task)
}

fn cases(kind: &str) -> impl Iterator<Item = Value> {
    CASES.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter(move |case| case["kind"] == kind)
}

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn containers_of_the_backend_end_as_recorded() {
    assert_eq!(cases("container").count(), CONTAINERS.len());
    for case in cases("container") {
        let name = case["case"].as_str().unwrap();
        let (_, task) = CONTAINERS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no task for the container `{name}`"));
        let task = match task {
            Ok(task) => task,
            Err(reason) => {
                println!("{name}: {reason}");
                continue;
            }
        };
        let ended = run(&case, task);
        let expected = from_hex(case["outputs_pb"].as_str().unwrap());
        let (ours, theirs) = (ended.outputs(), LiteralMap::decode(&*expected).unwrap());
        assert_eq!(ours, theirs, "{name}");
        // The order of outputs is theirs to the byte where it is ours to decide; maps inside may differ.
        if name != "collections, floats, times" {
            assert_eq!(ended.read("out/outputs.pb"), expected, "{name}");
        }
    }
}

/// `Inputs` of Flyte 2 have in their field 2 what `LiteralMap`s have not.
#[test]
fn the_custom_context_reaches_the_task() {
    let inputs = |pairs: &[(&str, &str)]| {
        let pair = |(key, value): &(&str, &str)| KeyValuePair { key: (*key).to_owned(), value: (*value).to_owned() }.encode_to_vec();
        pairs
            .iter()
            .flat_map(|entry| [vec![2 << 3 | 2, u8::try_from(pair(entry).len()).unwrap()], pair(entry)].concat())
            .collect::<Vec<_>>()
    };
    let ended = launch("cluster.context").on_flyte_2().inputs_pb(&inputs(&[("tenant", "ä"), ("trace", "1"), ("trace", "2")])).run();
    assert_eq!(ended.output(), map([("tenant", text("ä")), ("trace", text("2"))]));
    assert_eq!(launch("cluster.context").inputs_pb(&[]).run().output(), map([]));
    let mut broken = inputs(&[("tenant", "x")]);
    *broken.last_mut().unwrap() = 0xff;
    let error = launch("cluster.context").on_flyte_2().inputs_pb(&broken).run().error();
    assert!(error.message.contains("UTF-8"), "{}", error.message);
}

/// Runs the task with the recorded environment and command line; its places are moved from the store to a folder.
fn run(case: &Value, task: &str) -> Ended {
    let mut launched = launch(task);
    let folder = launched.path().to_str().unwrap().to_owned();
    let argv: Vec<&str> = case["argv"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let value = |option: &str| argv[argv.iter().position(|word| *word == option).unwrap() + 1];
    let places = [(value("--inputs"), format!("{folder}/in/inputs.pb")), (value("--outputs-path"), format!("{folder}/out"))];
    let moved = |word: &str| {
        places.iter().fold(word.to_owned(), |word, (theirs, ours)| match word.strip_prefix(theirs) {
            Some(rest) => format!("{ours}{rest}"),
            None => word,
        })
    };
    for (name, value) in case["env"].as_object().unwrap() {
        // What the pod itself fills in is not text here.
        if let Some(value) = value.as_str() {
            launched = launched.env(name, moved(value));
        }
    }
    std::fs::write(launched.path().join("in/inputs.pb"), from_hex(case["inputs_pb"].as_str().unwrap())).unwrap();
    // Behind the start time, one case goes on with a demonstration of templates.
    let end = argv.iter().position(|word| *word == "--run-start-time").unwrap() + 2;
    let words = ["a0".to_owned(), "--task-name".to_owned(), task.to_owned()];
    launched.run_words(words.into_iter().chain(argv[1..end].iter().map(|word| moved(word))))
}

fn verdict(name: &str) -> Value {
    cases("verdict").find(|case| case["case"] == name).unwrap_or_else(|| panic!("no verdict `{name}`"))
}

/// Documents of ours are those that the backend was asked about, to the byte.
#[test]
fn documents_are_those_that_the_backend_judged() {
    let recoverable = launch("fails_as_recorded").on_flyte_2().run().read("out/error.pb");
    let case = verdict("recoverable, retries used up");
    assert_eq!(recoverable, from_hex(case["steps"][0]["error_pb"].as_str().unwrap()));
    assert_eq!((case["phase"].as_str(), case["attempts"].as_u64(), case["endless"].as_bool()), (Some("FAILED"), Some(2), Some(false)));

    let permanent = launch("fails_as_recorded_for_good").on_flyte_2().run().read("out/error.pb");
    let case = verdict("not recoverable, retries left");
    assert_eq!(permanent, from_hex(case["steps"][0]["error_pb"].as_str().unwrap()));
    assert_eq!((case["phase"].as_str(), case["attempts"].as_u64(), case["endless"].as_bool()), (Some("FAILED"), Some(1), Some(false)));
}

#[test]
fn an_empty_file_says_that_there_are_no_outputs() {
    let ended = launch("cluster.nothing").on_flyte_2().run();
    assert_eq!((ended.files("out"), ended.read("out/outputs.pb")), (vec!["outputs.pb".to_owned()], vec![]));
    assert_eq!(verdict("zero-byte outputs")["phase"], "SUCCEEDED");
}

/// The backend relaunches a recoverable document of the system's without end, and a process that left nothing; so neither is ever ours.
#[test]
fn nothing_of_ours_is_relaunched_without_end() {
    assert_eq!(verdict("system, recoverable: endless")["endless"], true);
    assert_eq!(verdict("error document without inner error: endless")["endless"], true);
    let unreadable = |launched: Launch| launched.on_flyte_2().run().error();
    let errors = [
        unreadable(launch("mod.noin").inputs_at("/no/such/inputs.pb")),
        unreadable(launch("mod.noin").inputs_pb(b"\xff\xff\xff")),
        unreadable(launch("mod.t1").input("a", text("x"))),
        unreadable(launch("mod.t1").input("z", int(1))),
        unreadable(launch("no.such.task")),
        unreadable(launch("passes_on").input("v", text("x"))),
        unreadable(launch("panics").input("message", text("m"))),
        unreadable(launch("fails").input("message", text("m"))),
    ];
    for error in errors {
        assert_eq!(error.origin, USER, "{error:?}");
        assert!(!error.code.is_empty() && !error.message.is_empty(), "{error:?}");
    }
}

#[test]
fn whether_a_failure_is_repeated_follows_from_its_cause() {
    let kind = |launched: Launch| launched.on_flyte_2().run().error().kind;
    // Another launch may find the store up again; a plain error is repeated as Python's are.
    assert_eq!(kind(launch("mod.noin").inputs_at("/no/such/inputs.pb")), RECOVERABLE);
    assert_eq!(kind(launch("fails").input("message", text("m"))), RECOVERABLE);
    // No launch makes a text an integer.
    assert_eq!(kind(launch("mod.t1").input("a", text("x"))), NON_RECOVERABLE);
    assert_eq!(kind(launch("no.such.task")), NON_RECOVERABLE);
}

/// A good launch that finds the document of an earlier one in its folder would fail with it.
#[test]
fn an_earlier_launchs_document_is_gone_before_the_task_runs() {
    let case = verdict("error wins over outputs");
    assert_eq!(case["phase"], "FAILED");
    let launched = launch("mod.noin").on_flyte_2();
    std::fs::create_dir(launched.path().join("out")).unwrap();
    std::fs::write(launched.path().join("out/error.pb"), from_hex(case["steps"][0]["error_pb"].as_str().unwrap())).unwrap();
    assert_eq!(launched.run().output(), int(1));
}

/// Python's SDK pickles `bytes`, those above 10 KiB in a file of their own.
#[test]
fn large_bytes_are_fetched_from_their_pickle() {
    let run = |pickle: Option<&[u8]>| {
        let launched = launch("types.bytes").on_flyte_2();
        let path = launched.path().join("in/pickle");
        if let Some(pickle) = pickle {
            std::fs::write(&path, pickle).unwrap();
        }
        let mut literal = file(path.to_str().unwrap());
        let Some(literal::Value::Scalar(scalar)) = &mut literal.value else { panic!("a file is a scalar") };
        let Some(scalar::Value::Blob(blob)) = &mut scalar.value else { panic!("a file is a blob") };
        blob.metadata.as_mut().unwrap().r#type.as_mut().unwrap().format = "PythonPickle".to_owned();
        launched.input("v", literal).run()
    };
    let pickle = [&b"\x80\x05B\x10\x27\0\0"[..], &[7; 10_000], b"\x94."].concat();
    assert_eq!(run(Some(&pickle)).output(), binary([7; 10_000], ""));
    let error = run(Some(b"\x80\x05]\x94.")).error();
    assert!(error.message.contains("expected bytes, found a pickle of something else than `bytes`"), "{}", error.message);
    assert_eq!(error.kind, NON_RECOVERABLE);
    let error = run(Some(b"text")).error();
    assert!(error.message.contains("expected bytes, found a file of Python's that is not a pickle"), "{}", error.message);
    // A store that is down may be up at the next attempt.
    assert_eq!(run(None).error().kind, RECOVERABLE);
}

#[test]
fn words_alone_do_not_make_it_flyte_2() {
    let ended = launch("fails").verb("a0").input("message", text("m")).run();
    assert_eq!(ended.error().kind, NON_RECOVERABLE);
    let ended = launch("fails").env("ACTION_NAME", "a0").input("message", text("m")).run();
    assert_eq!(ended.error().kind, NON_RECOVERABLE);
}
