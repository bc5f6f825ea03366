//! Storage against servers that misbehave: every way in which a store can fail ends in a clear error, in bounded time, or in a retry.

#![allow(clippy::unwrap_used, reason = "tests")]

mod fault_server;

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use nebulakit_types::file::{Any, File};
use nebulakit_types::storage::{AddressingStyle, Environment, PutOptions, S3Config, Storage, StorageConfig, TreeOptions};
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Error, ErrorKind};

use self::fault_server::Reply::{Answer, Hangup, Silence};
use self::fault_server::{Reply, Server, read, rendered};

const SECRET: &str = "s3cr3t/DoNotShow+Me";

const SLOW_DOWN: Reply = Answer(503, &[], "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>");
const OBJECT: &[&str] = &["ETag: \"1\"", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT"];

fn config(endpoint: &str) -> StorageConfig {
    StorageConfig {
        s3: S3Config {
            endpoint: Some(endpoint.to_owned()),
            access_key_id: Some("AKTEST".to_owned()),
            secret_access_key: Some(SECRET.into()),
            ..S3Config::default()
        },
        retries: Some(3),
        backoff: Some(Duration::from_millis(1)),
        ..StorageConfig::default()
    }
}

fn s3(script: impl IntoIterator<Item = Reply>) -> (Server, Storage) {
    let server = Server::follow(script);
    let storage = Storage::new(config(&server.url));
    (server, storage)
}

async fn put(storage: &Storage, url: &str) -> Result<(), Error> {
    storage.put(url, vec!["one".into(), Bytes::new(), "two".into()], &PutOptions::default()).await
}

/// The whole chain, as people read it.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        text.push_str(&format!(": {source}"));
        next = source.source();
    }
    text
}

#[tokio::test]
async fn passing_faults_are_retried() {
    let (server, storage) = s3([SLOW_DOWN, Hangup, Answer(500, &[], ""), Answer(200, OBJECT, "bytes")]);
    assert_eq!(storage.get("s3://bucket/key").await.unwrap(), "bytes");
    assert_eq!(server.seen().len(), 4);

    let (server, storage) = s3([SLOW_DOWN, Hangup, Answer(429, &[], ""), Answer(200, OBJECT, "")]);
    put(&storage, "s3://bucket/key").await.unwrap();
    assert!(server.seen().iter().all(|request| request.body == "onetwo"));
    assert_eq!(server.seen().len(), 4);
}

/// The URL of a server that keeps its connections, and answers whatever is asked with a byte.
fn keeping_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                while read(&mut stream).is_some() {
                    let head =
                        "HTTP/1.1 200 X\r\nContent-Length: 1\r\nETag: \"1\"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\nx";
                    stream.write_all(head.as_bytes()).unwrap();
                }
            });
        }
    });
    url
}

#[test]
fn a_runtime_does_not_wait_for_connections_that_another_one_serves() {
    let url = keeping_server();
    let storage = Storage::new(StorageConfig { retries: Some(0), answer_timeout: Some(Duration::from_secs(5)), ..config(&url) });
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (left, driven) = (runtime(), runtime());
    left.block_on(async {
        assert_eq!(storage.get("s3://bucket/key").await.unwrap(), "x");
        // Until the connection waits for the next request.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
    });
    // Nobody drives the first runtime now.
    assert_eq!(driven.block_on(storage.get("s3://bucket/key")).unwrap(), "x");
    drop(left);
    assert_eq!(driven.block_on(storage.get("s3://bucket/key")).unwrap(), "x");
}

#[tokio::test]
async fn a_fault_that_lasts_is_unavailable_and_says_who_said_what() {
    let (server, storage) = s3([SLOW_DOWN]);
    let error = storage.get("s3://bucket/key").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = chain(&error);
    for part in ["`s3://bucket/key`", &server.url, "503 SlowDown: Please reduce your request rate", "4 tries"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn every_failure_names_the_operation_the_url_the_tries_and_the_cause() {
    let (server, storage) = s3([Answer(400, &[], "<Error><Code>Odd</Code><Message>no</Message></Error>")]);
    let web = format!("{}/x", server.url);
    let url = "s3://bucket/key";
    for (operation, url, error) in [
        ("fetching", url, storage.get(url).await.unwrap_err()),
        ("storing", url, put(&storage, url).await.unwrap_err()),
        ("looking for", url, storage.stat(url).await.unwrap_err()),
        ("listing", url, storage.list(url).await.unwrap_err()),
        ("listing", url, storage.list_level(url).await.unwrap_err()),
        ("deleting", url, storage.delete(url).await.unwrap_err()),
        ("reading", url, storage.read(url, ..).await.unwrap_err()),
        ("fetching", &web, storage.get(&web).await.unwrap_err()),
        ("looking for", &web, storage.stat(&web).await.unwrap_err()),
        ("reading", &web, storage.read(&web, ..).await.unwrap_err()),
    ] {
        let text = error.to_string();
        for part in [&format!("{operation}: `{url}`"), &server.url, "answered 400", "(1 try)"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}

/// Whatever goes wrong with requests, and with what they bring.
#[tokio::test]
async fn no_failure_leaves_out_the_operation_the_url_the_tries_and_the_cause() {
    const GONE: &str = "<Error><Code>NoSuchKey</Code><Message>no</Message></Error>";
    const NO_BUCKET: &str = "<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>";
    const TEN: &[&str] = &[OBJECT[0], OBJECT[1], "Content-Length: 10"];
    const WRONG: &[&str] = &[OBJECT[0], OBJECT[1], "x-amz-checksum-crc32c: AAAAAA=="];
    let url = "s3://bucket/key";
    let free = format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let nobody = |metadata: &str| {
        let mut config = config("http://127.0.0.1:9");
        config.s3 = S3Config::default();
        config.environment = Environment::pick([("AWS_METADATA_ENDPOINT".into(), metadata.into())]);
        Storage::new(config)
    };
    let metadata = Server::follow([Answer(500, &[], "")]);
    let quiet = Server::follow([Silence]);
    let web = Server::follow([Answer(206, &["Content-Range: bytes 7-9/10"], "789")]);
    let web_url = format!("{}/x", web.url);
    let broken = Server::follow([Answer(200, TEN, "0123")]);
    let broken_url = format!("{}/x", broken.url);
    let quiet_config = StorageConfig { answer_timeout: Some(Duration::from_millis(30)), retries: Some(1), ..config(&quiet.url) };
    let read = async |storage: &Storage, url: &str| storage.read(url, ..).await?.try_collect::<Vec<_>>().await.map(drop);
    let nothing = || s3([Answer(404, &[], GONE)]).1;
    let late_nothing = s3([SLOW_DOWN, Answer(404, &[], GONE)]).1;
    let no_page = Server::follow([Answer(404, &[], "")]);
    let no_page_url = format!("{}/x", no_page.url);
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    let file = |url: &str, storage: Storage| File::<Any>::from_uri(url).within(Workspace::new(move || storage, None, "."));
    for (operation, url, tries, cause, error) in [
        ("fetching", url, "4 tries", "answered 500", nobody(&metadata.url).get(url).await.unwrap_err()),
        ("storing", url, "2 tries", "did not answer", put(&nobody(&free), url).await.unwrap_err()),
        ("storing", url, "2 tries", "no answer within 1s", put(&nobody(&quiet.url), url).await.unwrap_err()),
        ("storing", url, "1 try", "answered 404 NoSuchBucket: no", put(&s3([Answer(404, &[], NO_BUCKET)]).1, url).await.unwrap_err()),
        ("storing", url, "1 try", "answered 404 NoSuchKey: no", put(&s3([Answer(404, &[], GONE)]).1, url).await.unwrap_err()),
        ("fetching", url, "4 tries", "refused", Storage::new(config(&free)).get(url).await.unwrap_err()),
        ("fetching", url, "2 tries", "no answer within 30ms", Storage::new(quiet_config).get(url).await.unwrap_err()),
        ("fetching", url, "1 try", "yesterday", s3([Answer(200, &["Last-Modified: yesterday"], "x")]).1.get(url).await.unwrap_err()),
        ("reading", url, "1 try", "partial", s3([Answer(200, OBJECT, "0123")]).1.read(url, 1..2).await.unwrap_err()),
        ("fetching", url, "1 try", "damaged", s3([Answer(200, WRONG, "x")]).1.get(url).await.unwrap_err()),
        ("reading", url, "1 try", "damaged", read(&s3([Answer(200, WRONG, "x")]).1, url).await.unwrap_err()),
        ("reading", &web_url, "1 try", "gave 7..10", Storage::default().read(&web_url, 1..3).await.unwrap_err()),
        ("fetching", &broken_url, "4 tries", "broke off its answer", Storage::new(config(&free)).get(&broken_url).await.unwrap_err()),
        ("listing", url, "1 try", "something that is not a listing", s3([Answer(200, &[], "<no")]).1.list(url).await.unwrap_err()),
        ("fetching", url, "1 try", "answered 404 NoSuchKey: no", nothing().get(url).await.unwrap_err()),
        ("fetching", url, "2 tries in ", "answered 404 NoSuchKey: no", late_nothing.get(url).await.unwrap_err()),
        ("reading", url, "1 try", "answered 404 NoSuchKey: no", read(&nothing(), url).await.unwrap_err()),
        ("reading", url, "1 try", "answered 404", nothing().read(url, 3..3).await.unwrap_err()),
        ("reading", url, "1 try", "answered 404 NoSuchKey: no", nothing().read_range(url, 1..2).await.unwrap_err()),
        ("downloading", url, "1 try", "answered 404 NoSuchKey: no", nothing().download(url, &target).await.unwrap_err()),
        ("looking for", url, "1 try", "answered 404", file(url, nothing()).stat().await.unwrap_err()),
        ("fetching", &no_page_url, "1 try", "answered 404", Storage::default().get(&no_page_url).await.unwrap_err()),
        ("reading", &no_page_url, "1 try", "answered 404", read(&Storage::default(), &no_page_url).await.unwrap_err()),
        ("looking for", &no_page_url, "1 try", "answered 404", file(&no_page_url, Storage::default()).stat().await.unwrap_err()),
    ] {
        for part in [operation, &format!("`{url}`"), cause, &format!("({tries}")] {
            assert!(error.to_string().contains(part), "no {part:?} in: {error}");
        }
    }
}

/// A folder stands where a file should, and a file where a folder should; and nothing is where something should. What this machine answers
/// is not tried again, so that there are no tries to tell, and what was being done is said once.
#[tokio::test]
async fn failures_of_this_machine_name_the_operation_once_the_path_and_the_cause() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    let (folder, below, absent) = (path("folder"), path("file/below"), path("absent"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(path("file"), "x").unwrap();
    let (storage, plain) = (Storage::default(), PutOptions::default());
    let file = |url: &str| File::<Any>::from_uri(url).within(Workspace::local(root.path()));
    let mut writer = storage.create(&path("late"), &plain).await.unwrap();
    writer.write("x".into()).await.unwrap();
    std::fs::create_dir(path("late")).unwrap();
    let (nothing, trees) = ("nothing is stored at", TreeOptions::default());
    for (operation, path, cause, error) in [
        ("fetching: ", &absent, nothing, storage.get(&absent).await.unwrap_err()),
        ("cannot read ", &folder, "found a directory", storage.get(&folder).await.unwrap_err()),
        ("cannot ", &path("file"), "ot a directory", storage.put(&below, vec![], &plain).await.unwrap_err()),
        ("cannot delete ", &folder, "s a directory", storage.delete(&folder).await.unwrap_err()),
        ("reading: ", &absent, nothing, storage.read(&absent, ..).await.unwrap_err()),
        ("cannot read ", &folder, "found a directory", storage.read(&folder, ..).await.unwrap_err()),
        ("reading: ", &absent, nothing, storage.read_range(&absent, 0..1).await.unwrap_err()),
        ("looking for: ", &absent, nothing, file(&absent).stat().await.unwrap_err()),
        ("downloading ", &absent, nothing, storage.download(&absent, &root.path().join("x")).await.unwrap_err()),
        ("uploading ", &absent, "there is no file", storage.upload(absent.as_ref(), "memory://x", &plain).await.unwrap_err()),
        ("cannot read ", &folder, "found a directory", storage.upload(folder.as_ref(), "memory://x", &plain).await.unwrap_err()),
        ("uploading ", &absent, "o such file", storage.upload_tree(absent.as_ref(), "memory://x", &trees).await.unwrap_err()),
        ("creating: cannot ", &path("file"), "ot a directory", storage.create(&below, &plain).await.unwrap_err()),
        ("cannot write ", &path("late"), "s a directory", writer.finish().await.unwrap_err()),
    ] {
        let text = chain(&error);
        assert!(text.starts_with(operation), "{text}");
        for part in [&format!("`{path}`"), cause] {
            assert!(text.contains(part), "no {part:?} in: {text}");
        }
        assert!(!text.contains("try") && !text.contains("tries"), "{text}");
    }
    let absent = "memory://absent";
    for error in [storage.get(absent).await.unwrap_err(), storage.download(absent, &root.path().join("x")).await.unwrap_err()] {
        assert!(error.to_string().ends_with("nothing is stored at `memory://absent`"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_or_is_away_is_unavailable() {
    let (_server, storage) = s3([Hangup]);
    assert_eq!(put(&storage, "s3://bucket/key").await.unwrap_err().kind(), ErrorKind::Unavailable);

    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let storage = Storage::new(config(&format!("http://{free}")));
    for error in [storage.get("s3://bucket/key").await.unwrap_err(), storage.get(&format!("http://{free}/x")).await.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("refused") && error.to_string().contains(&free.to_string()), "{error}");
    }
}

#[tokio::test]
async fn silence_has_a_limit() {
    let server = Server::follow([Silence]);
    let config = StorageConfig { answer_timeout: Some(Duration::from_millis(30)), retries: Some(1), ..config(&server.url) };
    let storage = Storage::new(config);
    for url in ["s3://bucket/key", &format!("{}/x", server.url)] {
        let error = storage.get(url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("no answer within 30ms (2 tries"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_continued_where_it_stopped() {
    let first = Answer(200, &["ETag: \"1\"", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT", "Content-Length: 10"], "0123");
    let rest = Answer(206, &["ETag: \"1\"", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT", "Content-Range: bytes 4-9/10"], "456789");
    let (server, storage) = s3([first.clone(), rest]);
    assert_eq!(storage.get("s3://bucket/key").await.unwrap(), "0123456789");
    assert_eq!(server.seen()[1].headers["range"], "bytes=4-9");

    let (_server, storage) = s3([first.clone(), Answer(500, &[], "")]);
    assert_eq!(storage.get("s3://bucket/key").await.unwrap_err().kind(), ErrorKind::Unavailable);

    let server = Server::follow([first.clone(), Answer(200, &[], "0123456789")]);
    let storage = Storage::new(config(&server.url));
    assert_eq!(storage.get(&format!("{}/x", server.url)).await.unwrap(), "0123456789");
    let server = Server::follow([first]);
    assert_eq!(storage.get(&format!("{}/x", server.url)).await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn what_is_missing_is_told_apart() {
    let (server, storage) = s3([Answer(404, &[], "<Error><Code>NoSuchKey</Code><Message>no</Message></Error>")]);
    assert!(storage.get_if_exists("s3://bucket/key").await.unwrap().is_none());
    assert!(!storage.exists("s3://bucket/key").await.unwrap());
    let error = storage.get("s3://bucket/key").await.unwrap_err();
    let text = format!("fetching: nothing is stored at `s3://bucket/key`: {} answered 404 NoSuchKey: no (1 try)", server.url);
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::NotFound, text));

    let (server, storage) = s3([Answer(404, &[], "<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>")]);
    for error in [storage.get_if_exists("s3://bucket/key").await.unwrap_err(), put(&storage, "s3://bucket/key").await.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains(&format!("there is no bucket `bucket` at {}", server.url)), "{error}");
    }
}

#[tokio::test]
async fn a_refusal_is_denied_and_tried_once_more_without_credentials() {
    let (server, storage) = s3([Answer(403, &[], "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")]);
    let error = storage.get("s3://bucket/key").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("403 AccessDenied: Access Denied (1 try); a missing object gets the same answer where"), "{error}");
    let signed: Vec<_> = server.seen().iter().map(|request| request.headers.contains_key("authorization")).collect();
    assert_eq!(signed, [true, false]);

    let (server, storage) = s3([Answer(403, &[], "<Error><Code>InvalidAccessKeyId</Code></Error>"), Answer(200, OBJECT, "public")]);
    assert_eq!(storage.get("s3://bucket/key").await.unwrap(), "public");
    assert_eq!(server.seen().len(), 2);

    // What is written is written as somebody.
    let (server, storage) = s3([Answer(403, &[], "<Error><Code>AccessDenied</Code></Error>")]);
    assert_eq!(put(&storage, "s3://bucket/key").await.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_bucket_that_is_elsewhere_is_asked_there() {
    let elsewhere = Answer(301, &["x-amz-bucket-region: eu-west-3"], "<Error><Code>PermanentRedirect</Code></Error>");
    let (server, storage) = s3([elsewhere.clone(), Answer(200, OBJECT, "bytes")]);
    assert_eq!(storage.get("s3://bucket/key").await.unwrap(), "bytes");
    assert_eq!(storage.get("s3://bucket/key").await.unwrap(), "bytes");
    let regions: Vec<_> = server.seen().iter().map(|request| request.headers["authorization"].contains("/eu-west-3/s3/")).collect();
    assert_eq!(regions, [false, true, true]);

    let (server, storage) = s3([elsewhere]);
    let error = storage.get("s3://bucket/key").await.unwrap_err();
    assert!(error.to_string().contains("the bucket is in the region `eu-west-3`"), "{error}");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn one_write_is_one_request_with_its_metadata() {
    let server = Server::follow([Answer(200, OBJECT, "")]);
    let mut config = config(&server.url);
    config.metadata =
        [("flyte-execution-name", "f1"), ("flyte-execution-launchplan", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let storage = Storage::new(config);
    let options = PutOptions {
        content_type: Some("text/html".to_owned()),
        metadata: [("note".to_owned(), "é\n%".to_owned())].into(),
        ..PutOptions::default()
    };
    storage.put("s3a://bucket/a b/100%/é+?#/x//y", vec!["one".into(), "two".into()], &options).await.unwrap();
    let seen = server.seen();
    let [request] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!(request.line, "PUT /bucket/a%20b/100%25/%C3%A9%2B%3F%23/x//y HTTP/1.1");
    assert_eq!(request.body, "onetwo");
    let header = |name: &str| request.headers[name].as_str();
    assert_eq!(header("content-type"), "text/html");
    assert_eq!(header("content-length"), "6");
    assert_eq!(header("x-amz-meta-flyte-execution-name"), "f1");
    assert_eq!(header("x-amz-meta-flyte-execution-launchplan"), "");
    assert_eq!(header("x-amz-meta-note"), "%C3%A9%0A%25");

    let options = PutOptions { metadata: [("a b".to_owned(), String::new())].into(), ..PutOptions::default() };
    let error = storage.put("s3://bucket/key", vec![], &options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unencodable);
}

#[tokio::test]
async fn the_bucket_stands_where_the_style_says() {
    let (server, _) = s3([Answer(200, OBJECT, "")]);
    let with = |endpoint: &str, style| {
        let mut config = config(endpoint);
        config.s3.addressing_style = style;
        config.retries = Some(0);
        Storage::new(config)
    };
    for style in [None, Some(AddressingStyle::Path), Some(AddressingStyle::Auto)] {
        with(&server.url, style).get("s3://bucket/key").await.unwrap();
    }
    assert!(server.seen().iter().all(|request| request.line == "GET /bucket/key HTTP/1.1"));
    for style in [AddressingStyle::Virtual, AddressingStyle::Auto] {
        let error = with("http://nebulakit.invalid", Some(style)).get("s3://bucket/key").await.unwrap_err();
        assert!(error.to_string().contains("http://bucket.nebulakit.invalid"), "{error}");
    }
    let error = with("http://nebulakit.invalid", Some(AddressingStyle::Auto)).get("s3://dotted.bucket/key").await.unwrap_err();
    assert!(error.to_string().contains("http://nebulakit.invalid"), "{error}");
    assert_eq!("VIRTUAL".parse::<AddressingStyle>().unwrap(), AddressingStyle::Virtual);
    assert!("true".parse::<AddressingStyle>().is_err());
}

#[tokio::test]
async fn without_credentials_the_error_says_where_they_were_looked_for() {
    let metadata = Server::follow([Answer(404, &[], "")]);
    let mut config = config("http://127.0.0.1:9");
    config.s3.access_key_id = None;
    config.s3.secret_access_key = None;
    config.environment = Environment::pick([("AWS_METADATA_ENDPOINT".into(), metadata.url.clone().into())]);
    let error = Storage::new(config).get("s3://bucket/key").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    let text = error.to_string();
    let order = ["FLYTE_AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "~/.aws/credentials", "_FULL_URI", "role of the machine"];
    let places: Vec<_> = order.iter().map(|part| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"))).collect();
    assert!(places.is_sorted(), "{text}");
    assert!(text.contains(&metadata.url), "{text}");
}

#[tokio::test]
async fn the_clouds_own_variables_fill_what_is_absent() {
    let server = Server::follow([Answer(200, OBJECT, "")]);
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKENV"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", "tok\n"),
        ("AWS_REGION", "eu-north-1"),
        ("AWS_ENDPOINT_URL", &server.url),
        ("UNRELATED", "x"),
    ];
    let environment = || Environment::pick(variables.map(|(name, value)| (name.into(), value.into())));
    assert_eq!(environment().get("UNRELATED"), None);
    let config = StorageConfig { environment: environment(), ..StorageConfig::default() };
    Storage::new(config).get("s3://bucket/key").await.unwrap();
    let mut config = self::config(&server.url);
    config.environment = environment();
    Storage::new(config).get("s3://bucket/key").await.unwrap();
    let seen = server.seen();
    assert!(seen[0].headers["authorization"].contains("AKENV") && seen[0].headers["authorization"].contains("/eu-north-1/"));
    assert_eq!(seen[0].headers["x-amz-security-token"], "tok");
    // The token belongs to the other keys.
    assert!(seen[1].headers["authorization"].contains("AKTEST") && !seen[1].headers.contains_key("x-amz-security-token"));
}

#[tokio::test]
async fn keys_come_from_the_users_profile() {
    let server = Server::follow([Answer(200, OBJECT, "")]);
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    let credentials =
        "[default]\naws_access_key_id=AKDEFAULT\naws_secret_access_key=x\n[work]\naws_access_key_id=AKWORK\naws_secret_access_key=y\n";
    std::fs::write(home.path().join(".aws/credentials"), credentials).unwrap();
    std::fs::write(home.path().join(".aws/config"), "[profile work]\nregion = eu-south-2\n").unwrap();
    for profile in [None, Some("work")] {
        let variables = [("HOME", home.path().to_str().unwrap()), ("AWS_ENDPOINT_URL", &server.url)].into_iter();
        let variables = variables.chain(profile.map(|profile| ("AWS_PROFILE", profile)));
        let environment = Environment::pick(variables.map(|(name, value)| (name.into(), value.into())));
        let config = StorageConfig { environment, ..StorageConfig::default() };
        Storage::new(config).get("s3://bucket/key").await.unwrap();
    }
    let seen = server.seen();
    assert!(seen[0].headers["authorization"].contains("AKDEFAULT"));
    assert!(seen[1].headers["authorization"].contains("AKWORK") && seen[1].headers["authorization"].contains("/eu-south-2/"));
}

/// `object_store` has no type for it: this fails when its words change, by which it is told.
#[tokio::test]
async fn a_range_that_begins_behind_the_object_is_told_from_other_faults() {
    const SHORT: &[&str] = &["Content-Range: bytes 0-2/3", "ETag: \"1\"", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT"];
    let server = Server::follow([Answer(206, SHORT, "abc")]);
    let storage = Storage::new(StorageConfig { retries: Some(0), ..config(&server.url) });
    let error = storage.read_range("s3://bucket/key", 5..7).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfRange, "{error}");
}

/// Files of any kind may stand where the user's profile is looked for: none holds the program up, and none is read at any length.
#[cfg(unix)]
#[test]
fn a_profile_is_a_file_of_limited_length() {
    let server = Server::follow([Answer(200, OBJECT, "")]);
    let home = tempfile::tempdir().unwrap();
    let (credentials, pipe, long) = (home.path().join("credentials"), home.path().join("pipe"), home.path().join("long"));
    std::fs::write(&credentials, "[default]\naws_access_key_id=AKDEFAULT\naws_secret_access_key=x\n").unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::write(&long, format!("[default]\nregion = eu-south-2\n{}", "#\n".repeat(1 << 20))).unwrap();
    for config in [pipe, long] {
        let (told, asked) = std::sync::mpsc::channel();
        let variables = [
            ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
            ("AWS_CONFIG_FILE", config.to_str().unwrap()),
            ("AWS_ENDPOINT_URL", &server.url),
        ];
        let environment = Environment::pick(variables.map(|(name, value)| (name.into(), value.into())));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let storage = Storage::new(StorageConfig { environment, ..StorageConfig::default() });
            told.send(runtime.block_on(storage.get("s3://bucket/key")).map(drop)).unwrap();
        });
        asked.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| panic!("{} holds the program up", config.display())).unwrap();
        let authorization = server.seen().last().unwrap().headers["authorization"].clone();
        assert!(authorization.contains("AKDEFAULT") && authorization.contains("/us-east-1/"), "{authorization}");
    }
}

#[tokio::test]
async fn bad_credentials_are_refused_before_they_are_sent() {
    let mut half = config("http://127.0.0.1:9");
    half.s3.secret_access_key = None;
    let mut broken = config("http://127.0.0.1:9");
    broken.s3.access_key_id = Some("AK\nTEST".to_owned());
    for (config, part) in [(half, "FLYTE_AWS_SECRET_ACCESS_KEY is not"), (broken, "line break")] {
        let error = Storage::new(config).get("s3://bucket/key").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn secrets_are_never_shown() {
    const ECHO: &str = "<Error><Code>Odd</Code><Message>your key is s3cr3t/DoNotShow+Me, is it not?</Message></Error>";
    let (server, storage) = s3([Answer(400, &[], ECHO)]);
    let error = storage.get("s3://bucket/key").await.unwrap_err();
    assert!(error.to_string().contains("your key is ***"), "{error}");
    let environment = Environment::pick([("AWS_SESSION_TOKEN".into(), SECRET.into()), ("AWS_SECRET_ACCESS_KEY".into(), SECRET.into())]);
    let config = StorageConfig { environment, ..config(&server.url) };
    let url = format!("http://me:{}@{}/x?sig={}", "pass%20word", server.url.trim_start_matches("http://"), "5ignatur3");
    let web = Storage::new(config.clone()).get(&url).await.unwrap_err();
    let shown = format!("{} {error:?} {} {web:?} {storage:?} {config:?}", chain(&error), chain(&web));
    for secret in [SECRET, "pass%20word", "5ignatur3"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn a_secret_at_the_end_of_what_is_cut_is_not_shown_in_part() {
    let echo = format!("<Error><Code>Odd</Code><Message>{} {SECRET} it is</Message></Error>", "x".repeat(290));
    let (_server, storage) = s3([Answer(400, &[], echo.leak())]);
    let error = storage.get("s3://bucket/key").await.unwrap_err().to_string();
    assert!(error.contains("xxx *** i") && !error.contains("s3cr3t"), "{error}");
}

#[tokio::test]
async fn a_signature_is_no_part_of_a_files_name_and_is_not_told() {
    const SIGNATURE: &str = "5ignatur3";
    let folder = tempfile::tempdir().unwrap();
    let at = |server: &Server| {
        // Longer than the name of any file may be.
        let url = format!("{}/data/a.csv?sig={}", server.url, SIGNATURE.repeat(40));
        File::<Any>::from_uri(url).within(Workspace::local(folder.path()))
    };
    let there = at(&Server::follow([Answer(200, &[], "bytes")]));
    assert_eq!(there.name(), "a.csv");
    let path = there.path().await.unwrap();
    assert_eq!((path.file_name(), std::fs::read(path).unwrap()), (Some("a.csv".as_ref()), b"bytes".to_vec()));
    let gone = at(&Server::follow([Answer(404, &[], "")]));
    for error in [there.read_up_to(1).await.unwrap_err(), gone.stat().await.unwrap_err(), gone.open().await.unwrap_err()] {
        assert!(error.to_string().contains("a.csv") && !format!("{error:?}").contains(SIGNATURE), "{error:?}");
    }
}

/// Outside of a task. The process is run again as one that only has this to do, in a folder of its own.
#[test]
#[allow(clippy::disallowed_methods, reason = "the variable is this test's own")]
fn a_copy_that_nobody_has_any_more_is_gone() {
    const URL: &str = "NEBULAKIT_TEST_URL";
    if let Some(url) = std::env::var_os(URL) {
        let file = File::<Any>::from_uri(url.into_string().unwrap()).within(&Storage::default());
        let path = file.blocking().path().unwrap().to_owned();
        let clone = file.clone();
        drop(file);
        assert_eq!(std::fs::read(clone.blocking().path().unwrap()).unwrap(), b"bytes");
        drop(clone);
        let folder = path.ancestors().nth(2).unwrap();
        assert!(path.starts_with("/tmp") && !folder.exists(), "{path:?}");
        return;
    }
    let server = Server::follow([Answer(200, &[], "bytes")]);
    let folder = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "a_copy_that_nobody_has_any_more_is_gone"]).current_dir(folder.path());
    assert!(child.env(URL, format!("{}/name", server.url)).status().unwrap().success());
    assert_eq!(server.seen().len(), 1, "there is one copy for all clones");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_a_url_error() {
    let (server, storage) = s3([Answer(200, OBJECT, "")]);
    for url in [
        "s3://",
        "s3://bucket",
        "s3:///key",
        "s3://AKTEST:s3cr3t@bucket/key",
        "s3://my bucket/key",
        "s3://bucket//key",
        "s3://bucket/a/../b",
        "s3://bucket/a\nb",
        "http://[/",
        "http://a b/",
    ] {
        let error = storage.get(url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Url, "{url}: {error}");
        assert!(!error.to_string().contains("s3cr3t"), "{error}");
    }
    for endpoint in ["127.0.0.1:9000", "s3.example.com", "ftp://host", "http://host/a?x=1", "http://me:pw@host"] {
        let error = Storage::new(config(endpoint)).get("s3://bucket/key").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Url, "{endpoint}: {error}");
        assert!(error.to_string().contains("the endpoint `"), "{error}");
    }
    for refused in [
        storage.put(&format!("{}/x", server.url), vec![], &PutOptions::default()).await.unwrap_err(),
        storage.delete(&format!("{}/x", server.url)).await.unwrap_err(),
        storage.list(&format!("{}/x", server.url)).await.unwrap_err(),
    ] {
        assert_eq!(refused.kind(), ErrorKind::Url);
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn http_reads_what_any_server_gives() {
    let chunked = Answer(200, &["Transfer-Encoding: chunked"], "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    let server = Server::follow([
        Answer(200, &[], "plain"),
        Answer(302, &["Location: /there"], ""),
        chunked,
        Answer(404, &[], ""),
        Answer(403, &[], ""),
        Answer(503, &[], ""),
        Answer(200, &[], "late"),
        Answer(418, &[], ""),
        Answer(200, &[], "x"),
        Answer(404, &[], ""),
    ]);
    let storage = Storage::new(config(&server.url));
    let url = format!("{}/a%20b?sig=a%2Bb&x=", server.url);
    assert_eq!(storage.get(&url).await.unwrap(), "plain");
    assert_eq!(storage.get(&url).await.unwrap(), "onetwo");
    assert!(storage.get_if_exists(&url).await.unwrap().is_none());
    assert_eq!(storage.get(&url).await.unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(storage.get(&url).await.unwrap(), "late");
    let error = storage.get(&url).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Io && error.to_string().contains("418"), "{error}");
    assert!(storage.exists(&url).await.unwrap());
    assert!(!storage.exists(&url).await.unwrap());
    let seen = server.seen();
    assert_eq!(seen[0].line, "GET /a%20b?sig=a%2Bb&x= HTTP/1.1");
    assert_eq!(seen[2].line, "GET /there HTTP/1.1");
    assert!(seen[8].line.starts_with("HEAD "));
}

#[tokio::test]
async fn storages_share_nothing_but_work_side_by_side() {
    let (_one, first) = s3([Answer(200, OBJECT, "first")]);
    let (_two, second) = s3([Answer(200, OBJECT, "second")]);
    let (first, second) = tokio::join!(first.get("s3://bucket/key"), second.get("s3://bucket/key"));
    assert_eq!((first.unwrap(), second.unwrap()), (Bytes::from("first"), Bytes::from("second")));
}

mod tls {
    //! Certificates are looked up when a handshake needs them, and a failure there is final.

    use super::*;

    /// An HTTPS server for `localhost`, and its certificate.
    fn server(folder: &std::path::Path) -> (String, std::path::PathBuf) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let bundle = folder.join("ca.pem");
        std::fs::write(&bundle, made.cert.pem()).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}/x", listener.local_addr().unwrap().port());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let session = rustls::ServerConnection::new(config.clone()).unwrap();
                let mut stream = rustls::StreamOwned::new(session, stream.unwrap());
                if let Some(request) = read(&mut stream) {
                    let _ = stream.write_all(&rendered(&request, 200, &[], "bytes"));
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            }
        });
        (url, bundle)
    }

    #[tokio::test]
    async fn a_bundle_is_trusted_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (url, bundle) = server(folder.path());
        let storage = Storage::new(StorageConfig { ca_bundle: Some(bundle.clone()), ..StorageConfig::default() });
        assert_eq!(storage.get(&url).await.unwrap(), "bytes");

        let environment = Environment::pick([("SSL_CERT_FILE".into(), bundle.into())]);
        let storage = Storage::new(StorageConfig { environment, ..StorageConfig::default() });
        assert_eq!(storage.get(&url).await.unwrap(), "bytes");

        let environment = Environment::pick([("SSL_CERT_DIR".into(), folder.path().into())]);
        let storage = Storage::new(StorageConfig { environment, ..StorageConfig::default() });
        assert_eq!(storage.get(&url).await.unwrap(), "bytes");

        let missing = folder.path().join("missing.pem");
        for (ca_bundle, part) in [(None, "cannot be trusted: "), (Some(missing), "missing.pem` (the configured CA bundle)")] {
            let error = Storage::new(StorageConfig { ca_bundle, ..StorageConfig::default() }).get(&url).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.to_string().contains(part) && !error.to_string().contains("tries"), "{error}");
        }
    }

    #[tokio::test]
    async fn plain_http_needs_no_certificates() {
        let server = Server::follow([Answer(200, &[], "bytes")]);
        let config = StorageConfig { ca_bundle: Some("/nowhere.pem".into()), ..StorageConfig::default() };
        assert_eq!(Storage::new(config).get(&format!("{}/x", server.url)).await.unwrap(), "bytes");
    }
}

mod ranges_over_http {
    //! Plain servers: some know ranges and versions, some know neither.

    use super::*;

    const SIZE: usize = 9 << 20;

    /// One large answer, given as it is or in the ranges asked for, with or without an etag; every third is broken off.
    fn server(ranges: bool, etag: bool) -> String {
        let body: Vec<u8> = (0..SIZE as u32 / 4).flat_map(u32::to_be_bytes).collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for (count, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let Some(request) = read(&mut stream) else { continue };
                let mut head = String::from("HTTP/1.1 ");
                let mut part = &body[..];
                match request.headers.get("range").filter(|_| ranges) {
                    Some(range) => {
                        let (start, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
                        let (start, end) = (start.parse().unwrap(), last.parse().map_or(SIZE, |last: usize| (last + 1).min(SIZE)));
                        part = &body[start..end];
                        head.push_str(&format!("206 X\r\nContent-Range: bytes {start}-{}/{SIZE}\r\n", end - 1));
                    }
                    None => head.push_str("200 X\r\n"),
                }
                if etag {
                    head.push_str("ETag: \"one\"\r\n");
                }
                head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", part.len()));
                let broken = if count % 3 == 0 { part.len() / 2 } else { part.len() };
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&part[..broken]));
            }
        });
        url
    }

    #[tokio::test]
    async fn a_download_is_whole_whatever_the_server_knows() {
        use futures_util::TryStreamExt as _;
        let whole: Vec<u8> = (0..SIZE as u32 / 4).flat_map(u32::to_be_bytes).collect();
        let root = tempfile::tempdir().unwrap();
        for (ranges, etag) in [(true, true), (true, false), (false, true), (false, false)] {
            let url = server(ranges, etag);
            let storage = Storage::new(config("http://127.0.0.1:9"));
            let file = root.path().join("file");
            let length = storage.download(&url, &file).await.unwrap_or_else(|error| panic!("{ranges} {etag}: {error}"));
            assert_eq!(length, SIZE as u64);
            assert!(std::fs::read(&file).unwrap() == whole, "{ranges} {etag}");
            if etag {
                for (start, end) in [(0, 10), (SIZE - 7, SIZE), (1_000_000, 5_000_000)] {
                    let reading = storage.read(&url, start as u64..end as u64).await.unwrap();
                    assert_eq!((reading.meta().size, reading.range()), (SIZE as u64, start as u64..end as u64));
                    let pieces: Vec<Bytes> = reading.try_collect().await.unwrap();
                    assert!(pieces.concat() == whole[start..end], "{ranges} {start}..{end}");
                }
            }
        }
    }

    #[tokio::test]
    async fn a_body_without_a_length_is_taken_to_its_end() {
        let chunked = Answer(200, &["Transfer-Encoding: chunked"], "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
        let server = Server::follow([chunked]);
        let storage = Storage::new(config(&server.url));
        let root = tempfile::tempdir().unwrap();
        assert_eq!(storage.download(&server.url, &root.path().join("file")).await.unwrap(), 6);
        assert_eq!(std::fs::read(root.path().join("file")).unwrap(), b"onetwo");
        assert_eq!(storage.read_range(&server.url, 2..4).await.unwrap(), "et");
    }
}
