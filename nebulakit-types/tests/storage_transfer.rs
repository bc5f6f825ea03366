//! Transfers to and from a store that misbehaves: what arrives is whole and of one version, what does not arrive leaves nothing.

#![allow(clippy::unwrap_used, reason = "tests")]

mod fault_server;
#[cfg(unix)]
mod read_only;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use nebulakit_types::file::{Any, FileWriter};
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::OutputWriter;
#[cfg(feature = "azure")]
use nebulakit_types::storage::AzureConfig;
use nebulakit_types::storage::{Environment, PutOptions, Registry, S3Config, Storage, StorageConfig, Symlinks, TreeOptions};
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Dialect, Directory, ErrorKind, File};

use self::fault_server::Request;
use self::fault_server::s3::{Fault, Objects, S3};

const MIB: usize = 1 << 20;
const URL: &str = "s3://bucket/key";

fn storage(server: &S3) -> Storage {
    Storage::new(config(server))
}

fn config(server: &S3) -> StorageConfig {
    StorageConfig {
        s3: S3Config {
            endpoint: Some(server.url.clone()),
            access_key_id: Some("AKTEST".to_owned()),
            secret_access_key: Some("secret".into()),
            ..S3Config::default()
        },
        retries: Some(3),
        backoff: Some(Duration::from_millis(1)),
        answer_timeout: Some(Duration::from_secs(2)),
        ..StorageConfig::default()
    }
}

/// Bytes of which no two ranges are the same: each eight are a number of their own.
fn bytes(length: usize) -> Bytes {
    static LONGEST: LazyLock<Bytes> = LazyLock::new(|| (0..4 * MIB as u64).flat_map(u64::to_be_bytes).collect());
    LONGEST.slice(..length)
}

fn good() -> S3 {
    S3::start(|_, _| Fault::None)
}

/// A fault for some of the requests for the object's bytes, counted from 0.
fn on_gets(fault: impl Fn(usize, &Request, &mut Objects) -> Fault + Send + 'static) -> S3 {
    let mut count = 0;
    S3::start(move |request, objects| {
        if !request.line.starts_with("GET /bucket/key") {
            return Fault::None;
        }
        count += 1;
        fault(count - 1, request, objects)
    })
}

fn entries(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The ranges asked for, and whether each named the version.
fn ranges(server: &S3) -> Vec<(String, bool)> {
    let get = |request: &Request| {
        let range = request.headers.get("range").cloned().unwrap_or_default();
        request.line.starts_with("GET").then(|| (range, request.headers.contains_key("if-match")))
    };
    server.seen().iter().filter_map(get).collect()
}

#[tokio::test]
async fn a_large_object_comes_in_ranges_of_one_version() {
    let server = good();
    let whole = bytes(30 * MIB + 5);
    server.objects().put("key", whole.clone());
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("new/deep/file");
    let storage = storage(&server);
    assert_eq!(storage.download(URL, &target).await.unwrap(), whole.len() as u64);
    assert!(fs::read(&target).unwrap() == whole);
    assert_eq!(entries(target.parent().unwrap()), ["file"]);
    let mut asked = ranges(&server);
    asked.sort();
    let expected = [
        ("bytes=0-8388607", false),
        ("bytes=16777216-25165823", true),
        ("bytes=25165824-31457284", true),
        ("bytes=8388608-16777215", true),
    ];
    assert_eq!(asked, expected.map(|(range, named)| (range.to_owned(), named)));
    let counts = storage.progress().now();
    assert_eq!((counts.bytes, counts.objects, counts.expected_bytes), (whole.len() as u64, 1, Some(whole.len() as u64)));
}

#[tokio::test]
async fn the_first_kilobyte_is_one_request() {
    let server = good();
    server.objects().put("key", bytes(MIB));
    let reading = storage(&server).read(URL, 0..1024).await.unwrap();
    assert_eq!((reading.meta().size, reading.range()), (MIB as u64, 0..1024));
    let pieces: Vec<Bytes> = reading.try_collect().await.unwrap();
    assert!(pieces.concat() == bytes(MIB)[..1024]);
    assert_eq!(ranges(&server), [("bytes=0-1023".to_owned(), false)]);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn what_breaks_off_is_continued_where_it_broke() {
    // Every first try of a range breaks off after a MiB, stalls, or says more than it gives.
    for fault in [Fault::Break(MIB), Fault::Stall(MIB), Fault::Lie(10)] {
        let again = fault.clone();
        let server = on_gets(move |_, request, _| {
            let range = &request.headers["range"];
            let first_try = range.strip_prefix("bytes=").unwrap().split('-').next().unwrap().parse::<usize>().unwrap() % (8 * MIB) == 0;
            if first_try { again.clone() } else { Fault::None }
        });
        let whole = bytes(20 * MIB);
        server.objects().put("key", whole.clone());
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("file");
        storage(&server).download(URL, &target).await.unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        assert!(fs::read(&target).unwrap() == whole, "{fault:?}");
        if fault == Fault::Break(MIB) {
            let asked = ranges(&server);
            assert_eq!(asked.len(), 6, "{asked:?}");
            assert!(asked.iter().any(|(range, _)| *range == format!("bytes={}-{}", MIB, 8 * MIB - 1)), "{asked:?}");
        }
    }
}

#[tokio::test]
async fn complaints_are_waited_out() {
    for headers in [&[][..], &["Retry-After: 0"]] {
        let server = on_gets(move |count, _, _| match count % 4 {
            0 => Fault::Error(503, "SlowDown", headers),
            1 => Fault::Error(429, "TooManyRequests", headers),
            2 => Fault::Error(500, "InternalError", headers),
            _ => Fault::None,
        });
        let whole = bytes(9 * MIB);
        server.objects().put("key", whole.clone());
        let root = tempfile::tempdir().unwrap();
        storage(&server).download(URL, &root.path().join("file")).await.unwrap();
        assert!(fs::read(root.path().join("file")).unwrap() == whole);
    }
}

#[tokio::test]
async fn an_object_that_changes_is_an_error_and_no_mixture() {
    // Between the first range and the others, and in the middle of a range that breaks off.
    let between = on_gets(|count, _, objects| {
        if count == 1 {
            objects.put("key", bytes(20 * MIB));
        }
        Fault::None
    });
    let within = on_gets(|count, _, objects| {
        if count == 1 {
            objects.put("key", bytes(4 * MIB));
        }
        if count == 0 { Fault::Break(MIB) } else { Fault::None }
    });
    for (server, size) in [(between, 20 * MIB), (within, 4 * MIB)] {
        server.objects().put("key", bytes(size));
        let root = tempfile::tempdir().unwrap();
        let error = storage(&server).download(URL, &root.path().join("file")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Changed, "{error}");
        assert!(error.to_string().contains(URL) && error.to_string().contains("changed while it was read"), "{error}");
        assert_eq!(entries(root.path()), [""; 0]);
    }
}

#[tokio::test]
async fn lengths_that_are_lies_are_found_out() {
    for fault in [Fault::Lie(7), Fault::Lie(-7), Fault::Break(0)] {
        let always = fault.clone();
        let server = on_gets(move |_, _, _| always.clone());
        server.objects().put("key", bytes(100));
        let root = tempfile::tempdir().unwrap();
        let error = storage(&server).download(URL, &root.path().join("file")).await;
        // Where a range says what it is, a wrong length beside it changes nothing.
        let error = match error {
            Ok(_) if fault == Fault::Lie(7) => {
                assert!(fs::read(root.path().join("file")).unwrap() == bytes(100));
                fs::remove_file(root.path().join("file")).unwrap();
                storage(&server).get(URL).await.unwrap_err()
            }
            done => done.unwrap_err(),
        };
        assert!(
            matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Io | ErrorKind::Changed | ErrorKind::OutOfRange),
            "{fault:?}: {error}"
        );
        assert!(error.to_string().contains(URL), "{error}");
        assert_eq!(entries(root.path()), [""; 0]);
    }
}

#[tokio::test]
async fn all_that_a_storage_moves_shares_one_budget_of_requests() {
    let server = S3::start(|request, _| if request.line.contains("gated") { Fault::Gate } else { Fault::None });
    server.objects().put("free", "free");
    for number in 0..100 {
        server.objects().put(&format!("gated/{number}"), "x");
    }
    let shared = Storage::new(StorageConfig { answer_timeout: None, ..config(&server) });
    let root = Arc::new(tempfile::tempdir().unwrap());
    let mut all = tokio::task::JoinSet::new();
    for number in 0..100 {
        let (storage, root) = (shared.clone(), root.clone());
        all.spawn(async move {
            let url = format!("s3://bucket/gated/{number}");
            match number % 7 {
                0 => storage.get(&url).await.map(drop),
                1 => storage.download(&url, &root.path().join(number.to_string())).await.map(drop),
                2 => storage.put(&url, vec!["y".into()], &PutOptions::default()).await,
                3 => storage.list(&url).await.map(drop),
                4 => storage.list_level(&url).await.map(drop),
                5 => storage.stat(&url).await.map(drop),
                _ => storage.delete(&url).await,
            }
        });
    }
    let waiting = server.clone();
    tokio::task::spawn_blocking(move || waiting.wait_for_stuck(64)).await.unwrap();
    // Another storage has a budget of its own; by the time of its answer, one more of the first would have come.
    storage(&server).get("s3://bucket/free").await.unwrap();
    assert_eq!(server.seen().iter().filter(|request| request.line.contains("gated")).count(), 64);
    server.open_gate();
    while let Some(done) = all.join_next().await {
        done.unwrap().unwrap();
    }
}

#[tokio::test]
async fn what_goes_on_later_is_of_the_same_budget() {
    let server = S3::start(|request, _| if request.line.contains("gated") { Fault::Gate } else { Fault::None });
    server.objects().put("gated", "x");
    for number in 0..1500 {
        server.objects().put(&format!("many/{number:04}"), "x");
    }
    let shared = Storage::new(StorageConfig { answer_timeout: None, ..config(&server) });
    let mut walk = Box::pin(shared.walk("s3://bucket/many").map(|found| found.map(|object| object.key)));
    assert_eq!(walk.next().await.unwrap().unwrap(), "0000");
    let mut writer = shared.create(URL, &PutOptions::default()).await.unwrap();
    writer.write(bytes(10 * MIB)).await.unwrap();
    while server.objects().uploads.values().all(|(_, parts)| parts.is_empty()) {
        tokio::task::yield_now().await;
    }
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let storage = shared.clone();
        all.spawn(async move { storage.get("s3://bucket/gated").await });
    }
    let waiting = server.clone();
    tokio::task::spawn_blocking(move || waiting.wait_for_stuck(64)).await.unwrap();

    // The second page of a listing, and what takes back an upload.
    drop(writer);
    for _ in 1..1000 {
        walk.next().await.unwrap().unwrap();
    }
    let mut next = tokio::spawn(async move { walk.try_next().await });
    server.objects().put("free", "free");
    storage(&server).get("s3://bucket/free").await.unwrap();
    assert!(!next.is_finished());
    assert_eq!((server.seen().iter().filter(|request| request.line.contains("list-type")).count(), server.objects().aborted), (1, 0));
    server.open_gate();
    assert_eq!((&mut next).await.unwrap().unwrap().unwrap(), "1000");
    while server.objects().aborted == 0 {
        tokio::task::yield_now().await;
    }
    while let Some(done) = all.join_next().await {
        done.unwrap().unwrap();
    }
}

#[tokio::test]
async fn all_that_is_stored_is_counted_and_expected() {
    let server = good();
    let root = tempfile::tempdir().unwrap();
    for (url, raw) in
        [(URL, "s3://bucket/raw"), ("memory://key", "memory://raw"), (root.path().to_str().unwrap(), root.path().to_str().unwrap())]
    {
        let storage = storage(&server);
        let (inner, raw, counts) = (storage.clone(), raw.to_owned(), || storage.progress().now());
        let workspace = Workspace::new(move || inner, Some(raw), root.path());
        let mut outputs = OutputWriter::new(&["o0"], &Dialect::FLYTE_1, Outbox::new(&workspace));
        outputs.put(File::<Any>::from_bytes("a", vec![1; 100])).unwrap();
        outputs.finish().outbox.send().await.unwrap();
        assert_eq!(
            (counts().objects, counts().bytes, counts().expected_objects, counts().expected_bytes),
            (1, 100, Some(1), Some(100)),
            "{url}"
        );
        let mut file: FileWriter = File::create(&workspace, "b").await.unwrap();
        file.write(vec![1; 10]).await.unwrap();
        // As long as nobody knows how long it will be.
        assert_eq!((counts().expected_objects, counts().expected_bytes), (None, None), "{url}");
        file.finish().await.unwrap();
        let directory = Directory::<Any>::create(&workspace).unwrap();
        directory.put("c", vec![1; 1000]).await.unwrap();
        let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(vec![1; 5000]), Ok(vec![1; 5000])]);
        File::<Any>::from_stream(&workspace, "d", stream).await.unwrap();
        assert_eq!(
            (counts().objects, counts().bytes, counts().expected_objects, counts().expected_bytes),
            (4, 11_110, Some(4), Some(11_110)),
            "{url}"
        );
    }
}

/// The line by which a store names the checksum of an object.
fn crc32c(bytes: &[u8]) -> String {
    use base64::Engine as _;
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, bytes) as u32;
    format!("x-goog-hash: crc32c={}\r\n", base64::prelude::BASE64_STANDARD.encode(sum.to_be_bytes()))
}

#[tokio::test]
async fn what_comes_is_held_against_the_checksum_that_the_store_names() {
    // In one range, in several, and with every first try broken off.
    for size in [100, 20 * MIB] {
        let server = on_gets(|count, request, _| match request.headers.get("range") {
            Some(range) if count % 2 == 0 && !range.contains("50-") => Fault::Break(50),
            _ => Fault::None,
        });
        let whole = bytes(size);
        server.objects().put("key", whole.clone());
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("file");
        let storage = storage(&server);
        server.objects().says = crc32c(&whole);
        storage.download(URL, &target).await.unwrap();
        fs::remove_file(&target).unwrap();
        assert!(storage.get(URL).await.unwrap() == whole);
        let pieces: Vec<Bytes> = storage.read(URL, ..).await.unwrap().try_collect().await.unwrap();
        assert!(pieces.concat() == whole);
        // It is that of the whole object.
        assert!(storage.read_range(URL, 10..20).await.unwrap() == whole[10..20]);

        server.objects().says = crc32c(b"something else");
        let read = storage.read(URL, ..).await.unwrap().try_collect::<Vec<_>>().await;
        for error in [storage.download(URL, &target).await.unwrap_err(), storage.get(URL).await.unwrap_err(), read.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.to_string().contains(&format!("`{URL}`: the {size} bytes that came have the CRC-32C ")), "{error}");
        }
        assert_eq!(entries(root.path()), [""; 0]);
    }
}

/// The MD5 of bytes of this test, as Azure names it.
#[cfg(feature = "azure")]
fn md5(bytes: &[u8]) -> String {
    use base64::Engine as _;
    use md5::Digest as _;
    base64::prelude::BASE64_STANDARD.encode(md5::Md5::digest(bytes))
}

#[cfg(feature = "azure")]
fn azure(server: &S3) -> Storage {
    let azure = AzureConfig {
        endpoint: Some(server.url.clone()),
        account_name: Some("account".to_owned()),
        account_key: Some("c2VjcmV0".into()),
        ..AzureConfig::default()
    };
    Storage::new(StorageConfig { azure, ..config(server) })
}

/// What comes in one stream, of whole answers and of one range that is the whole, broken off and continued too.
#[cfg(feature = "azure")]
#[tokio::test]
async fn a_blob_is_held_against_the_md5_that_azure_names() {
    let url = "abfs://bucket/key";
    let server = on_gets(|count, request, _| match request.headers.get("range") {
        Some(range) if range.contains("50-") => Fault::None,
        _ if count % 2 == 0 => Fault::Break(50),
        _ => Fault::None,
    });
    let whole = bytes(MIB);
    server.objects().put("key", whole.clone());
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("file");
    let storage = azure(&server);
    let (right, wrong) = (md5(&whole), md5(b"something else"));
    let says = |md5: &str, header: &str| server.objects().says = format!("x-ms-blob-type: BlockBlob\r\n{header}: {md5}\r\n");

    for header in ["content-md5", "x-ms-blob-content-md5"] {
        says(&right, header);
        assert!(storage.get(url).await.unwrap() == whole);
        let pieces: Vec<Bytes> = storage.read(url, ..).await.unwrap().try_collect().await.unwrap();
        assert!(pieces.concat() == whole);
        storage.download(url, &target).await.unwrap();
        fs::remove_file(&target).unwrap();
    }
    for header in ["content-md5", "x-ms-blob-content-md5"] {
        says(&wrong, header);
        let read = storage.read(url, ..).await.unwrap().try_collect::<Vec<_>>().await;
        let mut errors = vec![storage.get(url).await.map(drop).unwrap_err(), read.map(drop).unwrap_err()];
        match header {
            // A download asks for the first range, and that of a range is not that of the blob.
            "content-md5" => drop(storage.download(url, &target).await.unwrap()),
            _ => errors.push(storage.download(url, &root.path().join("damaged")).await.unwrap_err()),
        }
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.to_string().contains(&format!("`{url}`: the {MIB} bytes that came have the MD5 ")), "{header}: {error}");
        }
        assert!(storage.read_range(url, 10..20).await.unwrap() == whole[10..20]);
    }
    assert_eq!(entries(root.path()), ["file"]);
}

#[cfg(feature = "azure")]
#[tokio::test]
async fn an_md5_is_not_checked_where_it_is_not_that_of_one_stream() {
    let (url, size) = ("abfs://bucket/key", 20 * MIB);
    let server = good();
    server.objects().put("key", bytes(size));
    let root = tempfile::tempdir().unwrap();
    let wrong = md5(b"something else");
    // Ranges come side by side, and their sums cannot be joined.
    server.objects().says = format!("x-ms-blob-type: BlockBlob\r\nx-ms-blob-content-md5: {wrong}\r\n");
    assert_eq!(azure(&server).download(url, &root.path().join("file")).await.unwrap(), size as u64);
    assert!(azure(&server).get(url).await.is_err());
    // What is appended to is another blob, with the MD5 that it was made with.
    server.objects().says = format!("x-ms-blob-type: AppendBlob\r\ncontent-md5: {wrong}\r\n");
    assert!(azure(&server).get(url).await.unwrap() == bytes(size));
}

#[tokio::test]
async fn s3_is_asked_for_checksums_by_a_signed_header() {
    let server = good();
    let root = tempfile::tempdir().unwrap();
    server.objects().put("key", bytes(9 * MIB));
    let without = Environment::pick([("AWS_RESPONSE_CHECKSUM_VALIDATION".into(), "when_required".into())]);
    let anonymous = StorageConfig { s3: S3Config { anonymous: true, ..config(&server).s3 }, ..config(&server) };
    for (config, asks) in [(config(&server), true), (StorageConfig { environment: without, ..config(&server) }, false), (anonymous, false)]
    {
        server.forget();
        let storage = Storage::new(config);
        storage.download(URL, &root.path().join("file")).await.unwrap();
        storage.get(URL).await.unwrap();
        storage.read_range(URL, 5..10).await.unwrap();
        storage.list("s3://bucket/none").await.unwrap();
        storage.put("s3://bucket/other", vec!["x".into()], &PutOptions::default()).await.unwrap();
        let seen = server.seen();
        let reads = |request: &&Request| request.line.starts_with("GET /bucket/key");
        assert_eq!(seen.iter().filter(reads).count(), 4);
        for request in &seen {
            let asked = request.headers.get("x-amz-checksum-mode").map(String::as_str);
            assert_eq!(asked, (asks && reads(&request)).then_some("ENABLED"), "{request:?}");
            if asked.is_some() {
                let signed = &request.headers["authorization"];
                assert!(signed.contains("x-amz-checksum-mode;") && signed.contains("SignedHeaders=host;"), "{signed}");
            }
        }
    }
}

#[tokio::test]
async fn a_checksum_of_a_part_is_not_held_against_the_whole() {
    let server = good();
    let root = tempfile::tempdir().unwrap();
    // All ranges are alike, and the store names the checksum of each.
    server.objects().put("key", vec![7; 24 * MIB]);
    server.objects().says = crc32c(&vec![7; 8 * MIB]);
    assert_eq!(storage(&server).download(URL, &root.path().join("file")).await.unwrap(), 24 * MIB as u64);
}

#[tokio::test]
async fn a_download_that_is_dropped_leaves_nothing() {
    // Before the answer, within the first range, and within all ranges.
    for (stuck, fault) in [(1, Fault::Gate), (1, Fault::Stall(MIB)), (3, Fault::Stall(MIB))] {
        let all = stuck == 3;
        let gate = fault.clone();
        let server = on_gets(move |count, _, _| if count == 0 || all { gate.clone() } else { Fault::None });
        server.objects().put("key", bytes(24 * MIB));
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("file");
        let storage = Storage::new(StorageConfig { answer_timeout: None, ..config(&server) });
        let waiting = server.clone();
        let watch = tokio::task::spawn_blocking(move || waiting.wait_for_stuck(stuck));
        tokio::select! {
            done = storage.download(URL, &target) => panic!("{done:?}"),
            _ = watch => {}
        }
        assert_eq!(entries(root.path()), [""; 0], "{fault:?}");
        server.open_gate();
        // What the dropped one had taken of the budget is there again.
        server.objects().put("other", bytes(10));
        assert_eq!(storage.get("s3://bucket/other").await.unwrap().len(), 10);
    }
}

#[tokio::test]
async fn a_large_file_goes_up_in_parts() {
    let server = good();
    let root = tempfile::tempdir().unwrap();
    for size in [0, 1, 200_000, 16 * MIB, 16 * MIB + 1, 25 * MIB] {
        let file = root.path().join("file");
        fs::write(&file, bytes(size)).unwrap();
        assert_eq!(storage(&server).upload(&file, URL, &PutOptions::default()).await.unwrap(), size as u64);
        assert!(server.objects().all["key"].bytes == bytes(size), "{size}");
        assert!(server.objects().uploads.is_empty());
    }
}

#[tokio::test]
async fn names_that_end_in_gz_are_marked() {
    let server = good();
    let root = tempfile::tempdir().unwrap();
    for (name, options, expected) in [
        ("a.tar.gz", PutOptions::default(), Some("gzip")),
        ("a.tar", PutOptions::default(), None),
        ("a.gz", PutOptions { content_encoding: Some(String::new()), ..PutOptions::default() }, None),
        ("a.gz", PutOptions { content_encoding: Some("zstd".to_owned()), ..PutOptions::default() }, Some("zstd")),
    ] {
        fs::write(root.path().join(name), "x").unwrap();
        storage(&server).upload(&root.path().join(name), URL, &options).await.unwrap();
        let objects = server.objects();
        assert_eq!(objects.all["key"].headers.get("content-encoding").map(String::as_str), expected, "{name}");
    }
}

#[tokio::test]
async fn parts_are_sent_again_and_an_upload_that_fails_is_taken_back() {
    let failures = Arc::new(AtomicUsize::new(0));
    let count = failures.clone();
    let passing = S3::start(move |request, _| {
        if request.line.contains("partNumber=2") && count.fetch_add(1, Relaxed) < 2 {
            return Fault::Error(503, "SlowDown", &[]);
        }
        Fault::None
    });
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, bytes(20 * MIB)).unwrap();
    storage(&passing).upload(&file, URL, &PutOptions::default()).await.unwrap();
    assert!(passing.objects().all["key"].bytes == bytes(20 * MIB));

    let refusing =
        S3::start(|request, _| if request.line.contains("partNumber=2") { Fault::Error(403, "AccessDenied", &[]) } else { Fault::None });
    let error = storage(&refusing).upload(&file, URL, &PutOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    for part in [URL, file.to_str().unwrap(), "403 AccessDenied"] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
    let objects = refusing.objects();
    assert!(objects.all.is_empty() && objects.uploads.is_empty());
    assert_eq!(objects.aborted, 1);
}

#[tokio::test]
async fn an_upload_that_is_dropped_is_taken_back() {
    for stage in ["uploads", "partNumber=1", "partNumber=3", "POST /bucket/key?uploadId"] {
        let server = S3::start(move |request, _| if request.line.contains(stage) { Fault::Gate } else { Fault::None });
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, bytes(24 * MIB)).unwrap();
        let storage = Storage::new(StorageConfig { answer_timeout: None, ..config(&server) });
        let waiting = server.clone();
        let watch = tokio::task::spawn_blocking(move || waiting.wait_for_stuck(1));
        let options = PutOptions::default();
        tokio::select! {
            done = storage.upload(&file, URL, &options) => panic!("{stage}: {done:?}"),
            _ = watch => {}
        }
        if stage != "uploads" {
            while server.objects().aborted == 0 {
                tokio::task::yield_now().await;
            }
        }
        assert!(server.objects().all.is_empty(), "{stage}");
        // Nothing under the gate is to panic the server: what it waited for is gone.
        server.forget();
    }
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_sent_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    for (size, now) in [(20 * MIB, 10), (20 * MIB, 21 * MIB), (MIB, 10)] {
        fs::write(&file, bytes(size)).unwrap();
        let path = file.clone();
        let mut once = Some(());
        let server = S3::start(move |request, _| {
            // A single write is read while it is sent: it is broken off first.
            let begun = request.line.contains("uploads") || request.line.starts_with("PUT");
            if begun && once.take().is_some() {
                fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(now as u64).unwrap();
                return if request.line.starts_with("PUT") { Fault::Error(503, "SlowDown", &[]) } else { Fault::None };
            }
            Fault::None
        });
        let error = storage(&server).upload(&file, URL, &PutOptions::default()).await.unwrap_err();
        assert!(error.to_string().contains("changed while it was read"), "{error}");
        let objects = server.objects();
        assert!(objects.all.is_empty() && objects.uploads.is_empty(), "{:?}", objects.all.keys());
    }
}

#[tokio::test]
async fn what_is_written_piece_by_piece_is_there_when_finished() {
    let server = good();
    let storage = storage(&server);
    for size in [0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 24 * MIB] {
        let whole = bytes(size);
        let mut writer = storage.create(URL, &PutOptions::default()).await.unwrap();
        for piece in whole.chunks(3 * MIB + 1) {
            writer.write(whole.slice_ref(piece)).await.unwrap();
        }
        assert_eq!(writer.finish().await.unwrap(), size as u64);
        assert!(server.objects().all["key"].bytes == whole, "{size}");
    }
    // Small pieces too.
    let mut writer = storage.create(URL, &PutOptions::default()).await.unwrap();
    for _ in 0..1000 {
        writer.write("0123456789".into()).await.unwrap();
    }
    writer.finish().await.unwrap();
    assert_eq!(server.objects().all["key"].bytes, "0123456789".repeat(1000));
    assert!(server.objects().uploads.is_empty());
}

#[tokio::test]
async fn what_is_not_finished_is_not_there() {
    let server = good();
    let storage = storage(&server);
    for aborted in [true, false] {
        let mut writer = storage.create(URL, &PutOptions::default()).await.unwrap();
        writer.write(bytes(20 * MIB)).await.unwrap();
        if aborted {
            writer.abort().await.unwrap()
        } else {
            drop(writer)
        }
        while server.objects().aborted < if aborted { 1 } else { 2 } {
            tokio::task::yield_now().await;
        }
    }
    assert!(server.objects().all.is_empty());
}

#[tokio::test]
async fn trees_go_up_and_come_down() {
    let server = good();
    let storage = storage(&server);
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let names = ["a", "b/c", "b/d e", "b/100%", "b/a%20b", "q?x=1&y#z", "ü€😀/+", "large", "empty"];
    for name in names {
        let path = from.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let size = if name == "large" { 20 * MIB } else { name.len() * usize::from(name != "empty") };
        fs::write(path, bytes(size)).unwrap();
    }
    let options = TreeOptions::default();
    let up = storage.upload_tree(from.path(), "s3://bucket/tree/", &options).await.unwrap();
    assert_eq!(up.objects, names.len() as u64);
    let down = storage.download_tree("s3://bucket/tree", to.path(), &options).await.unwrap();
    assert_eq!(down, up);
    for name in names {
        assert!(fs::read(from.path().join(name)).unwrap() == fs::read(to.path().join(name)).unwrap(), "{name}");
    }
    let counts = storage.progress().now();
    assert_eq!((counts.objects, Some(counts.bytes)), (2 * up.objects, counts.expected_bytes));

    let some = tempfile::tempdir().unwrap();
    let options = TreeOptions { glob: Some("b/*".to_owned()), ..TreeOptions::default() };
    storage.download_tree("s3://bucket/tree", some.path(), &options).await.unwrap();
    assert_eq!((entries(some.path()), entries(&some.path().join("b")).len()), (vec!["b".to_owned()], 4));
    let options = TreeOptions { glob: Some("[".to_owned()), ..TreeOptions::default() };
    let error = storage.download_tree("s3://bucket/tree", some.path(), &options).await.unwrap_err();
    assert!(error.to_string().contains("`[` is no pattern"), "{error}");
}

#[tokio::test]
async fn no_more_files_of_a_directory_go_up_at_once_than_it_says() {
    let server = S3::start(|request, _| if request.line.contains("/raw/") { Fault::Gate } else { Fault::None });
    server.objects().put("free", "free");
    let tree = tempfile::tempdir().unwrap();
    for number in 0..9 {
        fs::write(tree.path().join(number.to_string()), "x").unwrap();
    }
    let storage = Storage::new(StorageConfig { answer_timeout: None, ..config(&server) });
    let inner = storage.clone();
    let workspace = Workspace::new(move || inner, Some("s3://bucket/raw".to_owned()), tree.path());
    let mut outputs = OutputWriter::new(&["o0"], &Dialect::FLYTE_1, Outbox::new(&workspace));
    let options = TreeOptions { concurrency: Some(2), ..TreeOptions::default() };
    outputs.put(Directory::<Any>::from_path(tree.path()).stored_as(options)).unwrap();
    let sending = tokio::spawn(outputs.finish().outbox.send());
    let waiting = server.clone();
    tokio::task::spawn_blocking(move || waiting.wait_for_stuck(2)).await.unwrap();
    // By the time of this answer one more would have come.
    storage.get("s3://bucket/free").await.unwrap();
    assert_eq!(server.seen().iter().filter(|request| request.line.contains("/raw/")).count(), 2);
    server.open_gate();
    sending.await.unwrap().unwrap();
    assert_eq!(server.objects().all.len(), 10);
}

/// Small objects hide each other's latency; of large ones a few fill the line.
#[tokio::test]
async fn the_larger_the_objects_of_a_tree_the_fewer_come_at_once() {
    for (size, concurrency, at_once) in [(4 << 10, None, 64), (5 * MIB, None, 12), (5 * MIB, Some(20), 20)] {
        let server = S3::start(|request, _| if request.line.contains("/bucket/tree/") { Fault::Gate } else { Fault::None });
        server.objects().put("free", "free");
        for number in 0..70 {
            server.objects().put(&format!("tree/{number}"), bytes(size));
        }
        let storage = Storage::new(StorageConfig { answer_timeout: None, ..config(&server) });
        let target = tempfile::tempdir().unwrap();
        let (inner, path) = (storage.clone(), target.path().to_owned());
        let options = TreeOptions { concurrency, ..TreeOptions::default() };
        let fetching = tokio::spawn(async move { inner.download_tree("s3://bucket/tree", &path, &options).await });
        let waiting = server.clone();
        tokio::task::spawn_blocking(move || waiting.wait_for_stuck(at_once)).await.unwrap();
        if at_once < 64 {
            // By the time of this answer one more would have come.
            storage.get("s3://bucket/free").await.unwrap();
        }
        let asked = server.seen().iter().filter(|request| request.line.contains("/bucket/tree/")).count();
        assert_eq!(asked, at_once, "{size} bytes");
        server.open_gate();
        assert_eq!(fetching.await.unwrap().unwrap().objects, 70);
    }
}

#[tokio::test]
async fn many_objects_come_a_page_at_a_time() {
    let server = good();
    for number in 0..2500 {
        server.objects().put(&format!("many/{number:04}"), format!("{number}"));
    }
    let root = tempfile::tempdir().unwrap();
    let done = storage(&server).download_tree("s3://bucket/many", root.path(), &TreeOptions::default()).await.unwrap();
    assert_eq!(done.objects, 2500);
    assert_eq!(fs::read_to_string(root.path().join("2499")).unwrap(), "2499");
    assert_eq!(entries(root.path()).len(), 2500);
    let level = storage(&server).list_level("s3://bucket").await.unwrap();
    assert_eq!((level.objects.len(), level.prefixes), (0, vec!["many".to_owned()]));
}

#[tokio::test]
async fn keys_that_are_no_files_are_named_and_nothing_is_written_outside() {
    let long = format!("tree/{}", "n".repeat(1000));
    for key in ["tree/../../outside", "tree//double", "tree/./dot", "tree/a\u{7}b", &long, "tree/.nebulakit-partial-7"] {
        let server = good();
        server.objects().put(key, "x");
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("target/deep");
        let error = storage(&server).download_tree("s3://bucket/tree", &target, &TreeOptions::default()).await.unwrap_err();
        let name = &key[key.len() - 7..];
        assert!(error.to_string().contains(name) || error.to_string().contains("a\\u{7}b"), "{key}: {error}");
        assert_eq!(entries(root.path()), ["target"], "{key}");
        assert_eq!(entries(&target), [""; 0], "{key}");
    }
    // A file where a directory is needed, in both orders.
    for keys in [["tree/a", "tree/a/b"], ["tree/a-", "tree/a-/b"]] {
        let server = good();
        for key in keys {
            server.objects().put(key, "x");
        }
        let root = tempfile::tempdir().unwrap();
        let options = TreeOptions { concurrency: Some(1), ..TreeOptions::default() };
        let error = storage(&server).download_tree("s3://bucket/tree", root.path(), &options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Url, "{error}");
        assert!(error.to_string().contains("\"a"), "{error}");
    }
    // The markers of some tools are directories.
    let server = good();
    for key in ["tree/marked/", "tree/marked/x", "tree/alone/", "tree/"] {
        server.objects().put(key, "");
    }
    let root = tempfile::tempdir().unwrap();
    let done = storage(&server).download_tree("s3://bucket/tree", root.path(), &TreeOptions::default()).await.unwrap();
    assert_eq!((done.objects, entries(root.path())), (1, vec!["alone".to_owned(), "marked".to_owned()]));
    assert_eq!(entries(&root.path().join("marked")), ["x"]);
}

/// Keys that some file systems take for one, and the longest that a store takes.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn keys_that_differ_a_little_are_files_of_their_own() {
    let longest = format!("{0}/{0}/{0}/{0}", "n".repeat(249));
    let keys = ["A", "a", "x/b", "X/b", "x/B", "\u{e9}", "e\u{301}", "\u{df}", "ss", &longest];
    let server = good();
    for key in keys {
        server.objects().put(&format!("tree/{key}"), format!("of {key}"));
    }
    let root = tempfile::tempdir().unwrap();
    let inner = storage(&server);
    let workspace = Workspace::new(move || inner, None, root.path());
    let directory = Directory::<Any>::from_uri("s3://bucket/tree").within(&workspace);
    let path = directory.path().await.unwrap();
    for key in keys {
        assert_eq!(fs::read_to_string(path.join(key)).unwrap(), format!("of {key}"));
    }
}

/// A directory that seems to take names for the same that differ in case: whatever name is looked for in capitals, the name of a file that
/// is being written among them, is there.
async fn folding(directory: &Path) {
    fs::create_dir(directory).unwrap();
    let beside = tempfile::tempdir_in(directory.parent().unwrap()).unwrap();
    let beside_it = beside.path().join("x");
    let _partial = Storage::default().create(beside_it.to_str().unwrap(), &PutOptions::default()).await.unwrap();
    let name = entries(beside.path()).remove(0);
    let (prefix, number) = name.rsplit_once('-').unwrap();
    let number: u32 = number.parse().unwrap();
    // Other tests of this process take numbers meanwhile.
    for number in number..number + 5000 {
        fs::write(directory.join(format!("{prefix}-{number}").to_uppercase()), "").unwrap();
    }
}

#[tokio::test]
async fn keys_that_are_one_file_where_case_does_not_count_are_both_named() {
    let root = tempfile::tempdir().unwrap();
    let server = good();
    for (name, keys, clash) in [
        ("file", ["A", "a"], true),
        ("below", ["X/a", "x/A"], true),
        ("directory", ["X/b", "x/a"], false),
        ("other", ["\u{c9}", "\u{e9}"], true),
        ("equal", ["a", "b"], false),
    ] {
        for key in keys {
            server.objects().put(&format!("{name}/{key}"), format!("of {key}"));
        }
        let target = root.path().join(name);
        folding(&target).await;
        let inner = storage(&server);
        let workspace = Workspace::new(move || inner, None, root.path());
        let done = Directory::<Any>::from_uri(format!("s3://bucket/{name}")).within(&workspace).download(&target).await;
        if !clash {
            assert_eq!(done.unwrap().objects, 2, "{name}");
            continue;
        }
        let error = done.unwrap_err();
        let [first, second] = keys;
        let text = format!(
            "the key {second:?} cannot be a file below `{}`: {first:?} is the same file there, where case does not count",
            target.display()
        );
        assert!(error.kind() == ErrorKind::Url && error.to_string().contains(&text), "{error}");
        // Whichever came has its own bytes, and the other is not there.
        let there: Vec<_> = keys.into_iter().filter(|key| target.join(key).exists()).collect();
        assert!(there.iter().all(|key| *key == first && fs::read_to_string(target.join(key)).unwrap() == format!("of {key}")), "{there:?}");
    }
}

#[tokio::test]
async fn a_prefix_that_is_registered_for_a_bucket_leads_to_its_keys() {
    let server = good();
    let mut registry = Registry::default();
    registry.register("lake://", "s3://bucket/deep").unwrap();
    registry.register("web://", &format!("{}/bucket/deep/", server.url)).unwrap();
    let storage = Storage::new(StorageConfig { registry, ..config(&server) });
    storage.put("lake://a/b c%+?.csv", vec!["x".into()], &PutOptions::default()).await.unwrap();
    assert_eq!(server.objects().all.keys().collect::<Vec<_>>(), ["deep/a/b c%+?.csv"]);
    let found = storage.list("lake://a").await.unwrap();
    assert_eq!((found.len(), found[0].url.as_str()), (1, "lake://a/b c%+?.csv"));
    for url in [&*found[0].url, "web://a/b c%+?.csv"] {
        let pieces: Vec<Bytes> = storage.read(url, ..).await.unwrap().try_collect().await.unwrap();
        assert_eq!(pieces.concat(), b"x", "{url}");
    }
    let error = storage.read("lake://none", ..).await.unwrap_err();
    let text = format!("reading: nothing is stored at `lake://none`: {} answered 404 NoSuchKey", server.url);
    assert!(error.to_string().starts_with(&text) && error.to_string().ends_with(" (1 try)"), "{error}");
    let error = storage.put("web://a", vec![], &PutOptions::default()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Url && error.to_string().contains("`web://a` cannot be written"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_refused_or_followed_but_never_passed_over() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().unwrap();
    let tree = root.path().join("tree");
    fs::create_dir_all(tree.join("d")).unwrap();
    fs::create_dir(root.path().join("far")).unwrap();
    fs::write(root.path().join("far/f"), "far").unwrap();
    fs::write(tree.join("d/f"), "near").unwrap();
    symlink(root.path().join("far"), tree.join("link")).unwrap();
    let storage = Storage::memory();
    let follow = TreeOptions { symlinks: Symlinks::Follow, ..TreeOptions::default() };
    let error = storage.upload_tree(&tree, "memory://up", &TreeOptions::default()).await.unwrap_err();
    assert!(error.to_string().contains("tree/link` is a link"), "{error}");
    storage.upload_tree(&tree, "memory://up", &follow).await.unwrap();
    assert_eq!(storage.get("memory://up/link/f").await.unwrap(), "far");

    symlink(&tree, root.path().join("far/back")).unwrap();
    let error = storage.upload_tree(&tree, "memory://up", &follow).await.unwrap_err();
    assert!(error.to_string().contains("far/back") || error.to_string().contains("link/back"), "{error}");
    assert!(error.to_string().contains("a circle"), "{error}");
    fs::remove_file(root.path().join("far/back")).unwrap();

    symlink("nowhere", tree.join("dangling")).unwrap();
    let error = storage.upload_tree(&tree, "memory://up", &follow).await.unwrap_err();
    assert!(error.to_string().contains("tree/dangling`"), "{error}");
    fs::remove_file(tree.join("dangling")).unwrap();

    let _socket = std::os::unix::net::UnixListener::bind(tree.join("socket")).unwrap();
    let error = storage.upload_tree(&tree, "memory://up", &follow).await.unwrap_err();
    assert!(error.to_string().contains("tree/socket` is neither a file nor a directory"), "{error}");
}

#[tokio::test]
async fn ranges_are_exact_and_near_ones_come_together() {
    let server = good();
    let whole = bytes(3 * MIB);
    server.objects().put("key", whole.clone());
    let storage = storage(&server);
    assert_eq!(storage.read_range(URL, 10..20).await.unwrap(), whole.slice(10..20));
    server.forget();
    let wanted = [2 * MIB..2 * MIB + 100, 0..10, 5..30, 40..41, 7..7].map(|range| range.start as u64..range.end as u64);
    let found = storage.read_ranges(URL, &wanted).await.unwrap();
    for (range, bytes) in wanted.iter().zip(&found) {
        assert!(*bytes == whole[range.start as usize..range.end as usize], "{range:?}");
    }
    assert_eq!(server.seen().len(), 2);
    let end = 3 * MIB as u64;
    for range in [end - 1..end + 1, end..end + 1] {
        let error = storage.read_range(URL, range).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfRange, "{error}");
    }
}

#[tokio::test]
async fn readings_end_where_the_object_ends() {
    let server = good();
    server.objects().put("key", bytes(100));
    server.objects().put("empty", "");
    let storage = storage(&server);
    let read = async |url: &str, start: u64, end: Option<u64>| {
        let reading = match end {
            Some(end) => storage.read(url, start..end).await?,
            None => storage.read(url, start..).await?,
        };
        let pieces: Vec<Bytes> = reading.try_collect().await?;
        Ok::<_, nebulakit_types::Error>(pieces.concat().len())
    };
    for (url, start, end, length) in [
        (URL, 0, None, 100),
        (URL, 90, None, 10),
        (URL, 90, Some(1000), 10),
        (URL, 100, None, 0),
        (URL, 7, Some(7), 0),
        ("s3://bucket/empty", 0, None, 0),
        ("s3://bucket/empty", 0, Some(10), 0),
    ] {
        assert_eq!(read(url, start, end).await.unwrap(), length, "{url} {start} {end:?}");
    }
    assert_eq!(read(URL, 101, None).await.unwrap_err().kind(), ErrorKind::OutOfRange);
    assert_eq!(read("s3://bucket/none", 0, None).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(storage.download("s3://bucket/none", Path::new("/nowhere/x")).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn credentials_that_expire_on_the_way_are_denied() {
    let server = on_gets(|count, _, _| if count == 0 { Fault::None } else { Fault::Error(400, "ExpiredToken", &[]) });
    server.objects().put("key", bytes(20 * MIB));
    let root = tempfile::tempdir().unwrap();
    let error = storage(&server).download(URL, &root.path().join("file")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(error.to_string().contains("400 ExpiredToken"), "{error}");
    assert_eq!(entries(root.path()), [""; 0]);
}

#[tokio::test]
async fn a_fault_that_lasts_names_what_was_done_where_and_how_often() {
    let server = on_gets(|_, _, _| Fault::Error(503, "SlowDown", &[]));
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("file");
    let error = storage(&server).download(URL, &target).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    for part in ["downloading `", target.to_str().unwrap(), URL, &server.url, "503 SlowDown", "4 tries"] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[tokio::test]
async fn what_cannot_be_written_is_an_error_and_leaves_nothing() {
    let server = good();
    server.objects().put("key", bytes(20 * MIB));
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "x").unwrap();
    fs::create_dir_all(root.path().join("directory/full")).unwrap();
    server.objects().put("tree/key", "x");
    let storage = storage(&server);
    for target in ["file/below", "directory"] {
        let error = storage.download(URL, &root.path().join(target)).await.unwrap_err();
        assert!(error.to_string().contains(target.split('/').next().unwrap()), "{error}");
    }
    assert_eq!(entries(root.path()), ["directory", "file"]);
    #[cfg(unix)]
    {
        let directory = read_only::directory();
        let (before, target) = (entries(directory.path()), directory.path().join("new"));
        let one = storage.download(URL, &target).await.unwrap_err();
        let tree = storage.download_tree("s3://bucket/tree", &target, &TreeOptions::default()).await.unwrap_err();
        for (url, error) in [(URL, one), ("s3://bucket/tree", tree)] {
            assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
            assert!(error.to_string().starts_with(&format!("downloading `{url}` to `{}`: cannot ", target.display())), "{error}");
        }
        assert_eq!(entries(directory.path()), before);
    }
}

#[tokio::test]
async fn listings_are_streams_that_may_be_dropped() {
    let server = good();
    for number in 0..1500 {
        server.objects().put(&format!("many/{number:04}"), "x");
    }
    let storage = storage(&server);
    let mut walk = Box::pin(storage.walk("s3://bucket/many"));
    assert_eq!(walk.next().await.unwrap().unwrap().key, "0000");
    assert_eq!(server.seen().len(), 1);
    drop(walk);
    assert_eq!(storage.walk("s3://bucket/many/").count().await, 1500);
    assert_eq!(storage.walk("s3://bucket/none").count().await, 0);
}

/// The process is run again as one whose files may not grow beyond a megabyte; the signal for that is ignored, as by most programs.
#[cfg(unix)]
#[test]
#[allow(clippy::disallowed_methods, reason = "the variable is this test's own")]
fn a_full_disk_is_an_error_and_leaves_nothing() {
    const CHILD: &str = "NEBULAKIT_TEST_FULL_DISK";
    if std::env::var_os(CHILD).is_none() {
        let this = std::env::current_exe().unwrap();
        let limited = r#"trap "" XFSZ; ulimit -f 1024; exec "$0" --exact a_full_disk_is_an_error_and_leaves_nothing"#;
        let status = std::process::Command::new("sh").arg("-c").arg(limited).arg(this).env(CHILD, "1").status().unwrap();
        assert!(status.success());
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = good();
        server.objects().put("key", bytes(20 * MIB));
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("file");
        let storage = storage(&server);
        let error = storage.download(URL, &target).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().contains(&format!("cannot write `{}`", target.display())), "{error}");
        let mut writer = storage.create(target.to_str().unwrap(), &PutOptions::default()).await.unwrap();
        writer.write(bytes(2 * MIB)).await.unwrap_err();
        drop(writer);
        assert_eq!(entries(root.path()), [""; 0]);
    });
}
