//! Transfers to and from a store that misbehaves: what arrives is whole and of one version, what does not arrive leaves nothing.

#![allow(clippy::unwrap_used, reason = "tests")]

mod checksums;
#[path = "../fault_server/mod.rs"]
mod fault_server;
mod odd_keys;
#[cfg(unix)]
#[path = "../read_only/mod.rs"]
mod read_only;
mod trees;
mod uploads;

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
use nebulakit_types::storage::{Environment, PutOptions, S3Config, Storage, StorageConfig, Symlinks, TreeOptions, UrlAliases};
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
        let mut file: FileWriter = File::create(&workspace, "b").unwrap();
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
async fn a_prefix_that_is_registered_for_a_bucket_leads_to_its_keys() {
    let server = good();
    let mut registry = UrlAliases::default();
    registry.register("lake://", "s3://bucket/deep").unwrap();
    registry.register("web://", &format!("{}/bucket/deep/", server.url)).unwrap();
    let storage = Storage::new(StorageConfig { aliases: registry, ..config(&server) });
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
