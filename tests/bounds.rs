//! What offloaded literals may come to: each of these inputs ends in an error that names the input, the URI, the limit and what was found.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;

use nebulakit_tests::http::Server;
use nebulakit_tests::literals::{int, list, map, offloaded, text};
use nebulakit_tests::{Launch, NON_RECOVERABLE, SYSTEM};
use nebulakit_types::wire::flyteidl::core::{Literal, literal};
use prost::Message as _;

fn launch(task: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_fixture"), task)
}

/// The message of the error that a launch ends with; another attempt would not help.
fn refused(launch: Launch, words: &[&str]) -> String {
    let ended = launch.run();
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr());
    let error = ended.error();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("SYSTEM", NON_RECOVERABLE, SYSTEM), "{}", error.message);
    assert!(error.message.starts_with("cannot fetch an offloaded input: `v`: "), "names the input: {}", error.message);
    for word in words {
        assert!(error.message.contains(word), "no `{word}` in: {}", error.message);
    }
    error.message
}

/// Puts a literal into a file, and gives the reference to it.
fn put(launched: &Launch, name: &str, literal: &Literal) -> Literal {
    let path = launched.path().join(name);
    let bytes = literal.encode_to_vec();
    std::fs::write(&path, &bytes).unwrap();
    offloaded(path.to_str().unwrap(), bytes.len() as u64)
}

/// A reference to the same place that declares another size.
fn declaring(reference: &Literal, size: u64) -> Literal {
    let Some(literal::Value::OffloadedMetadata(metadata)) = &reference.value else { panic!("not a reference") };
    offloaded(&metadata.uri, size)
}

fn uri(reference: &Literal) -> &str {
    let Some(literal::Value::OffloadedMetadata(metadata)) = &reference.value else { panic!("not a reference") };
    &metadata.uri
}

/// Answers one request with bytes without end, and tells how many were taken.
fn endless(server: Server) -> std::thread::JoinHandle<u64> {
    std::thread::spawn(move || {
        let mut stream = server.connection();
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).unwrap();
        stream.write_all(b"HTTP/1.1 200 x\r\nconnection: close\r\n\r\n").unwrap();
        let mut sent = 0;
        while let Ok(length) = stream.write(&[b'x'; 1 << 16]) {
            sent += length as u64;
        }
        sent
    })
}

#[test]
fn a_body_without_end_is_read_as_far_as_its_reference_declares() {
    let server = Server::start();
    let reference = offloaded(&server.url("/x.pb"), 10);
    let sending = endless(server);
    refused(launch("types.text").input("v", reference), &["/x.pb", "has at least", "declares 10"]);
    // What is on its way when the reader goes is lost: some MiB in buffers.
    assert!(sending.join().unwrap() < 32 << 20);
}

#[test]
fn a_body_without_end_and_size_is_read_as_far_as_the_limit_allows() {
    for size in [0, u64::MAX] {
        let server = Server::start();
        let reference = offloaded(&server.url("/x.pb"), size);
        let sending = endless(server);
        let launched = launch("types.text").env("NEBULAKIT_MAX_OFFLOADED_MB", "1").input("v", reference);
        let message = refused(launched, &["/x.pb", "more than 1048576 bytes together"]);
        assert!(message.ends_with("\nhint: `NEBULAKIT_MAX_OFFLOADED_MB` sets the limit, in MiB"), "{message}");
        assert!(sending.join().unwrap() < 32 << 20);
    }
}

#[test]
fn a_content_longer_than_declared_is_refused_unread_and_any_other_is_read() {
    let launched = launch("types.text");
    let whole = put(&launched, "x.pb", &text("some text"));
    refused(launched.input("v", declaring(&whole, 12)), &[uri(&whole), "has 15 bytes", "declares 12"]);
    for size in [0, 15, 16, 1 << 63, u64::MAX] {
        let launched = launch("types.text");
        let whole = put(&launched, "x.pb", &text("some text"));
        assert_eq!(launched.input("v", declaring(&whole, size)).run().output(), text("some text"), "{size}");
    }
    // Of several references to one place each is held against what is there, also when it is found later.
    let launched = launch("types.list");
    let whole = put(&launched, "x.pb", &int(70_000));
    let inner = put(&launched, "y.pb", &list([declaring(&whole, 2)]));
    let both = list([whole.clone(), inner]);
    refused(launched.input("v", both), &[uri(&whole), "has 8 bytes", "declares 2"]);
}

#[test]
fn a_chain_of_references_has_an_end() {
    let launched = launch("types.untyped");
    // 16 files on the way are fetched.
    for (length, fits) in [(16, true), (17, false)] {
        let launched = launch("types.untyped");
        let first = (0..length).fold(int(7), |inner, index| put(&launched, &format!("{index}.pb"), &list([inner])));
        if fits {
            assert!(launched.input("v", first).run().files("out").contains(&"outputs.pb".to_owned()));
        } else {
            refused(launched.input("v", first), &["more than 16 levels deep", "/0.pb"]);
        }
    }
    // A server that names the next one for ever.
    let server = Server::start();
    let first = offloaded(&server.url("/0.pb"), 0);
    std::thread::spawn(move || {
        for index in 1_u64.. {
            let next = list([offloaded(&server.url(&format!("/{index}.pb")), 0)]);
            server.request().answer(200, &next.encode_to_vec());
        }
    });
    refused(launched.input("v", first), &["more than 16 levels deep", "/16.pb"]);
}

#[test]
fn references_in_a_circle_are_told() {
    let launched = launch("types.untyped");
    let path = launched.path().join("x.pb");
    let itself = put(&launched, "x.pb", &list([offloaded(path.to_str().unwrap(), 0)]));
    let error = launched.input("v", declaring(&itself, 0)).run().error();
    assert!(error.message.contains("`v`: ") && error.message.contains("x.pb` holds itself"), "{}", error.message);
}

#[test]
fn one_file_that_is_referred_to_20_000_times_is_not_read_20_000_times() {
    let launched = launch("types.list_of_lists");
    let file = put(&launched, "x.pb", &list([text("x".repeat(1 << 20))]));
    let all = list(std::iter::repeat_n(file.clone(), 20_000));
    refused(launched.input("v", all), &[uri(&file), "20971", "1073741824 are the limit", "20000 times"]);
}

#[test]
fn few_files_do_not_make_4_to_the_30_leaves() {
    let launched = launch("types.untyped");
    // Four lists on the way, each of four of the next: 16 rounds would not reach the last, were each in a file of its own alone.
    let mut inner = put(&launched, "0.pb", &int(7));
    let leaves: Vec<_> = (1..31)
        .map(|index| {
            inner = put(&launched, &format!("{index}.pb"), &list(std::iter::repeat_n(inner.clone(), 4)));
            inner.clone()
        })
        .collect();
    // All are named at the top as well, so that one round finds them.
    let all = list(leaves.into_iter().rev());
    refused(launched.input("v", all), &["the offloaded literals come to", "are the limit"]);
}

#[test]
fn many_spellings_of_one_path_count_each() {
    let launched = launch("types.list_of_lists").env("NEBULAKIT_MAX_OFFLOADED_MB", "64");
    let file = put(&launched, "x.pb", &list([text("x".repeat(1 << 20))]));
    let spelled = |index: usize| offloaded(&uri(&file).replace("/x.pb", &format!("{}/x.pb", "/.".repeat(index))), 0);
    refused(launched.input("v", list((0..1500).map(spelled))), &["/x.pb", "more than 67108864 bytes together"]);
}

#[test]
fn more_objects_than_may_be_fetched_are_refused_before_any_is() {
    let nowhere = |index: usize| offloaded(&format!("/no/such/{index}"), 1);
    refused(launch("types.list").input("v", list((0..50_001).map(nowhere))), &["more than 50000 offloaded literals"]);
}

#[test]
fn nesting_is_bounded_with_what_stands_in_files() {
    let nested = |levels: usize, inner: Literal| (0..levels).fold(inner, |inner, _| list([inner]));
    let deep = |launched: &Launch, levels: usize| {
        let inner = put(launched, "0.pb", &nested(levels, int(7)));
        put(launched, "1.pb", &nested(30, inner))
    };
    let launched = launch("types.untyped");
    let fits = deep(&launched, 33);
    assert_eq!(launched.input("v", fits).run().files("out"), ["outputs.pb"]);
    let launched = launch("types.untyped");
    let too_deep = deep(&launched, 34);
    refused(launched.input("v", too_deep), &["nested more than 64 levels deep"]);
}

/// A map of a map task's outputs, each in a file of its own.
#[test]
fn thousands_of_offloaded_outputs_are_read_each_as_often_as_it_is_used() {
    let launched = launch("types.map_of_lists");
    let entries: Vec<_> = (0..5_000)
        .map(|index| {
            let file = put(&launched, &format!("{index}.pb"), &list([nebulakit_tests::literals::float(f64::from(index))]));
            (index, file)
        })
        .collect();
    let all = (0..3).flat_map(|use_| entries.iter().map(move |(index, file)| (format!("k{index}-{use_}"), file.clone())));
    let keys: Vec<_> = all.collect();
    let input = map(keys.iter().map(|(key, file)| (key.as_str(), file.clone())));
    let ended = launched.input("v", input).run();
    let Some(literal::Value::Map(outputs)) = ended.output().value else { panic!("{}", ended.stderr()) };
    assert_eq!(outputs.literals.len(), 15_000);
    assert_eq!(outputs.literals["k4999-2"], list([nebulakit_tests::literals::float(4999.0)]));
}

#[test]
fn an_offloaded_literal_that_is_no_regular_file_is_refused_without_waiting() {
    let launched = launch("types.text");
    let fifo = launched.path().join("fifo");
    make_fifo(&fifo);
    refused(launched.input("v", offloaded(fifo.to_str().unwrap(), 0)), &["/fifo`", "expected a regular file", "a pipe"]);
    refused(launch("types.text").input("v", offloaded("/dev/zero", 0)), &["`/dev/zero`", "expected a regular file", "a device"]);
    refused(launch("types.text").input("v", offloaded("/proc/self", 0)), &["`/proc/self`", "expected a regular file", "a directory"]);
}

fn make_fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}
