//! Files and directories through whole tasks: what is read, what is stored, and where.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use nebulakit_tests::literals::{binary, directory, file, list, map, text, uri};
use nebulakit_tests::{Ended, Launch, NON_RECOVERABLE, USER};
use nebulakit_types::wire::flyteidl::core::{Literal, literal, scalar};

fn launch(task: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_fixture"), task)
}

fn texts(entries: &[(&str, &str)]) -> Literal {
    map(entries.iter().map(|(name, value)| (*name, text(*value))))
}

/// The contents of an output that is a file of this machine.
fn content(literal: &Literal) -> Vec<u8> {
    fs::read(uri(literal)).unwrap()
}

fn entry<'a>(literal: &'a Literal, name: &str) -> &'a Literal {
    match &literal.value {
        Some(literal::Value::Map(map)) => &map.literals[name],
        other => panic!("no map: {other:?}"),
    }
}

fn output(ended: &Ended, name: &str) -> Literal {
    ended.outputs().literals[name].clone()
}

#[test]
fn an_input_that_is_passed_on_is_not_copied() {
    for uri in ["s3://bucket/never/asked", "https://example.com/x?y=%20z", "/data/a%20b", "file:///data/a%20b"] {
        let ended = launch("pass_file").input("file", file(uri)).run();
        assert_eq!(ended.output(), file(uri));
        assert_eq!(ended.files("raw"), [""; 0]);
        let ended = launch("pass_directory").input("directory", directory(uri)).run();
        assert_eq!(ended.output(), directory(uri));
    }
}

#[test]
fn a_file_is_read_where_it_is() {
    let launch = launch("read_file");
    let path = launch.path().join("in/hello.txt");
    fs::write(&path, "one\ntwo\n").unwrap();
    let path = path.to_str().unwrap().to_owned();
    let ended = launch.input("file", file(&*path)).run();
    let expected = [("text", "one\ntwo\n"), ("lines", "2"), ("size", "8"), ("range", "ne"), ("path", &path), ("copy", "one\ntwo\n")];
    assert_eq!(ended.output(), texts(&expected));
}

#[test]
fn code_that_blocks_reads_the_same() {
    let launch = launch("count_lines");
    let path = launch.path().join("in/lines");
    fs::write(&path, "1\n2\n3").unwrap();
    let uri = format!("file://{}", path.display());
    assert_eq!(launch.input("file", file(uri)).run().output(), nebulakit_tests::literals::int(3));
}

#[test]
fn files_of_every_origin_are_stored_below_the_raw_prefix() {
    let launch = launch("make_files");
    let raw = launch.path().join("raw");
    let place = launch.path().join("chosen/there.txt");
    let ended = launch.input("place", text(place.to_str().unwrap())).run();
    for (name, last, bytes) in [
        ("path", "a 1%.txt", &b"from a path"[..]),
        ("bytes", "bytes.bin", &[0, 1, 0xff]),
        ("written", "written.txt", b"in pieces"),
        ("streamed", "streamed", b"stream"),
    ] {
        let literal = output(&ended, name);
        assert_eq!(content(&literal), bytes, "{name}");
        let stored = Path::new(uri(&literal)).strip_prefix(&raw).unwrap().to_str().unwrap().to_owned();
        let (segment, rest) = stored.split_once('/').unwrap();
        assert!(segment.len() == 32 && segment.bytes().all(|digit| digit.is_ascii_hexdigit()), "{stored}");
        assert_eq!(rest, last);
    }
    let placed = output(&ended, "placed");
    assert_eq!((uri(&placed), content(&placed)), (place.to_str().unwrap(), b"placed".to_vec()));
    assert_eq!(ended.files("raw").len(), 4, "nothing else is left");
    let Some(literal::Value::Scalar(scalar)) = output(&ended, "path").value else { panic!("no scalar") };
    let Some(scalar::Value::Blob(blob)) = scalar.value else { panic!("no blob") };
    assert_eq!(blob.metadata.unwrap().r#type.unwrap().format, "txt");
}

/// Entries of the log, where it is asked for; a person who watches needs no line for what this machine copies within itself.
#[test]
fn run_tells_how_far_transfers_have_come() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("placed.txt");
    let words = ["run", "make_files", "-q", "--place", place.to_str().unwrap()];
    let run = |program: &str, arguments: &[&str]| {
        let mut command = std::process::Command::new(program);
        command.args(arguments).env_clear().env("FLYTE_SDK_LOGGING_LEVEL", "20").env("NEBULAKIT_DIR", folder.path().join("runs"));
        command.env("PATH", "/usr/bin:/bin");
        let out = command.stdin(std::process::Stdio::null()).output().unwrap();
        assert!(out.status.success(), "{out:?}");
        String::from_utf8([out.stdout, out.stderr].concat()).unwrap()
    };
    let fixture = env!("CARGO_BIN_EXE_fixture");
    let logged = run(fixture, &words);
    assert!(logged.contains("transfers so far bytes=35 objects=5 expected_bytes=35 expected_objects=5"), "{logged}");
    // `script` gives what it runs a terminal.
    let drawn = run("script", &["-qec", &format!("{fixture} {}", words.join(" ")), "/dev/null"]);
    assert!(!drawn.contains("objects") && !drawn.contains('\u{1b}'), "{drawn:?}");
}

#[test]
fn code_that_blocks_writes_the_same() {
    assert_eq!(content(&launch("write_blocking").run().output()), b"0\n1\n2\n");
}

#[test]
fn nothing_is_left_of_a_file_that_was_not_finished() {
    let ended = launch("abandons_a_file").run();
    assert!(ended.error().message.contains("nothing comes of it"));
    assert_eq!(ended.files("raw"), [""; 0]);
}

#[test]
fn nothing_is_left_of_the_folder_that_a_task_has_of_its_own() {
    for (task, succeeds) in [("make_directories", true), ("gives_a_link", false)] {
        let launch = launch(task);
        let temporary = launch.path().join("temporary");
        fs::create_dir(&temporary).unwrap();
        let ended = launch.env("TMPDIR", temporary).run();
        let stored = if succeeds { "outputs.pb" } else { "error.pb" };
        assert_eq!(ended.files("out"), [stored], "{}", ended.stderr());
        assert_eq!(fs::read_dir(ended.path().join("temporary")).unwrap().count(), 0, "{task}");
    }
}

#[test]
fn a_file_that_is_gone_by_the_time_it_is_stored_says_why_that_may_be() {
    let ended = launch("gone_by_then").run();
    let error = ended.error();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("USER:BadOutputs", NON_RECOVERABLE, USER));
    assert!(error.message.contains("`o0[0]`") && error.message.contains("was it in a temporary folder"), "{}", error.message);
}

#[test]
fn a_link_is_refused_and_not_followed_in_silence() {
    let message = launch("gives_a_link").run().error().message;
    assert!(message.contains("it is a symbolic link; give the path that it leads to"), "{message}");
}

#[test]
fn a_missing_input_file_is_named() {
    let ended = launch("count_lines").input("file", file("/nowhere/to/be/found.txt")).run();
    let message = ended.error().message;
    assert!(message.contains("/nowhere/to/be/found.txt"), "{message}");
}

#[test]
fn directories_are_stored_whole_and_read_file_by_file() {
    let ended = launch("make_directories").run();
    let (copied, built) = (output(&ended, "o0"), output(&ended, "o1"));
    let read = |literal: Literal| launch("read_directory").input("directory", literal).run().output();
    assert_eq!(read(copied), texts(&[("top.txt", "top"), ("in/ner/é +%41.txt", "deep")]));
    assert_eq!(read(built.clone()), texts(&[("one", "1"), ("below/two", "2")]));
    let around = launch("look_around").input("directory", built).input("glob", text("**/t*")).run();
    assert_eq!(around.output(), list(["one:1", "below/", "1 of 1 bytes", "true"].map(text)));
}

#[test]
fn a_name_leads_nowhere_but_below_the_directory() {
    let message = launch("leaves_the_directory").input("directory", directory("/tmp")).run().error().message;
    assert!(message.contains("`../secret` is not the name of a file below"), "{message}");
}

#[test]
fn a_directory_is_no_file_and_the_other_way_round() {
    let message = launch("pass_file").input("file", directory("s3://b/d")).run().error().message;
    assert!(message.contains("`file`: expected a file, found a directory (`s3://b/d`)"), "{message}");
    let message = launch("pass_directory").input("directory", file("s3://b/f")).run().error().message;
    assert!(message.contains("`directory`: expected a directory, found a file (`s3://b/f`)"), "{message}");
}

#[test]
fn a_directory_that_is_a_file_or_not_there_is_an_error_and_not_empty() {
    let folder = tempfile::tempdir().unwrap();
    let (path, absent) = (folder.path().join("a.png"), folder.path().join("absent"));
    fs::write(&path, "x").unwrap();
    fs::create_dir(folder.path().join("empty")).unwrap();
    let counted = |how: &str, uri: &Path| {
        let launch = launch("count_entries").input("directory", directory(uri.to_str().unwrap())).input("how", text(how));
        launch.run()
    };
    for how in ["list", "walk", "download", "path"] {
        let error = counted(how, &path).error();
        let wrong = format!("`directory`: `{}` is a file, a directory is expected", path.display());
        assert!(error.kind == NON_RECOVERABLE && error.message.contains(&wrong), "{how}: {}", error.message);
        if how != "path" {
            let message = counted(how, &absent).error().message;
            assert!(message.contains(&format!("there is no directory `{}`", absent.display())), "{how}: {message}");
            assert_eq!(counted(how, &folder.path().join("empty")).output(), list(["0"].map(text)), "{how}");
        }
    }
    let message = launch("pass_file").input("file", file(folder.path().to_str().unwrap())).run().error().message;
    assert!(message.contains(&format!("`file`: `{}` is a directory, a file is expected", folder.path().display())), "{message}");
}

#[test]
fn run_takes_no_file_for_a_directory_nor_the_other_way_round() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("pics")).unwrap();
    fs::write(folder.path().join("pics/a.png"), "x").unwrap();
    for (words, said) in [
        (["run", "pass_directory", "--directory", "pics/a.png"], "expected a directory, found the file `pics/a.png`"),
        (["run", "pass_file", "--file", "pics"], "expected a file, found the directory `pics`"),
    ] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fixture"));
        let out = command.args(words).current_dir(folder.path()).env_clear().output().unwrap();
        let stderr = String::from_utf8(out.stderr).unwrap();
        assert!(out.status.code() == Some(2) && out.stdout.is_empty(), "{stderr}");
        assert!(stderr.contains(said) && stderr.contains(words[2].trim_start_matches('-')), "{stderr}");
    }
}

#[test]
fn a_name_that_no_store_can_hold_is_the_tasks_mistake_for_good() {
    let odd = "bell\u{7}.txt";
    for (how, name, named) in [
        ("path", odd, "bell\\u{7}.txt"),
        ("bytes", odd, "bell\\u{7}.txt"),
        ("bytes", "a/b", "\"a/b\""),
        ("bytes", "..", "\"..\""),
        ("bytes", "", "\"\""),
        ("path", "a%2Fb", "\"a%2Fb\" cannot be stored: its name (decoded, \"a/b\") holds a slash"),
        ("created", odd, "bell\\u{7}.txt"),
        ("place", odd, "s3://bucket/bell\\u{7}.txt"),
        ("directory", odd, "bell\\u{7}.txt"),
        ("put", odd, "bell\\u{7}.txt"),
        ("put", "../x", "\"../x\""),
        ("add", odd, "bell\\u{7}.txt"),
        ("built", odd, "bell\\u{7}.txt"),
        ("bytes", &"n".repeat(300), "nnn"),
        ("link", "link", "link` is a link, and links are refused"),
    ] {
        let ended = launch("names_a_file").input("how", text(how)).input("name", text(name)).run();
        let error = ended.error();
        assert_eq!((error.code.as_str(), error.kind, error.origin), ("USER:BadOutputs", NON_RECOVERABLE, USER), "{how}: {}", error.message);
        assert!(error.message.contains(named), "{how}: no {named} in {}", error.message);
        assert_eq!(ended.files("raw"), [""; 0], "{how}");
        // Where plain errors are repeated, this is not.
        let error = launch("names_a_file").input("how", text(how)).input("name", text(name)).on_flyte_2().run().error();
        assert_eq!((error.code.as_str(), error.kind), ("USER:BadOutputs", NON_RECOVERABLE), "{how} on Flyte 2: {}", error.message);
    }
}

#[test]
fn files_travel_at_every_depth_and_the_same_file_is_stored_once() {
    let launch = launch("bundle");
    let reads = launch.path().join("in/reads.vcf.gz");
    fs::write(&reads, "reads").unwrap();
    let reads = reads.to_str().unwrap();
    let mut packed = vec![0x83];
    let mut string = |text: &str| {
        packed.push(0xd9);
        packed.push(u8::try_from(text.len()).unwrap());
        packed.extend_from_slice(text.as_bytes());
        if matches!(text, "reads" | "extra") {
            packed.push(0x81);
        }
    };
    for word in ["reads", "path", reads, "extra", "path", "s3://b/d", "by_name"] {
        string(word);
    }
    packed.push(0x80);
    let ended = launch.input("sample", binary(packed.clone(), "msgpack")).run();
    let Some(literal::Value::Collection(samples)) = output(&ended, "o0").value else { panic!("no list") };
    let first = nebulakit_types::decode::<nebulakit_types::Untyped>(&prost::Message::encode_to_vec(&samples.literals[0])).unwrap();
    let sent = nebulakit_types::decode::<nebulakit_types::Untyped>(&prost::Message::encode_to_vec(&binary(packed, "msgpack"))).unwrap();
    assert_eq!(first, sent, "what came in goes out as it was");
    let fresh = output(&ended, "o2");
    let Some(literal::Value::Collection(both)) = &entry(&fresh, "both").value else { panic!("no list") };
    assert_eq!(both.literals[0], both.literals[1]);
    assert_eq!(content(&both.literals[0]), b"new");
    assert_eq!(ended.files("raw").len(), 1, "four values, one file");
}
