//! Transfers that have to be over by a deadline, from and to a store that stalls.

#![allow(clippy::unwrap_used, reason = "tests")]

mod fault_server;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join_all};
use futures_util::{FutureExt as _, TryStreamExt as _};
use nebulakit_types::storage::{PutOptions, S3Config, Storage, StorageConfig, TreeOptions};
use nebulakit_types::{Error, ErrorKind};

use self::fault_server::s3::{Fault, S3};
use self::fault_server::{Reply, Server};

const MIB: usize = 1 << 20;
const URL: &str = "s3://bucket/key";
const LATE: &str = "; the deadline has passed";

/// Nothing but the deadline ends what stalls: its own limits are far longer.
fn storage(endpoint: &str) -> Storage {
    Storage::new(StorageConfig {
        s3: S3Config {
            endpoint: Some(endpoint.to_owned()),
            access_key_id: Some("AKTEST".to_owned()),
            secret_access_key: Some("secret".into()),
            ..S3Config::default()
        },
        backoff: Some(Duration::from_secs(1 << 36)),
        answer_timeout: Some(Duration::from_secs(3600)),
        ..StorageConfig::default()
    })
}

/// Long enough for a busy machine to come to where it waits.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(2)
}

fn entries(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The error of each operation of a storage, all at once, by what it calls itself.
async fn all(storage: &Storage, root: &Path) -> Vec<(&'static str, Error)> {
    let (file, small, tree, target) = (root.join("file"), root.join("small"), root.join("tree"), root.join("target"));
    let (until, plain, trees) = (&storage.until(soon()), &PutOptions::default(), &TreeOptions::default());
    let written = async |length: usize| {
        let mut writer = until.create(URL, plain).await?;
        writer.write(vec![1; length].into()).await?;
        writer.finish().await
    };
    let read = async || until.read(URL, ..).await?.try_collect::<Vec<_>>().await;
    let below = target.join("file");
    let all: Vec<(_, BoxFuture<'_, Option<Error>>)> = vec![
        ("fetching", until.get(URL).map(Result::err).boxed()),
        ("storing", until.put(URL, vec!["x".into()], plain).map(Result::err).boxed()),
        ("looking for", until.stat(URL).map(Result::err).boxed()),
        ("listing", until.list(URL).map(Result::err).boxed()),
        ("listing", until.list_level(URL).map(Result::err).boxed()),
        ("deleting", until.delete(URL).map(Result::err).boxed()),
        ("reading", read().map(Result::err).boxed()),
        ("reading", until.read_range(URL, 5..10).map(Result::err).boxed()),
        ("downloading", until.download(URL, &below).map(Result::err).boxed()),
        ("downloading", until.download_tree(URL, &target, trees).map(Result::err).boxed()),
        ("uploading", until.upload(&file, URL, plain).map(Result::err).boxed()),
        ("uploading", until.upload(&small, URL, plain).map(Result::err).boxed()),
        ("uploading", until.upload_tree(&tree, URL, trees).map(Result::err).boxed()),
        ("writing", written(10).map(Result::err).boxed()),
        ("writing", written(20 * MIB).map(Result::err).boxed()),
    ];
    join_all(all.into_iter().map(async |(operation, error)| (operation, error.await.unwrap()))).await
}

fn prepared() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, size) in [("file", 20 * MIB), ("small", 10), ("tree/one", 10)] {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, vec![7; size]).unwrap();
    }
    fs::create_dir(root.path().join("target")).unwrap();
    root
}

#[tokio::test]
async fn what_a_store_does_not_answer_in_time_is_an_error_that_says_so() {
    let server = Server::follow([Reply::Silence]);
    let root = prepared();
    for (operation, error) in all(&storage(&server.url), root.path()).await {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        for part in [operation, "`s3://bucket/key", &server.url, "did not answer in time (1 try)", LATE] {
            assert!(error.to_string().contains(part), "{operation}, {part}: {error}");
        }
    }
    assert_eq!(entries(&root.path().join("target")), [""; 0]);
    let web = format!("{}/x", server.url);
    let until = storage(&server.url).until(soon());
    let (got, read) = tokio::join!(until.get(&web), until.read(&web, ..));
    for error in [got.unwrap_err(), read.unwrap_err()] {
        let end = format!("`{web}`: {} did not answer in time (1 try){LATE}", server.url);
        assert!(error.to_string().ends_with(&end), "{error}");
    }
}

#[tokio::test]
async fn the_last_cause_before_a_deadline_is_told_with_it() {
    let server = Server::follow([Reply::Answer(503, &[], "<Error><Code>SlowDown</Code><Message>Slow down.</Message></Error>")]);
    let root = prepared();
    for (operation, error) in all(&storage(&server.url), root.path()).await {
        // The answer to a `HEAD` has no body.
        let said = if operation == "looking for" { "answered 503 (1 try)" } else { "answered 503 SlowDown: Slow down (1 try)" };
        for part in [operation, said, LATE] {
            assert!(error.to_string().contains(part), "{operation}, {part}: {error}");
        }
    }
}

#[tokio::test]
async fn after_a_deadline_nothing_is_asked_for() {
    let server = Server::follow([Reply::Silence]);
    let root = prepared();
    let late = storage(&server.url).until(Instant::now());
    let errors = [
        late.get(URL).await.unwrap_err(),
        late.list(URL).await.unwrap_err(),
        late.delete(URL).await.unwrap_err(),
        late.download(URL, &root.path().join("target/file")).await.unwrap_err(),
        late.upload(&root.path().join("file"), URL, &PutOptions::default()).await.unwrap_err(),
        late.get(&format!("{}/x", server.url)).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().ends_with(&format!("(0 tries){LATE}")), "{error}");
    }
    let text = root.path().join("target/file");
    let copied = late.download(root.path().join("file").to_str().unwrap(), &text).await.unwrap_err();
    let written = late.create(text.to_str().unwrap(), &PutOptions::default()).await.unwrap().write("x".into()).await.unwrap_err();
    for (operation, error) in [("downloading", copied), ("writing", written)] {
        assert!(error.to_string().starts_with(operation) && error.to_string().ends_with(LATE), "{error}");
    }
    assert_eq!(entries(&root.path().join("target")), [""; 0]);
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up_and_its_file_too() {
    let server = S3::start(|request, _| match request.headers.get("range") {
        // The first range comes; of the others, only the beginning.
        Some(range) if range.starts_with("bytes=0-") => Fault::None,
        _ => Fault::Stall(MIB),
    });
    server.objects().put("key", vec![7; 20 * MIB]);
    let root = tempfile::tempdir().unwrap();
    let storage = storage(&server.url);
    let (until, file) = (storage.until(soon()), root.path().join("file"));
    let read = async || until.read(URL, ..).await?.try_collect::<Vec<_>>().await;
    let (got, read, downloaded) = tokio::join!(until.get(URL), read(), until.download(URL, &file));
    for error in [got.unwrap_err(), read.unwrap_err(), downloaded.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        for part in [URL, &server.url, "broke off its answer: it had not come in time (1 try)", LATE] {
            assert!(error.to_string().contains(part), "{part}: {error}");
        }
    }
    assert_eq!(entries(root.path()), [""; 0]);
}

#[tokio::test]
async fn an_upload_that_is_out_of_time_is_taken_back() {
    let root = prepared();
    for stage in ["partNumber=2", "POST /bucket/key?uploadId"] {
        let server = S3::start(move |request, _| if request.line.contains(stage) { Fault::Gate } else { Fault::None });
        let upload = storage(&server.url).until(soon()).upload(&root.path().join("file"), URL, &PutOptions::default()).await;
        let error = upload.unwrap_err();
        assert!(error.to_string().ends_with(LATE), "{stage}: {error}");
        while server.objects().aborted == 0 {
            tokio::task::yield_now().await;
        }
        assert!(server.objects().all.is_empty() && server.objects().uploads.is_empty(), "{stage}");
        server.forget();
    }
}

#[tokio::test]
async fn what_waits_for_its_turn_keeps_its_deadline_too() {
    let server = S3::start(|_, _| Fault::Gate);
    server.objects().put("key", "x");
    let storage = storage(&server.url);
    let mut others = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let storage = storage.clone();
        others.spawn(async move { storage.get(URL).await });
    }
    let waiting = server.clone();
    tokio::task::spawn_blocking(move || waiting.wait_for_stuck(64)).await.unwrap();
    let root = prepared();
    for (operation, error) in all(&storage, root.path()).await {
        for part in [operation, "`s3://bucket/key", "other transfers were still under way (0 tries)", LATE] {
            assert!(error.to_string().contains(part), "{operation}, {part}: {error}");
        }
    }
    assert_eq!(server.seen().len(), 64);
    server.open_gate();
    while let Some(done) = others.join_next().await {
        done.unwrap().unwrap();
    }
}
