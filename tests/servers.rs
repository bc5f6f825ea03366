//! Whole tasks against real servers: inputs, outputs, errors and checkpoints in each kind of store, metrics at a statsd server.
//!
//! `tests/servers/with-servers.sh` starts them and names them in the environment.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use nebulakit_tests::literals::{file, int, text};
use nebulakit_tests::servers::{self, variable};
use nebulakit_tests::{Ended, Launch};
use nebulakit_types::storage::{AzureConfig, PutOptions, S3Config, Storage, StorageConfig, join};
use nebulakit_types::wire::flyteidl::core::{ErrorDocument, LiteralMap};
use prost::Message as _;

/// A store, and how a container of the platform is told of it.
struct Store {
    name: &'static str,
    variables: Vec<(&'static str, String)>,
    config: StorageConfig,
}

impl Store {
    fn s3() -> Self {
        let config = servers::s3();
        let S3Config { endpoint, access_key_id, secret_access_key, .. } = config.s3.clone();
        let variables = [
            ("FLYTE_AWS_ENDPOINT", endpoint),
            ("FLYTE_AWS_ACCESS_KEY_ID", access_key_id),
            ("FLYTE_AWS_SECRET_ACCESS_KEY", secret_access_key.map(|secret| secret.expose().to_owned())),
        ];
        Self::new("S3", config, variables)
    }

    fn gcs() -> Self {
        let config = servers::gcs();
        let variables = [("STORAGE_EMULATOR_HOST", config.gcs.endpoint.clone())];
        Self::new("GCS", config, variables)
    }

    fn azure() -> Self {
        let config = servers::azure();
        let AzureConfig { endpoint, account_name, account_key, .. } = config.azure.clone();
        let variables = [
            ("AZURE_STORAGE_ENDPOINT", endpoint),
            ("FLYTE_AZURE_STORAGE_ACCOUNT_NAME", account_name),
            ("FLYTE_AZURE_STORAGE_ACCOUNT_KEY", account_key.map(|secret| secret.expose().to_owned())),
        ];
        Self::new("AZURE", config, variables)
    }

    fn new<const N: usize>(name: &'static str, config: StorageConfig, variables: [(&'static str, Option<String>); N]) -> Self {
        Self { name, config, variables: variables.map(|(name, value)| (name, value.unwrap())).into() }
    }

    fn launch(&self, task: &str) -> Launch {
        let launch = Launch::new(env!("CARGO_BIN_EXE_fixture"), task).env("NO_PROXY", "127.0.0.1");
        self.variables.iter().fold(launch, |launch, (name, value)| launch.env(name, value))
    }

    fn prefix(&self, name: &str) -> String {
        join(&variable(&format!("NEBULAKIT_TEST_{}_PREFIX", self.name)), &format!("tasks-{}/{name}", std::process::id()))
    }

    fn storage(&self) -> Storage {
        Storage::new(self.config.clone())
    }

    fn fetch(&self, url: &str) -> Option<Vec<u8>> {
        wait(self.storage().get_if_exists(url)).unwrap().map(Vec::from)
    }

    fn stored(&self, ended: &Ended, url: &str) -> Vec<u8> {
        assert_eq!(ended.code(), Some(0), "{}: {}", self.name, ended.stderr());
        self.fetch(url).unwrap_or_else(|| panic!("nothing at {url}\n{}", ended.stderr()))
    }
}

fn stores() -> [Store; 3] {
    [Store::s3(), Store::gcs(), Store::azure()]
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn a_task_takes_from_the_store_what_another_has_put_there() {
    for store in stores() {
        let (first, second) = (store.prefix("first"), store.prefix("second"));
        let ended = store.launch("mod.noin").outputs_at(&first).run();
        store.stored(&ended, &join(&first, "outputs.pb"));
        let ended = store.launch("goes_on").inputs_at(&join(&first, "outputs.pb")).outputs_at(&second).run();
        let outputs = LiteralMap::decode(&*store.stored(&ended, &join(&second, "outputs.pb"))).unwrap();
        assert_eq!(outputs.literals["o0"], int(2), "{}", store.name);
        assert_eq!(store.fetch(&join(&second, "error.pb")), None, "{}", store.name);
    }
}

#[test]
fn an_error_is_stored_too() {
    for store in stores() {
        let place = store.prefix("error");
        let ended = store.launch("fails").input("message", text("m")).outputs_at(&place).run();
        let error = ErrorDocument::decode(&*store.stored(&ended, &join(&place, "error.pb"))).unwrap().error.unwrap();
        assert_eq!(error.code, "USER:RuntimeError", "{}", store.name);
        assert_eq!(store.fetch(&join(&place, "outputs.pb")), None, "{}", store.name);
    }
}

#[test]
fn large_literals_go_to_files_of_their_own_and_come_back() {
    for store in stores() {
        let place = store.prefix("large");
        let ended = store.launch("mod.big").env("_F_L_MIN_SIZE_MB", "1").input("a", int(2_000_000)).outputs_at(&place).run();
        let expected = text("x".repeat(2_000_000));
        assert_eq!(store.stored(&ended, &join(&place, "o0_offloaded_metadata.pb")).len(), expected.encode_to_vec().len(), "{}", store.name);
        let outputs = LiteralMap::decode(&*store.stored(&ended, &join(&place, "outputs.pb"))).unwrap();
        let read = store.launch("types.text").input("v", outputs.literals["o0"].clone()).run();
        assert!(read.output() == expected, "{}", store.name);
    }
}

#[test]
fn an_attempt_finds_what_the_former_one_saved_in_the_store() {
    for store in stores() {
        let (first, second) = (store.prefix("checkpoint-0"), store.prefix("checkpoint-1"));
        let attempt = |a: i64, own: &str, previous: &str| {
            store.launch("mod.cp").input("a", int(a)).arguments(["--checkpoint-path", own, "--prev-checkpoint", previous]).run().output()
        };
        // On the first attempt the platform names a place where nothing is.
        assert_eq!(attempt(4, &first, &store.prefix("nowhere")), int(-1), "{}", store.name);
        assert_eq!(attempt(5, &second, &first), int(4), "{}", store.name);
    }
}

#[test]
fn a_missing_object_is_told_by_its_url() {
    for store in stores() {
        let ended = store.launch("mod.noin").inputs_at(&store.prefix("missing/inputs.pb")).run();
        let message = ended.error().message;
        assert!(message.contains("missing/inputs.pb"), "{}: {message}", store.name);
    }
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
    let ended = Launch::new(env!("CARGO_BIN_EXE_fixture"), "measures")
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
    let store = Store::s3();
    let large = store.prefix("large-file");
    let four = b"x".repeat(4 << 20);
    let source = tempfile::tempdir().unwrap();
    std::fs::write(source.path().join("four"), &four).unwrap();
    wait(store.storage().upload(&source.path().join("four"), &large, &PutOptions::default())).unwrap();
    let disk = tempfile::tempdir().unwrap();
    // It needs the rights of a container's root, which CI has.
    let mount = |words: &[&str]| {
        let ended = std::process::Command::new(words[0]).args(&words[1..]).arg(disk.path()).output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    };
    mount(&["mount", "-t", "tmpfs", "-o", "size=1m", "none"]);
    let ended = store.launch("read_file").env("TMPDIR", disk.path()).input("file", file(&*large)).run();
    let left: Vec<_> = std::fs::read_dir(disk.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    mount(&["umount"]);
    let error = ended.error();
    assert!(error.message.contains("No space left on device") && error.message.contains(&large), "{}", error.message);
    assert_eq!(left, [] as [std::path::PathBuf; 0]);
}
