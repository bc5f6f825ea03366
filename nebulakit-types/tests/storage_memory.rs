//! Memory does not grow with what is moved. The store is in this process, what is measured in a process of its own.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "the process is told by a variable of its own what it is")]
#![cfg(target_os = "linux")]

mod fault_server;

use std::fs;

use futures_util::StreamExt as _;
use nebulakit_types::storage::{Environment, PutOptions, S3Config, Storage, StorageConfig, TreeOptions};

use self::fault_server::s3::{Fault, S3};

const MIB: usize = 1 << 20;

/// What a whole program takes at most, in kB, whatever it moves.
const PROGRAM: u64 = 96 * 1000;

const STORE: &str = "NEBULAKIT_TEST_STORE";

fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_program_takes_96_megabytes_at_most() {
    if let Some(store) = std::env::var_os(STORE) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(moves(store.to_str().unwrap()));
        return;
    }
    // What goes up is forgotten as it comes: every answer is that of a store that kept it.
    let server = S3::start(|request, objects| {
        if request.line.starts_with("PUT") {
            objects.uploads.values_mut().for_each(|(_, parts)| parts.clear());
        }
        Fault::None
    });
    server.objects().put("tree/key", vec![7; 160 * MIB]);
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "a_program_takes_96_megabytes_at_most", "--nocapture"]).env(STORE, &server.url);
    assert!(child.status().unwrap().success());
}

async fn moves(store: &str) {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    // A hole: it takes no room and is read like anything else.
    fs::File::create(&file).unwrap().set_len(256 * MIB as u64).unwrap();
    // With signatures over payloads, parts are held in memory.
    for unsigned in ["true", "false"] {
        let config = StorageConfig {
            s3: S3Config {
                endpoint: Some(store.to_owned()),
                access_key_id: Some("AKTEST".to_owned()),
                secret_access_key: Some("secret".into()),
                ..S3Config::default()
            },
            environment: Environment::pick([("AWS_UNSIGNED_PAYLOAD".into(), unsigned.into())]),
            ..StorageConfig::default()
        };
        let storage = Storage::new(config);
        storage.upload(&file, "s3://bucket/key", &PutOptions::default()).await.unwrap();
        let mut writer = storage.create("s3://bucket/key", &PutOptions::default()).await.unwrap();
        for _ in 0..160 {
            writer.write(vec![1; MIB].into()).await.unwrap();
        }
        writer.finish().await.unwrap();
        storage.download_tree("s3://bucket/tree", &root.path().join("tree"), &TreeOptions::default()).await.unwrap();
        let mut reading = storage.read("s3://bucket/tree/key", ..).await.unwrap();
        let mut length = 0;
        while let Some(piece) = reading.next().await {
            length += piece.unwrap().len();
        }
        assert_eq!(length, 160 * MIB);
        assert!(peak() < PROGRAM, "{} kB, unsigned: {unsigned}", peak());
    }
}
