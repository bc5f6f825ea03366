//! Bad input of every kind: a clear error that names the task and the input, stored where the platform looks, and nothing lost.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nebulakit_tests::http::Server;
use nebulakit_tests::literals::{binary, boolean, datetime, duration, float, int, list, map, none, offloaded, text};
use nebulakit_tests::{Launch, NON_RECOVERABLE, RECOVERABLE, SYSTEM, USER};
use nebulakit_types::wire::flyteidl::core::{ContainerError, Literal, LiteralMap};
use prost::Message as _;

fn launch(task: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_fixture"), task)
}

/// The error of a task whose input `v` is this literal; it has to name the task and the input, and no attempt can help.
fn refused(task: &str, literal: Literal) -> String {
    let error = launch(task).input("v", literal).run().error();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("SYSTEM", NON_RECOVERABLE, SYSTEM), "{}", error.message);
    assert!(error.message.contains(task) && error.message.contains("`v"), "names the task and the input: {}", error.message);
    error.message
}

fn says(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "no `{word}` in: {message}");
    }
}

/// What another attempt may find whole, it is worth another attempt.
fn is_unreadable(error: &ContainerError) {
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("SYSTEM", RECOVERABLE, SYSTEM), "{}", error.message);
    assert!(!error.message.is_empty());
}

#[test]
fn inputs_cut_off_anywhere_are_an_error_or_other_inputs() {
    let whole = {
        let launched = launch("mod.ok").input("a", int(7)).input("b", text("some text"));
        std::fs::read(launched.path().join("in/inputs.pb")).unwrap()
    };
    // The entries of the map: cut between them, the message is whole, and an input is missing.
    let between = 2 + usize::from(whole[1]);
    assert_eq!(whole[between], whole[0], "the second entry begins here");
    for length in 1..whole.len() {
        let ended = launch("mod.ok").inputs_pb(&whole[..length]).run();
        assert_eq!((ended.code(), ended.files("out")), (Some(0), vec!["error.pb".to_owned()]), "after {length} bytes: {}", ended.stderr());
        let error = ended.error();
        let expected = if length == between { "USER:RuntimeError" } else { "SYSTEM" };
        assert_eq!(error.code, expected, "after {length} bytes: {error:?}");
        assert_eq!(error.message.contains("missing"), length == between, "after {length} bytes: {error:?}");
    }
}

/// A literal that is passed on, with a hash that is not text. No other attempt finds another.
#[test]
fn an_output_that_cannot_be_offloaded_for_what_it_is_is_the_tasks_fault() {
    let tagged = |tag: u8, bytes: &[u8]| [&[tag, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    let literal = [int(7).encode_to_vec(), tagged(0x22, b"\xff")].concat();
    let inputs = tagged(0x0a, &[tagged(0x0a, b"v"), tagged(0x12, &literal)].concat());
    let ended = launch("passes_on").inputs_pb(&inputs).env("_F_L_MIN_SIZE_MB", "0").run();
    let error = ended.error();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("USER:BadOutputs", NON_RECOVERABLE, USER), "{}", error.message);
    says(&error.message, &["`o0`", "UTF-8"]);
    assert_eq!(ended.files("out"), ["error.pb"]);
    // Without offloading nothing looks at the hash, and it is passed on.
    assert_eq!(launch("passes_on").inputs_pb(&inputs).run().files("out"), ["outputs.pb"]);
}

#[test]
fn random_bytes_are_an_error() {
    // Bytes of a fixed generator: a failure repeats.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for length in [1, 2, 3, 7, 40, 1000] {
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_le_bytes()[3]
            })
            .collect();
        let ended = launch("mod.ok").inputs_pb(&bytes).run();
        assert_eq!((ended.code(), ended.files("out")), (Some(0), vec!["error.pb".to_owned()]), "{bytes:?}");
    }
    is_unreadable(&launch("mod.ok").inputs_pb(b"\xff\xff\xff\xff").run().error());
}

#[test]
fn only_what_was_damaged_on_the_way_is_worth_another_attempt() {
    let launched = launch("types.simple").input("v", binary(*b"\x84\xa1a", "msgpack"));
    let whole = std::fs::read(launched.path().join("in/inputs.pb")).unwrap();
    let error = launched.run().error();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("SYSTEM", NON_RECOVERABLE, SYSTEM), "{}", error.message);
    is_unreadable(&launch("types.simple").inputs_pb(&whole[..whole.len() - 1]).run().error());
}

#[test]
fn a_value_of_another_type_is_told_with_what_was_expected() {
    says(&refused("types.int", text("7")), &["integer", "string"]);
    says(&refused("types.text", int(7)), &["string", "integer"]);
    says(&refused("types.boolean", int(1)), &["boolean", "integer"]);
    says(&refused("types.float", text("1.5")), &["string"]);
    says(&refused("types.list", map([("a", int(1))])), &["list", "map"]);
    says(&refused("types.map", list([int(1)])), &["map", "list"]);
    says(&refused("types.instant", int(1)), &["datetime", "integer"]);
    says(&refused("types.unit_enum", text("yellow")), &["yellow", "red", "green", "blue"]);
    says(&refused("types.simple", binary([0x81, 0xa1, b'a', 1], "msgpack")), &["`v.b`"]);
    says(&refused("types.simple", binary(*b"\x84\xa1a\xa1x\xa1b\xa1x\xa1c\x01\xa1d\xc3", "msgpack")), &["`v.a`"]);
    says(&refused("types.int", none()), &["integer"]);
    refused("types.int", Literal::default());
    refused("types.bytes", binary([1], "of-a-kind-nobody-knows"));
}

#[test]
fn the_place_of_a_bad_element_is_told() {
    says(&refused("types.list", list([int(1), int(2), text("x")])), &["`v[2]`"]);
    says(&refused("types.list_of_lists", list([list([]), list([text("a"), int(1)])])), &["`v[1][1]`"]);
    says(&refused("types.map", map([("good", int(1)), ("bad", text("x"))])), &["bad"]);
}

#[test]
fn missing_and_surplus_inputs_are_named() {
    let error = launch("mod.ok").input("a", int(1)).run().error();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("USER:RuntimeError", NON_RECOVERABLE, USER));
    says(&error.message, &["`b`", "missing", "str", "mod.ok"]);
    let error = launch("mod.ok").input("a", int(1)).input("b", text("x")).input("surplus", int(1)).run().error();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("SYSTEM", NON_RECOVERABLE, SYSTEM));
    says(&error.message, &["surplus", "mod.ok"]);
}

#[test]
fn numbers_outside_of_a_types_range_are_never_cut() {
    says(&refused("types.small_int", int(256)), &["256"]);
    says(&refused("types.small_int", int(-1)), &["-1"]);
    says(&refused("types.unsigned_int", int(-1)), &["-1"]);
    says(&refused("types.int", float(2.5)), &["2.5"]);
    says(&refused("types.int", float(1e300)), &["1000000"]);
    refused("types.int", float(f64::NAN));
    refused("types.int", float(f64::INFINITY));
}

#[test]
fn floats_that_are_no_numbers_pass() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MIN_POSITIVE / 2.0] {
        let output = launch("types.float").input("v", float(value)).run().output();
        assert_eq!(output.encode_to_vec(), float(value).encode_to_vec(), "{value}, to the bit");
    }
}

#[test]
fn the_edges_of_time_are_kept_and_what_lies_beyond_is_refused() {
    for literal in [datetime(253_402_300_799, 999_999_999), datetime(-62_135_596_800, 0), datetime(-1, 1)] {
        assert_eq!(launch("types.instant_chrono").input("v", literal.clone()).run().output(), literal);
    }
    refused("types.instant_chrono", datetime(253_402_300_800, 0));
    refused("types.instant_chrono", datetime(-62_135_596_801, 0));
    for nanos in [-1, 1_000_000_000, i32::MAX, i32::MIN] {
        let error = launch("types.instant").input("v", datetime(0, nanos)).run().error();
        says(&error.message, &["`v`", "nanoseconds"]);
    }
    for literal in [duration(-1, -999_999_999), duration(0, 999_999_999), duration(315_576_000_000, 0)] {
        assert_eq!(launch("types.span").input("v", literal.clone()).run().output(), literal);
    }
    refused("types.span", duration(315_576_000_001, 0));
    for broken in [duration(1, -1), duration(-1, 1), duration(0, 1_000_000_000)] {
        says(&launch("types.span").input("v", broken).run().error().message, &["`v`", "sign"]);
    }
    // The standard library's span has no sign.
    refused("types.span_std", duration(-1, 0));
}

#[test]
fn empty_values_are_values() {
    for (task, literal) in
        [("types.list", list([])), ("types.map", map([])), ("types.text", text("")), ("types.list_of_lists", list([list([])]))]
    {
        assert_eq!(launch(task).input("v", literal.clone()).run().output(), literal, "{task}");
    }
}

#[test]
fn a_text_of_ten_megabytes_passes() {
    let literal = text("ä".repeat(5 * 1024 * 1024));
    assert_eq!(launch("types.text").input("v", literal.clone()).run().output(), literal);
}

#[test]
fn nesting_has_a_limit_that_is_told() {
    // An array in an array in an array: msgpack's one-element array is 0x91.
    let nested = |depth: usize| {
        let mut bytes = vec![0x91; depth];
        bytes.push(0xc0);
        binary([&[0x81, 0xa1, b'k'][..], &bytes].concat(), "msgpack")
    };
    assert_eq!(launch("types.untyped").input("v", nested(40)).run().output(), nested(40));
    says(&refused("types.untyped", nested(100_000)), &["64"]);
    // Lists of lists of the wire itself.
    let mut literal = int(1);
    for _ in 0..80 {
        literal = list([literal]);
    }
    let error = launch("passes_on").input("v", literal).run().error();
    assert!(!error.message.is_empty());
}

#[test]
fn text_that_is_not_utf_8_is_refused() {
    // A literal map with the entry a = string of the bytes ff fe.
    let bytes = [0x0a, 0x0d, 0x0a, 0x01, b'v', 0x12, 0x08, 0x0a, 0x06, 0x0a, 0x04, 0x1a, 0x02, 0xff, 0xfe];
    let error = launch("types.text").inputs_pb(&bytes).run().error();
    says(&error.message, &["UTF-8"]);
    let error = launch("types.simple").input("v", binary([0x81, 0xa1, 0xff, 1], "msgpack")).run().error();
    says(&error.message, &["`v`", "UTF-8"]);
    // The name of an input.
    let error = launch("types.text").inputs_pb(&[0x0a, 0x07, 0x0a, 0x01, 0xff, 0x12, 0x02, 0x0a, 0x00]).run().error();
    says(&error.message, &["UTF-8"]);
}

#[test]
fn words_that_are_not_utf_8_are_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let word = std::ffi::OsString::from_vec(vec![b'-', b'-', 0xff]);
    let ended = launch("mod.noin").arguments([word]).run();
    assert_eq!((ended.code(), ended.files("out")), (Some(2), vec![]));
    says(&ended.stderr(), &["UTF-8"]);
}

#[test]
fn a_map_over_something_else_than_a_list_is_refused() {
    let error = launch("mod.t1").element(0).input("a", int(1)).run().error();
    says(&error.message, &["`a`", "list"]);
    let error = launch("mod.t1").element(5).input("a", list([int(1)])).run().error();
    says(&error.message, &["`a`", "5", "1"]);
}

#[test]
fn places_that_cannot_be_read_are_told() {
    for place in ["/no/such/folder/inputs.pb", "file:///no/such/folder/inputs.pb"] {
        let error = launch("mod.noin").inputs_at(place).run().error();
        is_unreadable(&error);
        says(&error.message, &["/no/such/folder/inputs.pb"]);
    }
}

#[test]
fn inputs_that_are_no_regular_file_are_told_without_waiting() {
    let launched = launch("mod.noin");
    let (folder, fifo) = (launched.path().to_str().unwrap().to_owned(), launched.path().join("fifo"));
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let fifo = fifo.to_str().unwrap();
    for (place, found) in [(folder.as_str(), "a directory"), (fifo, "a pipe"), ("/dev/zero", "a device"), ("file:///dev/zero", "a device")]
    {
        let error = launch("mod.noin").inputs_at(place).run().error();
        assert_eq!((error.code.as_str(), error.kind, error.origin), ("SYSTEM", NON_RECOVERABLE, SYSTEM), "{}", error.message);
        let path = place.trim_start_matches("file://");
        assert_eq!(error.message, format!("cannot fetch the inputs: cannot read `{path}`: expected a regular file, found {found}"));
    }
}

/// Found by hash, so that a hundred thousand take no longer than to read them.
#[test]
fn keys_that_the_task_does_not_take_are_told_by_a_handful_and_a_count() {
    let told = |surplus: usize| {
        let surplus: Vec<_> = (0..surplus).map(|index| (format!("x{index:06}"), int(1))).collect();
        let map = LiteralMap { literals: surplus.into_iter().chain([("a".to_owned(), int(1)), ("b".to_owned(), text("b"))]).collect() };
        launch("mod.ok").inputs_pb(&map.encode_to_vec()).run().error().message
    };
    let takes = "cannot read the inputs of the task `mod.ok`: the task `mod.ok` takes the inputs [a, b]; ";
    assert_eq!(told(2), format!("{takes}[x000000, x000001] came besides"));
    let begin = std::time::Instant::now();
    assert_eq!(told(100_000), format!("{takes}[x000000, x000001, x000002, x000003, x000004] and 99995 more came besides"));
    assert!(begin.elapsed() < std::time::Duration::from_secs(10), "{:?}", begin.elapsed());
}

#[test]
fn an_offloaded_input_that_is_gone_is_told() {
    let error = launch("types.text").input("v", offloaded("/no/such/offloaded.pb", 10)).run().error();
    is_unreadable(&error);
    says(&error.message, &["/no/such/offloaded.pb"]);
}

#[test]
fn a_place_that_cannot_be_written_ends_with_1_and_the_whole_report() {
    let launched = launch("mod.noin");
    std::fs::write(launched.path().join("out"), b"a file where a folder belongs").unwrap();
    let ended = launched.run();
    assert_eq!(ended.code(), Some(1));
    says(&ended.stderr(), &["cannot store the outputs", "could not be stored"]);
}

#[test]
fn a_scheme_that_no_store_serves_is_told_with_those_that_are() {
    let error = launch("mod.noin").inputs_at("ftp://host/inputs.pb").run().error();
    assert_eq!(error.origin, SYSTEM);
    says(&error.message, &["ftp", "s3"]);
    let ended = launch("mod.noin").outputs_at("hdfs://host/out").run();
    assert_eq!(ended.code(), Some(1));
    says(&ended.stderr(), &["hdfs"]);
}

#[test]
fn a_web_server_cannot_take_outputs() {
    let server = Server::start();
    let ended = launch("mod.noin").outputs_at(&server.url("/out")).run();
    assert_eq!(ended.code(), Some(1));
    says(&ended.stderr(), &["http"]);
}

#[test]
fn credentials_that_are_missing_are_told_with_what_was_looked_for() {
    // No variables, and nothing that could answer as a cloud's metadata service.
    let ended = launch("mod.noin")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")
        .env("FLYTE_STORAGE_RETRIES", "1")
        .env("FLYTE_STORAGE_BACKOFF_SECONDS", "0")
        .inputs_at("s3://bucket/inputs.pb")
        .run();
    let error = ended.error();
    assert_eq!(error.origin, SYSTEM);
    says(&error.message, &["s3://bucket/inputs.pb", "AWS_ACCESS_KEY_ID"]);
}

#[test]
fn a_store_that_refuses_the_credentials_is_told_apart_from_one_that_is_down() {
    let server = Server::start();
    let started = launch("mod.noin").s3_at(server.port()).inputs_at("s3://bucket/inputs.pb").start();
    let denied = b"<Error><Code>AccessDenied</Code><Message>no such right</Message></Error>";
    server.request().answer(403, denied);
    let error = started.wait().error();
    says(&error.message, &["s3://bucket/inputs.pb"]);
    says(&error.message, &["answered 403 AccessDenied"]);
}

#[test]
fn numbers_in_the_environment_that_are_none_are_named() {
    let error = launch("mod.noin").env("_F_L_MIN_SIZE_MB", "ten").run().error();
    says(&error.message, &["`_F_L_MIN_SIZE_MB`", "ten"]);
    let error = launch("mod.noin").env("NEBULAKIT_MAX_OUTPUTS_MB", "-1").run().error();
    says(&error.message, &["`NEBULAKIT_MAX_OUTPUTS_MB`"]);
    let error =
        launch("mod.t1").element(0).env("BATCH_JOB_ARRAY_INDEX_OFFSET", "x").input("a", list([int(1), boolean(true)])).run().error();
    says(&error.message, &["`BATCH_JOB_ARRAY_INDEX_OFFSET`", "\"x\""]);
}

/// Whatever it is, on Flyte 2 it is the user's, and one document.
#[test]
fn the_other_platform_gets_the_same_errors_with_its_own_origin() {
    let launches = [
        launch("types.int").input("v", text("7")),
        launch("types.int"),
        launch("mod.noin").inputs_pb(b"\xff\xff"),
        launch("mod.noin").inputs_at("ftp://host/inputs.pb"),
    ];
    for launched in launches {
        assert_eq!(launched.on_flyte_2().run().error().origin, USER);
    }
}
