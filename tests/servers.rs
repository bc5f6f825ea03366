//! Whole tasks against real servers: inputs, outputs, errors and checkpoints in an S3 store, metrics at a statsd server.
//!
//! `tests/servers/with-servers.sh` starts them and names them in the environment.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the servers' addresses come from the environment")]

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use nebulakit_tests::literals::{file, int, text};
use nebulakit_tests::{Ended, Launch};
use nebulakit_types::storage::{PutOptions, S3Config, Storage, StorageConfig, join};
use nebulakit_types::wire::flyteidl::core::{ErrorDocument, LiteralMap};
use prost::Message as _;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this through tests/servers/with-servers.sh"))
}

/// A launch of the fixture that knows the store as a container of the platform does.
fn launch(task: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_fixture"), task)
        .env("FLYTE_AWS_ENDPOINT", variable("NEBULAKIT_TEST_S3_ENDPOINT"))
        .env("FLYTE_AWS_ACCESS_KEY_ID", variable("NEBULAKIT_TEST_S3_ACCESS_KEY_ID"))
        .env("FLYTE_AWS_SECRET_ACCESS_KEY", variable("NEBULAKIT_TEST_S3_SECRET_ACCESS_KEY"))
        .env("NO_PROXY", "127.0.0.1")
}

fn prefix(name: &str) -> String {
    join(&variable("NEBULAKIT_TEST_S3_PREFIX"), &format!("tasks-{}/{name}", std::process::id()))
}

fn storage() -> Storage {
    Storage::new(StorageConfig {
        s3: S3Config {
            endpoint: Some(variable("NEBULAKIT_TEST_S3_ENDPOINT")),
            access_key_id: Some(variable("NEBULAKIT_TEST_S3_ACCESS_KEY_ID")),
            secret_access_key: Some(variable("NEBULAKIT_TEST_S3_SECRET_ACCESS_KEY").into()),
            ..S3Config::default()
        },
        ..StorageConfig::default()
    })
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn fetch(url: &str) -> Option<Vec<u8>> {
    wait(storage().get_if_exists(url)).unwrap().map(Vec::from)
}

fn stored(ended: &Ended, url: &str) -> Vec<u8> {
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr());
    fetch(url).unwrap_or_else(|| panic!("nothing at {url}\n{}", ended.stderr()))
}

#[test]
fn a_task_takes_from_the_store_what_another_has_put_there() {
    let (first, second) = (prefix("first"), prefix("second"));
    assert_eq!(launch("mod.noin").outputs_at(&first).run().code(), Some(0));
    let ended = launch("goes_on").inputs_at(&join(&first, "outputs.pb")).outputs_at(&second).run();
    let outputs = LiteralMap::decode(&*stored(&ended, &join(&second, "outputs.pb"))).unwrap();
    assert_eq!(outputs.literals["o0"], int(2));
    assert_eq!(fetch(&join(&second, "error.pb")), None);
}

#[test]
fn an_error_is_stored_too() {
    let place = prefix("error");
    let ended = launch("fails").input("message", text("m")).outputs_at(&place).run();
    let error = ErrorDocument::decode(&*stored(&ended, &join(&place, "error.pb"))).unwrap().error.unwrap();
    assert_eq!(error.code, "USER:RuntimeError");
    assert_eq!(fetch(&join(&place, "outputs.pb")), None);
}

#[test]
fn large_literals_go_to_files_of_their_own_and_come_back() {
    let place = prefix("large");
    let ended = launch("mod.big").env("_F_L_MIN_SIZE_MB", "1").input("a", int(2_000_000)).outputs_at(&place).run();
    assert_eq!(stored(&ended, &join(&place, "o0_offloaded_metadata.pb")).len(), text("x".repeat(2_000_000)).encode_to_vec().len());
    let outputs = LiteralMap::decode(&*stored(&ended, &join(&place, "outputs.pb"))).unwrap();
    let read = launch("types.text").input("v", outputs.literals["o0"].clone()).run();
    assert_eq!(read.output(), text("x".repeat(2_000_000)));
}

#[test]
fn an_attempt_finds_what_the_former_one_saved_in_the_store() {
    let (first, second) = (prefix("checkpoint-0"), prefix("checkpoint-1"));
    let attempt = |a: i64, own: &str, previous: &str| {
        launch("mod.cp").input("a", int(a)).arguments(["--checkpoint-path", own, "--prev-checkpoint", previous]).run().output()
    };
    // On the first attempt the platform names a place where nothing is.
    assert_eq!(attempt(4, &first, &prefix("nowhere")), int(-1));
    assert_eq!(attempt(5, &second, &first), int(4));
}

#[test]
fn a_missing_object_is_told_by_its_url() {
    let ended = launch("mod.noin").inputs_at(&prefix("missing/inputs.pb")).run();
    assert!(ended.error().message.contains("missing/inputs.pb"));
}

/// What the statsd server shows of the metrics that it got.
fn metrics() -> String {
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{}", variable("NEBULAKIT_TEST_STATSD_PORT"))).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

#[test]
fn metrics_reach_a_real_statsd_server() {
    let ended = launch("measures")
        .env("FLYTE_STATSD_HOST", "127.0.0.1")
        .env("FLYTE_STATSD_PORT", variable("NEBULAKIT_TEST_STATSD_PORT"))
        .env("FLYTE_INTERNAL_EXECUTION_ID", "e1")
        .run();
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr());
    // The server reads its socket in its own time.
    let deadline = Instant::now() + Duration::from_secs(10);
    let wanted = ["fixture_counter", "fixture_gauge", "fixture_timing", "nebulakit_run_time", "nebulakit_output_bytes"];
    loop {
        let page = metrics();
        let missing: Vec<_> = wanted.iter().filter(|name| !page.contains(*name)).collect();
        if missing.is_empty() {
            let line = |name: &str| page.lines().find(|line| line.contains(name) && !line.starts_with('#')).unwrap().to_owned();
            assert!(line("fixture_counter").ends_with(" 3") && line("fixture_gauge").ends_with(" 2.5"), "{page}");
            return;
        }
        assert!(Instant::now() < deadline, "the server has no {missing:?}:\n{page}");
        std::thread::yield_now();
    }
}

/// A disk of one MiB, for a task that wants four on it.
#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let large = prefix("large-file");
    let four = b"x".repeat(4 << 20);
    let source = tempfile::tempdir().unwrap();
    std::fs::write(source.path().join("four"), &four).unwrap();
    wait(storage().upload(&source.path().join("four"), &large, &PutOptions::default())).unwrap();
    let disk = tempfile::tempdir().unwrap();
    // It needs the rights of a container's root, which CI has.
    let mount = |words: &[&str]| {
        let ended = std::process::Command::new(words[0]).args(&words[1..]).arg(disk.path()).output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    };
    mount(&["mount", "-t", "tmpfs", "-o", "size=1m", "none"]);
    let ended = launch("read_file").env("TMPDIR", disk.path()).input("file", file(&*large)).run();
    let left: Vec<_> = std::fs::read_dir(disk.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    mount(&["umount"]);
    let error = ended.error();
    assert!(error.message.contains("No space left on device") && error.message.contains(&large), "{}", error.message);
    assert_eq!(left, [] as [std::path::PathBuf; 0]);
}
