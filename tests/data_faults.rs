//! What is left of a task's data when its process is killed or told to stop, and when the store refuses.
//!
//! But for the tasks whose own time runs out, nothing here waits for time to pass: the tests meet the process at sockets that they hold.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nebulakit_tests::http::{Request, Server};
use nebulakit_tests::literals::{directory, file, text};
use nebulakit_tests::{Launch, RECOVERABLE, SYSTEM, Started, USER};
use nebulakit_types::wire::flyteidl::core::{ContainerError, ErrorDocument};
use prost::Message as _;

fn launch(task: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_fixture"), task)
}

/// A task with two files, at the moment when both are on their way to a store that has not answered yet.
fn while_two_are_stored(server: &Server) -> (Started, [Request; 2]) {
    let started = launch("two_files").raw_at("s3://bucket/raw").s3_at(server.port()).env("FLYTE_AWS_RETRIES", "0").start();
    let requests = [server.request(), server.request()];
    let mut names: Vec<_> = requests.iter().map(|request| (request.method.as_str(), request.path.rsplit('/').next().unwrap())).collect();
    names.sort_unstable();
    assert_eq!(names, [("PUT", "first"), ("PUT", "second")], "both at once");
    (started, requests)
}

#[test]
fn outputs_are_stored_when_all_their_data_is() {
    let server = Server::start();
    let (started, [one, other]) = while_two_are_stored(&server);
    one.answer(200, b"");
    let out = started.path().join("out");
    assert!(!out.join("outputs.pb").exists(), "one of two is not enough");
    other.answer(200, b"");
    let ended = started.wait();
    assert_eq!(ended.files("out"), ["outputs.pb"], "{}", ended.stderr());
}

#[test]
fn a_process_that_is_killed_while_data_is_stored_leaves_no_outputs() {
    let server = Server::start();
    let (started, [one, other]) = while_two_are_stored(&server);
    one.answer(200, b"");
    started.signal("KILL");
    let ended = started.wait();
    drop(other);
    assert_eq!((ended.ended_by(), ended.files("out")), (Some(9), vec![]));
}

#[test]
fn a_task_that_is_told_to_stop_while_data_is_stored_says_so() {
    let server = Server::start();
    let (started, requests) = while_two_are_stored(&server);
    started.signal("TERM");
    let ended = started.wait();
    drop(requests);
    let error = ended.error();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("SYSTEM:Terminated", RECOVERABLE, SYSTEM), "{}", error.message);
}

#[test]
fn a_store_that_refuses_data_is_named_and_there_are_no_outputs() {
    let server = Server::start();
    let (started, requests) = while_two_are_stored(&server);
    for request in requests {
        request.answer(403, b"<Error><Code>ExpiredToken</Code><Message>The token has expired.</Message></Error>");
    }
    // One more try without credentials, of whichever failed first; the other is given up.
    std::thread::spawn(move || {
        loop {
            server.request().answer(403, b"<Error><Code>AccessDenied</Code><Message>Access denied.</Message></Error>");
        }
    });
    let ended = started.wait();
    let error = ended.error();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("SYSTEM", RECOVERABLE, SYSTEM), "{}", error.message);
    for word in ["cannot store the data of the outputs", "s3://bucket/raw/", "ExpiredToken"] {
        assert!(error.message.contains(word), "no `{word}` in: {}", error.message);
    }
}

#[test]
fn a_process_that_is_killed_in_the_middle_of_a_file_leaves_none_of_that_name() {
    let server = Server::start();
    let started = launch("waits_in_a_file").input("url", text(server.url("/go"))).start();
    let request = server.request();
    started.signal("KILL");
    let ended = started.wait();
    drop(request);
    let left = ended.files("raw");
    assert!(!left.is_empty() && left.iter().all(|name| name.contains("/.nebulakit-partial-")), "{left:?}");
    assert_eq!(ended.files("out"), [""; 0]);
}

#[test]
fn a_process_that_is_killed_while_it_downloads_leaves_no_file_of_that_name() {
    let server = Server::start();
    let launch = launch("read_file").input("file", file("s3://bucket/name.txt")).s3_at(server.port());
    let temporary = launch.path().join("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let started = launch.env("TMPDIR", &temporary).start();
    server.request().answer(200, b"what is opened first");
    let rest = server.request().begin_answer(8 << 20, &[b'x'; 1 << 20]);
    let files = || below(&temporary).into_iter().filter(|path| path.is_file()).collect::<Vec<_>>();
    while files().is_empty() {
        std::thread::yield_now();
    }
    started.signal("KILL");
    let left = files();
    let ended = started.wait();
    drop(rest);
    let name = |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(left.iter().all(|path| name(path).starts_with(".nebulakit-partial-")), "{left:?}");
    assert_eq!(ended.files("out"), [""; 0]);
}

/// All that is below a folder.
fn below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| [vec![path.clone()], below(&path)].concat()).collect()
}

#[test]
fn a_process_that_is_killed_between_parts_publishes_nothing() {
    let server = Server::start();
    let started = launch("large_file").raw_at("s3://bucket/raw").s3_at(server.port()).start();
    let begin = server.request();
    assert!(begin.method == "POST" && begin.path.ends_with("?uploads="), "{begin:?}");
    begin.answer(200, b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>");
    let parts = [server.request(), server.request(), server.request()];
    assert!(parts.iter().all(|part| part.method == "PUT" && part.path.contains("uploadId=u")), "{parts:?}");
    let [one, others @ ..] = parts;
    one.answer(200, b"");
    started.signal("KILL");
    let ended = started.wait();
    drop(others);
    assert_eq!(ended.files("out"), [""; 0]);
    assert!(!server.is_awaited(), "the upload is never completed");
}

#[test]
fn a_process_that_is_killed_before_its_outputs_are_stored_has_stored_their_data() {
    let server = Server::start();
    let started = launch("two_files").raw_at("s3://bucket/raw").outputs_at("s3://bucket/out").s3_at(server.port()).start();
    for request in [server.request(), server.request()] {
        assert!(request.method == "PUT" && request.path.starts_with("/bucket/raw/"), "{request:?}");
        request.answer(200, b"");
    }
    let outputs = server.request();
    assert_eq!((outputs.method.as_str(), outputs.path.as_str()), ("PUT", "/bucket/out/outputs.pb"));
    started.signal("KILL");
    assert_eq!(started.wait().ended_by(), Some(9));
}

/// A task that may take two seconds, at a store that never answers it but takes its error document.
fn out_of_time(server: &Server, started: Started) -> ContainerError {
    // On Flyte 2 what an attempt before left is deleted first.
    let deleted = server.request();
    assert_eq!((deleted.method.as_str(), deleted.path.as_str()), ("DELETE", "/bucket/out/error.pb"));
    deleted.answer(204, b"");
    let silent = server.request();
    let stored = server.request();
    assert_eq!((stored.method.as_str(), stored.path.as_str()), ("PUT", "/bucket/out/error.pb"), "after {silent:?}");
    let error = ErrorDocument::decode(&*stored.body).unwrap().error.unwrap();
    stored.answer(200, b"");
    let ended = started.wait();
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr());
    drop(silent);
    error
}

#[test]
fn a_tasks_timeout_ends_its_transfers_and_its_error_is_stored_after_it() {
    let started = [
        ("read", "reading: `s3://bucket/key`"),
        ("read in blocking code", "reading: `s3://bucket/key`"),
        ("read what it made", "reading: `s3://bucket/key`"),
        ("download", "downloading `s3://bucket/key`"),
        ("download all", "downloading `s3://bucket/below`"),
        ("write", "writing: `s3://bucket/raw/"),
        ("return", "storing: `s3://bucket/raw/"),
    ]
    .map(|(how, operation)| {
        let server = Server::start();
        let launch = launch("has_two_seconds").input("how", text(how)).raw_at("s3://bucket/raw").outputs_at("s3://bucket/out").on_flyte_2();
        let launch = launch.input("file", file("s3://bucket/key")).input("directory", directory("s3://bucket/below"));
        (launch.s3_at(server.port()).start(), server, operation)
    });
    for (started, server, operation) in started {
        let error = out_of_time(&server, started);
        assert_eq!((error.code.as_str(), error.kind, error.origin), ("USER:Timeout", RECOVERABLE, USER), "{}", error.message);
        let answer = format!("http://127.0.0.1:{} did not answer in time (1 try); the deadline has passed", server.port());
        for part in ["the task `fixture.data.has_two_seconds` ran longer than its timeout of 2s; it ended with: ", operation, &answer] {
            assert!(error.message.contains(part), "no `{part}` in: {}", error.message);
        }
    }
}

/// Flyte 1 keeps the time, by what the workflow's node says, which the process does not know.
#[test]
fn a_transfer_goes_on_after_the_tasks_timeout_where_the_platform_keeps_the_time() {
    let server = Server::start();
    let launch = launch("has_two_seconds").input("how", text("read late")).input("file", file("s3://bucket/key"));
    let started = launch.input("directory", directory("s3://bucket/below")).s3_at(server.port()).start();
    server.request().answer(200, b"read");
    assert_eq!(started.wait().code(), Some(0));
}

#[test]
fn a_task_that_does_not_stop_when_told_leaves_no_folder_of_its_own() {
    let gate = Server::start();
    let launch = launch("never_leaves_its_folder").input("gate", text(format!("127.0.0.1:{}", gate.port())));
    let temporary = launch.path().join("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let started = launch.env("TMPDIR", &temporary).start();
    let held = gate.connection();
    started.signal("TERM");
    let ended = started.wait();
    drop(held);
    assert_eq!(ended.error().code, "SYSTEM:Terminated");
    assert_eq!(std::fs::read_dir(ended.path().join("temporary")).unwrap().count(), 0);
}

#[test]
fn a_kilobyte_of_a_remote_file_is_one_request() {
    let server = Server::start();
    let started = launch("first_kilobyte").input("file", file("s3://bucket/large")).s3_at(server.port()).start();
    let request = server.request();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/bucket/large"));
    request.answer(200, &[b'x'; 4096]);
    assert_eq!(started.wait().output(), nebulakit_tests::literals::int(1024));
    assert!(!server.is_awaited(), "there was another request");
}

/// The store at a server, with one request at a time.
#[cfg(unix)]
fn store_at(server: &Server) -> nebulakit_types::storage::Storage {
    use nebulakit_types::storage::{S3Config, Storage, StorageConfig};
    let s3 = S3Config { endpoint: Some(format!("http://127.0.0.1:{}", server.port())), anonymous: true, ..S3Config::default() };
    Storage::new(StorageConfig { s3, retries: Some(0), ..StorageConfig::default() })
}

/// Does something in a thread of its own.
#[cfg(unix)]
fn beside<T: Send + 'static>(work: impl std::future::Future<Output = T> + Send + 'static) -> std::thread::JoinHandle<T> {
    std::thread::spawn(move || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(work))
}

/// Puts a link in the place of a folder, which goes aside.
#[cfg(unix)]
fn swap(folder: &std::path::Path, outside: &std::path::Path) -> std::path::PathBuf {
    let aside = folder.with_extension("aside");
    std::fs::rename(folder, &aside).unwrap();
    std::os::unix::fs::symlink(outside, folder).unwrap();
    aside
}

#[cfg(unix)]
#[test]
fn a_folder_that_becomes_a_link_while_a_tree_is_downloaded_leads_nowhere() {
    use nebulakit_types::storage::TreeOptions;
    let (root, outside, server) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), Server::start());
    let (storage, tree) = (store_at(&server), root.path().join("tree"));
    let options = TreeOptions { concurrency: Some(1), ..TreeOptions::default() };
    let to = tree.clone();
    let downloaded = beside(async move { storage.download_tree("s3://bucket/tree", &to, &options).await });
    let entry = |name: &str| {
        format!(
            "<Contents><Key>tree/sub/{name}</Key><Size>{}</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified>\
             <ETag>\"e\"</ETag></Contents>",
            1 << 20
        )
    };
    let listing = format!("<ListBucketResult><IsTruncated>false</IsTruncated>{}{}</ListBucketResult>", entry("one"), entry("two"));
    server.request().answer(200, listing.as_bytes());
    let first = server.request();
    assert!(first.path.contains("tree/sub/one"), "{}", first.path);
    let aside = swap(&tree.join("sub"), outside.path());
    first.answer(200, &[b'1'; 1 << 20]);
    server.request().answer(200, &[b'2'; 1 << 20]);
    let downloaded = downloaded.join().unwrap();
    assert_eq!(below(outside.path()), [""; 0].map(std::path::PathBuf::from), "{downloaded:?}");
    assert_eq!(std::fs::read(aside.join("one")).unwrap().len(), 1 << 20);
    assert!(std::fs::symlink_metadata(tree.join("sub")).unwrap().is_symlink());
}

#[cfg(unix)]
#[test]
fn a_folder_that_becomes_a_link_while_a_tree_is_uploaded_is_not_followed() {
    use nebulakit_types::storage::TreeOptions;
    let (root, outside, server) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), Server::start());
    let (storage, tree) = (store_at(&server), root.path().join("tree"));
    std::fs::create_dir_all(tree.join("sub")).unwrap();
    for name in ["one", "two"] {
        std::fs::write(tree.join("sub").join(name), "public").unwrap();
        std::fs::write(outside.path().join(name), "secret").unwrap();
    }
    let options = TreeOptions { concurrency: Some(1), ..TreeOptions::default() };
    let from = tree.clone();
    let uploaded = beside(async move { storage.upload_tree(&from, "s3://bucket/tree", &options).await });
    let first = server.request();
    swap(&tree.join("sub"), outside.path());
    let mut bodies = vec![first.body.clone()];
    first.answer(200, b"");
    let second = server.request();
    bodies.push(second.body.clone());
    second.answer(200, b"");
    assert_eq!(uploaded.join().unwrap().unwrap().objects, 2);
    assert_eq!(bodies, [b"public", b"public"]);
}
