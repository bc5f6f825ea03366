//! One task as a process: what goes in, what is left, and how it ended, on both platforms.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;

use nebulakit_tests::http::{Request, Server};
use nebulakit_tests::literals::{boolean, datetime, duration, float, int, list, map, none, offloaded, text};
use nebulakit_tests::{Launch, NON_RECOVERABLE, RECOVERABLE, SYSTEM, USER};
use nebulakit_types::wire::flyteidl::core::{ErrorDocument, Literal, literal, scalar};
use prost::Message as _;

fn launch(task: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_fixture"), task)
}

#[test]
fn outputs_are_all_that_success_leaves() {
    let ended = launch("mod.ok").input("a", int(3)).input("b", text("x")).run();
    assert_eq!(ended.output(), text("x-3"));
    assert_eq!(ended.stdout(), "", "standard output belongs to the task");
}

#[test]
fn one_argument_vector_serves_both_platforms() {
    for verb in ["execute", "a0"] {
        let first = launch("mod.ok").verb(verb).input("a", int(3)).input("b", text("x")).run();
        assert_eq!(first.output(), text("x-3"));
        let second = launch("mod.ok").verb(verb).on_flyte_2().input("a", int(3)).input("b", text("x"));
        let second = second.arguments(["--run-name", "{{.runName}}", "--version", "v1"]).run();
        assert_eq!(second.output(), text("x-3"));
    }
}

#[test]
fn a_full_name_a_module_and_the_last_word_all_find_the_task() {
    for name in ["fixture.types.int", "fixture::types::int", "types.int"] {
        assert_eq!(launch(name).input("v", int(1)).run().output(), int(1), "{name}");
    }
    assert_eq!(launch("int").arguments(["--task-module", "fixture::types"]).input("v", int(1)).run().output(), int(1));
}

#[test]
fn an_unknown_task_is_answered_with_the_nearest() {
    let error = launch("mod.raise_valu").run().error();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("USER:RuntimeError", NON_RECOVERABLE, USER));
    assert!(error.message.contains("`mod.raise_valu`") && error.message.contains("did you mean `mod.raise_value`"), "{}", error.message);
}

#[test]
fn a_panic_says_what_and_where_whenever_it_happens() {
    for task in ["panics", "panics_between_polls"] {
        let error = launch(task).input("message", text("oh dear")).run().error();
        assert_eq!((error.code.as_str(), error.kind, error.origin), ("USER:Panic", NON_RECOVERABLE, USER));
        assert!(error.message.contains("oh dear") && error.message.contains("endings.rs:"), "{}", error.message);
        let error = launch(task).on_flyte_2().input("message", text("oh dear")).run().error();
        assert_eq!((error.kind, error.origin), (RECOVERABLE, USER), "a plain error on Flyte 2");
    }
    let error = launch("panics_with_a_number").run().error();
    assert!(error.message.contains("endings.rs:"), "{}", error.message);
}

#[test]
fn an_error_carries_its_whole_chain() {
    let error = launch("fails").input("message", text("while testing")).run().error();
    assert_eq!(error.message, "while testing\n\nCaused by:\n    the cause of it");
    let error = launch("fails_async").input("message", text("of another type")).run().error();
    assert_eq!((error.message.as_str(), error.code.as_str()), ("of another type", "USER:RuntimeError"));
}

#[test]
fn a_backtrace_comes_along_when_it_is_asked_for() {
    let error = launch("fails").env("RUST_BACKTRACE", "1").input("message", text("m")).run().error();
    assert!(error.message.contains("Stack backtrace:") && error.message.contains("fails"), "{}", error.message);
    let error = launch("panics").env("RUST_BACKTRACE", "1").input("message", text("m")).run().error();
    assert!(error.message.contains("Stack backtrace:"), "{}", error.message);
    let error = launch("fails").input("message", text("m")).run().error();
    assert!(!error.message.contains("Stack backtrace:"), "{}", error.message);
}

#[test]
fn a_long_message_is_cut_in_its_middle() {
    let ended = launch("fails_at_length").input("length", int(5_000_000)).run();
    let error = ended.error();
    assert!(error.message.starts_with("head ---") && error.message.ends_with("--- tail"));
    assert!(ended.read("out/error.pb").len() < 100_000, "far below what the platform reads");
}

#[test]
fn the_author_decides_whether_an_error_is_worth_another_attempt() {
    for (task, code, kind) in [("fails_recoverably", "C", RECOVERABLE), ("fails_permanently", "C", NON_RECOVERABLE)] {
        let first = launch(task).run().error();
        assert_eq!((first.code.as_str(), first.message.as_str(), first.kind, first.origin), (code, "M", kind, USER));
        let second = launch(task).on_flyte_2().run().error();
        assert_eq!((second.code.as_str(), second.message.as_str(), second.kind, second.origin), (code, "M", kind, USER));
    }
}

#[test]
fn marks_of_errors_add_up_and_survive_what_is_put_around_them() {
    let cases = [
        ("in tail position", "USER:Recoverable", RECOVERABLE, "M"),
        ("several", "C", RECOVERABLE, "M"),
        ("below a context", "C", NON_RECOVERABLE, "outer\n\nCaused by:\n    M"),
        ("above a context", "C", RECOVERABLE, "outer\n\nCaused by:\n    M"),
        ("inside of another error", "C", RECOVERABLE, "around: M"),
        ("the last one counts", "LAST", NON_RECOVERABLE, "M"),
        ("without a result", "C", RECOVERABLE, "M"),
        ("without a result, in another error", "C", NON_RECOVERABLE, "around: M"),
        ("mapped", "USER:RuntimeError", NON_RECOVERABLE, "M"),
        ("an enum below a context", "TRAIN:Store", RECOVERABLE, "outermost\n\nCaused by:\n    0: outer\n    1: the store is away"),
        ("an enum in another error", "TRAIN:Store", RECOVERABLE, "around: inner\n\nCaused by:\n    the store is away"),
        ("an enum that is marked", "TRAIN:Store", NON_RECOVERABLE, "the store is away"),
        ("a struct", "LOST", RECOVERABLE, "lost"),
    ];
    for (how, code, kind, message) in cases {
        let error = launch("fails_marked").input("how", text(how)).run().error();
        assert_eq!((error.code.as_str(), error.kind, error.message.as_str()), (code, kind, message), "{how}");
    }
    let cases = [
        ("store", "TRAIN:Store", RECOVERABLE, "the store is away"),
        ("diverged", "TRAIN", NON_RECOVERABLE, "the loss is not finite"),
        ("empty", "TRAIN", NON_RECOVERABLE, "there are no samples"),
        ("other", "TRAIN", NON_RECOVERABLE, "something else\n\nCaused by:\n    M"),
    ];
    for (how, code, kind, message) in cases {
        let error = launch("fails_to_train").input("how", text(how)).run().error();
        assert_eq!((error.code.as_str(), error.kind, error.message.as_str()), (code, kind, message), "{how}");
        if how == "empty" {
            // What says nothing of another attempt is as each platform treats any other error.
            let second = launch("fails_to_train").on_flyte_2().input("how", text(how)).run().error();
            assert_eq!((second.code.as_str(), second.kind), (code, RECOVERABLE));
        }
    }
}

#[test]
fn a_marked_error_keeps_its_type_its_text_and_its_causes() {
    use anyhow::Context as _;
    use nebulakit::{ResultExt as _, TaskError};
    let denied = || Err::<(), _>(std::io::Error::from(std::io::ErrorKind::PermissionDenied));
    let error = denied().recoverable().code("C").context("outer").unwrap_err();
    assert_eq!(error.downcast_ref::<std::io::Error>().map(std::io::Error::kind), Some(std::io::ErrorKind::PermissionDenied));
    assert_eq!((error.to_string(), error.root_cause().to_string()), ("outer".to_owned(), "permission denied".to_owned()));
    let error = denied().map_err(TaskError::permanent).unwrap_err().with_code("C");
    assert_eq!((error.is_recoverable(), error.code(), error.to_string()), (Some(false), Some("C"), "permission denied".to_owned()));
    assert!(error.downcast_ref::<std::io::Error>().is_some());
    let error = TaskError::new(denied().code("INNER").recoverable().unwrap_err());
    assert_eq!((error.is_recoverable(), error.code()), (Some(true), Some("INNER")));
    let error = TaskError::recoverable(anyhow::Error::from(error));
    assert_eq!((error.is_recoverable(), error.code()), (Some(true), Some("INNER")));
}

#[test]
fn a_document_has_a_time_on_flyte_1_and_none_on_flyte_2() {
    let first = launch("fails").input("message", text("m")).run().error();
    assert!(first.timestamp.is_some_and(|time| time.seconds > 1_700_000_000));
    let second = launch("fails").on_flyte_2().input("message", text("m")).run().error();
    assert_eq!((second.timestamp, second.worker.as_str()), (None, ""));
}

#[test]
fn each_worker_of_a_distributed_task_stores_a_document_of_its_own() {
    let ended = launch("fails").env("_F_DES", "Earliest").env("_F_WN", "worker-1").input("message", text("m")).run();
    let files = ended.files("out");
    let [file] = files.as_slice() else { panic!("{files:?}") };
    let id = file.strip_prefix("error-").and_then(|rest| rest.strip_suffix(".pb")).unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{file}");
    assert_eq!((ended.code(), ended.document(&format!("out/{file}")).worker.as_str()), (Some(0), "worker-1"));
}

#[test]
fn an_old_document_is_deleted_where_it_would_be_taken_for_a_new_one() {
    let launched = launch("mod.noin").on_flyte_2();
    std::fs::create_dir(launched.path().join("out")).unwrap();
    std::fs::write(launched.path().join("out/error.pb"), b"old").unwrap();
    assert_eq!(launched.run().output(), int(1));
}

#[test]
fn decks_are_stored_also_after_a_failure() {
    for (launched, name) in [(launch("fails_with_decks"), "deck.html"), (launch("fails_with_decks").on_flyte_2(), "report.html")] {
        let ended = launched.run();
        assert_eq!((ended.code(), ended.files("out")), (Some(0), sorted([name, "error.pb"])));
        let page = String::from_utf8(ended.read(&format!("out/{name}"))).unwrap();
        assert!(page.contains(">Notes</li>") && page.contains("<h1>So far</h1>"), "{page}");
    }
}

fn sorted<const N: usize>(mut names: [&str; N]) -> Vec<String> {
    names.sort_unstable();
    names.map(str::to_owned).to_vec()
}

#[test]
fn a_task_without_decks_stores_none() {
    assert_eq!(launch("mod.noin").run().files("out"), ["outputs.pb"]);
}

#[test]
fn outputs_of_another_type_than_declared_are_never_stored() {
    let error = launch("passes_on").input("v", text("no integer")).run().error();
    assert_eq!((error.code.as_str(), error.origin), ("USER:BadOutputs", USER));
    assert!(error.message.contains("`o0`") && error.message.contains("int"), "{}", error.message);
    assert_eq!(launch("passes_on").input("v", int(5)).run().output(), int(5));
    let error = launch("passes_on").input("v", Literal::default()).run().error();
    assert_eq!((error.code.as_str(), error.origin), ("USER:BadOutputs", USER), "a literal without a value");
    assert!(error.message.contains("`o0`"), "a literal without a value: {}", error.message);
}

#[test]
fn a_worker_may_leave_the_outputs_to_another() {
    let ended = launch("mod.ignore").input("a", int(1)).run();
    assert_eq!((ended.code(), ended.files("out")), (Some(0), vec![]));
}

#[test]
fn outputs_above_the_users_limit_are_refused_and_above_the_usual_one_warned_of() {
    let error = launch("mod.big").env("NEBULAKIT_MAX_OUTPUTS_MB", "1").input("a", int(2_000_000)).run().error();
    assert!(error.message.contains("`NEBULAKIT_MAX_OUTPUTS_MB`"), "{}", error.message);
    let ended = launch("mod.big").input("a", int(3_000_000)).run();
    assert!(ended.stderr().contains("storage.limits.maxDownloadMBs"), "{}", ended.stderr());
    assert_eq!(ended.outputs().literals.len(), 1);
}

#[test]
fn literals_are_not_offloaded_on_flyte_2() {
    let ended = launch("mod.big").on_flyte_2().env("_F_L_MIN_SIZE_MB", "1").input("a", int(1_100_000)).run();
    assert_eq!(ended.outputs().literals.len(), 1);
}

/// The platform takes both files for a success.
#[test]
fn outputs_that_the_store_may_have_taken_are_deleted_before_an_error_is_stored() {
    let server = Server::start();
    let started = launch("mod.noin").outputs_at("s3://bucket/out").s3_at(server.port()).env("FLYTE_STORAGE_RETRIES", "0").start();
    let mut asked = Vec::new();
    let document = loop {
        let request = server.request();
        asked.push(format!("{} {}", request.method, request.path));
        if request.path.ends_with("error.pb") {
            let document = ErrorDocument::decode(&*request.body).unwrap();
            request.answer(200, b"");
            break document.error.unwrap();
        }
        // The outputs are taken, and not acknowledged.
        if request.method == "DELETE" {
            request.answer(204, b"");
        }
    };
    assert_eq!(asked, ["PUT /bucket/out/outputs.pb", "DELETE /bucket/out/outputs.pb", "PUT /bucket/out/error.pb"]);
    assert_eq!((document.kind, document.origin), (RECOVERABLE, SYSTEM), "{}", document.message);
    assert_eq!(started.wait().code(), Some(0));
}

#[test]
fn offloaded_literals_are_fetched_some_at_a_time() {
    const ALL: i64 = 20;
    const AT_A_TIME: usize = 8;
    let server = Server::start();
    let literals = (0..ALL).map(|index| offloaded(&server.url(&format!("/{index}.pb")), 8));
    let started = launch("types.list").input("v", list(literals)).start();
    let mut open = VecDeque::new();
    for served in 0..ALL {
        if open.len() == AT_A_TIME {
            assert!(!server.is_awaited(), "more than {AT_A_TIME} at a time, after {served}");
            answer(open.pop_front().unwrap());
        }
        open.push_back(server.request());
    }
    open.into_iter().for_each(answer);
    assert_eq!(started.wait().output(), list((0..ALL).map(int)));
}

/// Answers a request for `/7.pb` with the literal 7.
fn answer(request: Request) {
    let value = request.path.trim_matches(|character: char| !character.is_ascii_digit()).parse().unwrap();
    request.answer(200, &int(value).encode_to_vec());
}

#[test]
fn an_attempt_finds_what_the_former_one_saved() {
    let checkpoints = |launched: Launch, previous: &str| {
        let own = launched.path().join("saved").to_str().unwrap().to_owned();
        launched.arguments(["--checkpoint-path".to_owned(), own, "--prev-checkpoint".to_owned(), previous.to_owned()])
    };
    let first = checkpoints(launch("mod.cp").input("a", int(4)), "\"\"").run();
    assert_eq!((first.output(), first.read("saved/_dst_cp")), (int(-1), b"cp4".to_vec()));
    let saved = first.path().join("saved").to_str().unwrap().to_owned();
    let second = checkpoints(launch("mod.cp").input("a", int(5)), &saved).run();
    assert_eq!((second.output(), second.read("saved/_dst_cp")), (int(4), b"cp5".to_vec()));
}

#[test]
fn a_hash_travels_with_its_value() {
    let ended = launch("mod.hashed").input("a", int(2)).run();
    assert_eq!(ended.output(), Literal { hash: "myhash".to_owned(), ..text("xx") });
}

#[test]
fn an_element_of_a_map_gets_its_inputs_and_the_bound_ones_whole() {
    let inputs = |launched: Launch| launched.input("a", list([int(1), int(2)])).input("b", text("bound"));
    let ended = inputs(launch("mod.ok")).element(1).arguments(["--bound", "b"]).run();
    assert_eq!(ended.output(), text("bound-2"));
    let error = inputs(launch("mod.ok")).element(2).arguments(["--bound", "b"]).run().error();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("SYSTEM", NON_RECOVERABLE, SYSTEM));
    assert!(error.message.starts_with("SYSTEM: ") && error.message.contains("`a`"), "{}", error.message);
    let error = inputs(launch("mod.ok")).element(0).arguments(["--bound", "z"]).run().error();
    assert!(error.message.contains("`z`"), "{}", error.message);
}

#[test]
fn a_map_index_in_an_unset_variable_is_an_error_that_names_it() {
    let ended = launch("mod.t1").verb("map-execute").env("BATCH_JOB_ARRAY_INDEX_VAR_NAME", "GONE").input("a", list([int(1)])).run();
    assert!(ended.error().message.contains("`GONE`"));
}

#[test]
fn the_context_knows_the_execution() {
    let ended = launch("surroundings")
        .env("FLYTE_INTERNAL_EXECUTION_ID", "e1")
        .env("FLYTE_INTERNAL_EXECUTION_PROJECT", "p")
        .env("FLYTE_INTERNAL_EXECUTION_DOMAIN", "d")
        .env("FLYTE_ATTEMPT_NUMBER", "2")
        .env("FLYTE_INTERNAL_TASK_NAME", "app.task")
        .run();
    let Some(literal::Value::Map(entries)) = ended.output().value else { panic!("no map") };
    let entry = |name: &str| format!("{:?}", entries.literals[name]);
    assert!(entry("execution").contains("e1") && entry("task").contains("app.task"), "{entries:?}");
    assert!(entry("attempt").contains("\"2\"") && entry("checkpoint").contains("false"));
    assert!(entry("raw").contains("/raw"));
}

#[test]
fn a_wrong_command_line_ends_with_2_and_leaves_nothing() {
    let outputs = launch("mod.noin").arguments(["--output", "x"]).run();
    assert_eq!((outputs.code(), outputs.files("out")), (Some(2), vec![]));
    assert!(outputs.stderr().contains("`--output`"), "{}", outputs.stderr());
    let twice = launch("mod.noin").arguments(["--outputs-path", "x"]).run();
    assert_eq!(twice.code(), Some(2), "{}", twice.stderr());
    let contradiction = launch("mod.noin").run_words(["a0", "--output-prefix", "x"]);
    assert_eq!(contradiction.code(), Some(2), "{}", contradiction.stderr());
}

#[test]
fn a_document_that_cannot_be_stored_is_told_on_standard_error() {
    let launched = launch("fails").input("message", text("the message of it"));
    // A file where the folder belongs: nothing can be stored under it.
    std::fs::write(launched.path().join("out"), b"").unwrap();
    let ended = launched.run();
    assert_eq!(ended.code(), Some(1));
    assert!(ended.stderr().contains("the message of it") && ended.stderr().contains("could not be stored"), "{}", ended.stderr());
}

#[test]
fn what_ends_the_process_itself_leaves_nothing() {
    let ended = launch("aborts").run();
    assert_eq!((ended.ended_by(), ended.files("out")), (Some(6), vec![]));
    let ended = launch("mod.osexit").input("a", int(1)).run();
    assert_eq!((ended.code(), ended.files("out")), (Some(7), vec![]));
}

/// Values that come back as exactly the literal that went in.
#[test]
fn values_of_every_type_come_back_as_they_were() {
    let record = |fields: &[(&str, &[u8])]| {
        let mut bytes = vec![0x80 | u8::try_from(fields.len()).unwrap()];
        for (name, value) in fields {
            bytes.push(0xa0 | u8::try_from(name.len()).unwrap());
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(value);
        }
        nebulakit_tests::literals::binary(bytes, "msgpack")
    };
    let simple = record(&[("a", &[1]), ("b", b"\xa1x"), ("c", &[0xcb, 0x40, 0, 0, 0, 0, 0, 0, 0]), ("d", &[0xc3])]);
    let inner = record(&[("x", &[7]), ("y", &[0xc0])]);
    let cases = [
        ("int", int(i64::MIN)),
        ("small_int", int(255)),
        ("float", float(-0.0)),
        ("float", float(f64::INFINITY)),
        ("text", text("ä\u{0}\n")),
        ("boolean", boolean(false)),
        ("bytes", nebulakit_tests::literals::binary([0, 255], "")),
        ("instant", datetime(1_709_210_096, 789_012_345)),
        ("instant_std", datetime(-1, 999_999_999)),
        ("instant_chrono", datetime(0, 1)),
        ("span", duration(-1, -500_000_000)),
        ("span_std", duration(90, 1)),
        ("span_chrono", duration(0, 0)),
        ("date", datetime(1_709_164_800, 0)),
        ("date_chrono", datetime(1_709_164_800, 0)),
        ("list", list([])),
        ("list", list([int(1), int(-2)])),
        ("list_of_lists", list([list([text("a")]), list([])])),
        ("map", map([])),
        ("map", map([("b", int(1)), ("a", int(2))])),
        ("map_of_lists", map([("a", list([float(0.5)]))])),
        ("unit_enum", text("green")),
        ("list_of_enums", list([text("red"), text("blue")])),
        ("simple", simple.clone()),
        ("inner", inner.clone()),
        ("list_of_structs", list([simple.clone(), simple])),
        ("map_of_structs", map([("k", inner)])),
        ("untyped", record(&[("z", &[0x92, 1, 0xc0]), ("a", b"\xc4\x02\x00\xff")])),
    ];
    for (task, literal) in cases {
        let name = format!("types.{task}");
        assert_eq!(launch(&name).input("v", literal.clone()).run().output(), literal, "{task}");
    }
}

#[test]
fn a_value_may_be_absent_where_the_type_allows_it() {
    let is_wrapped_none = |literal: Literal| {
        let Some(literal::Value::Scalar(scalar)) = literal.value else { return false };
        let Some(scalar::Value::Union(union)) = scalar.value else { return false };
        union.value.is_some_and(|value| *value == none())
    };
    assert!(is_wrapped_none(launch("optional").run().output()));
    assert!(is_wrapped_none(launch("optional_struct").input("v", none()).run().output()));
}

#[test]
fn a_unit_enum_is_written_as_the_platform_reads_it() {
    for sent in ["green", "GREEN"] {
        assert_eq!(launch("unit_enum").input("v", text(sent)).run().output(), text("green"));
        assert_eq!(launch("unit_enum").on_flyte_2().input("v", text(sent)).run().output(), text("GREEN"));
    }
}

#[test]
fn a_panic_beside_the_function_is_reported_too() {
    for (task, words) in [("bad_default", "the default is broken"), ("unspeakable", "no words for it")] {
        let error = launch(task).run().error();
        assert_eq!((error.code.as_str(), error.kind, error.origin), ("USER:Panic", NON_RECOVERABLE, USER), "{task}");
        assert!(error.message.contains(words), "{}", error.message);
    }
}

#[test]
fn ignored_outputs_leave_nothing_not_even_a_deck() {
    let ended = launch("ignored_with_deck").run();
    assert_eq!(ended.code(), Some(0));
    assert_eq!(ended.files("out"), Vec::<String>::new());
}

#[test]
fn a_stored_failure_exits_with_0_on_flyte_2_whatever_the_environment_asks() {
    let failing = || launch("mod.raise_value").input("a", int(1)).env("FLYTE_FAIL_ON_ERROR", "true");
    assert_eq!(failing().run().code(), Some(1));
    assert_eq!(failing().on_flyte_2().run().code(), Some(0));
}

#[test]
fn retries_are_logged_with_their_reason_and_their_wait_where_that_is_asked_for() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    drop(server);
    let lines = |level| {
        let ended = launch("mod.ok").s3_at(port).env("FLYTE_STORAGE_RETRIES", "1").env("FLYTE_SDK_LOGGING_LEVEL", level);
        let stderr = ended.inputs_at("s3://bucket/inputs.pb").run().stderr();
        stderr.lines().filter(|line| line.contains(r#""levelname": "INFO""#)).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines("WARNING"), [""; 0]);
    let told: Vec<_> = lines("INFO").into_iter().filter(|line| line.contains("the next try is in")).collect();
    assert!(!told.is_empty() && told.iter().all(|line| line.contains(&format!("http://127.0.0.1:{port} did not answer: "))), "{told:?}");
}

#[test]
fn a_mistake_in_one_setting_leaves_the_others() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    drop(server);
    let ended = launch("mod.ok").s3_at(port).env("FLYTE_STORAGE_RETRIES", "three").env("FLYTE_CREDENTIALS_AUTH_MODE", "nonsense");
    let ended = ended.inputs_at("s3://bucket/inputs.pb").run();
    assert!(ended.stderr().contains(&format!("127.0.0.1:{port}")), "the endpoint still holds: {}", ended.stderr());
    assert!(ended.stderr().contains("FLYTE_STORAGE_RETRIES"), "and the mistake is named: {}", ended.stderr());
}
