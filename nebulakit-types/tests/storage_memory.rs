//! Memory does not grow with what is moved: the one test of its process, so that the process's peak is its own.

#![allow(clippy::unwrap_used, reason = "tests")]

mod fault_server;

use std::fs;

use futures_util::StreamExt as _;
use nebulakit_types::storage::{Environment, PutOptions, S3Config, Storage, StorageConfig, TreeOptions};

use self::fault_server::s3::{Fault, S3};

const MIB: usize = 1 << 20;

/// What a whole program takes at most, in kB, whatever it moves.
const PROGRAM: u64 = 96 * 1024;

fn kilobytes(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn memory_does_not_grow_with_size() {
    // What goes up is forgotten as it comes: every answer is that of a store that kept it.
    let server = S3::start(|request, objects| {
        if let Some((_, parts)) = objects.uploads.values_mut().next() {
            parts.clear();
        }
        if request.line.starts_with("PUT") {
            objects.all.clear();
        }
        Fault::None
    });
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    // A hole: it takes no room and is read like anything else.
    fs::File::create(&file).unwrap().set_len(600 * MIB as u64).unwrap();
    // With signatures over payloads, parts are held in memory.
    for signed in ["false", "true"] {
        let environment = Environment::pick([("AWS_UNSIGNED_PAYLOAD".into(), signed.into())]);
        let config = StorageConfig {
            s3: S3Config {
                endpoint: Some(server.url.clone()),
                access_key_id: Some("AKTEST".to_owned()),
                secret_access_key: Some("secret".into()),
                ..S3Config::default()
            },
            environment,
            ..StorageConfig::default()
        };
        let storage = Storage::new(config);
        let before = kilobytes("VmRSS");
        storage.upload(&file, "s3://bucket/key", &PutOptions::default()).await.unwrap();
        let mut writer = storage.create("s3://bucket/key", &PutOptions::default()).await.unwrap();
        for _ in 0..300 {
            writer.write(vec![1; MIB].into()).await.unwrap();
        }
        writer.finish().await.unwrap();
        let peak = kilobytes("VmHWM");
        // The server in the same process holds the parts that it is reading, which are as many as are under way.
        let server = 16 * 8 * 1024;
        assert!(peak - before < PROGRAM + server, "{signed}: {before} kB, then {peak} kB");
    }
    let storage = Storage::new(StorageConfig {
        s3: S3Config { endpoint: Some(server.url.clone()), anonymous: true, ..S3Config::default() },
        ..StorageConfig::default()
    });
    server.objects().put("tree/key", vec![7; 200 * MIB]);
    let before = kilobytes("VmHWM");
    storage.download_tree("s3://bucket/tree", &root.path().join("tree"), &TreeOptions::default()).await.unwrap();
    let mut reading = storage.read("s3://bucket/tree/key", ..).await.unwrap();
    let mut length = 0;
    while let Some(piece) = reading.next().await {
        length += piece.unwrap().len();
    }
    assert_eq!(length, 200 * MIB);
    let after = kilobytes("VmHWM");
    assert!(after.saturating_sub(before) < PROGRAM + 200 * 1024, "{before} kB, then {after} kB");
}
