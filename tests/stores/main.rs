//! Storage against real servers: S3 (versitygw), Google Cloud Storage (fake-gcs-server), Azure Blob Storage (Azurite).
//!
//! `tests/servers/with-servers.sh` starts them and names them in the environment; behind the feature `servers`, so that a plain
//! `cargo test` needs nothing.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../nebulakit-types/tests/conformance/mod.rs"]
mod conformance;

use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use nebulakit::testing::store_conformance;
use nebulakit_tests::servers::{azure, gcs, s3, variable};
use nebulakit_types::ErrorKind;
use nebulakit_types::Secret;
use nebulakit_types::storage::{Environment, PutOptions, Storage, StorageConfig, join};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Names that are hard to write in a URL.
const ODD: &[&str] = &["with space", "100%", "a%20b", "a+b", "ü€😀", "q?x=1&y#z", "a:b@c", "'(!)*~"];

/// A prefix that no other test uses.
fn fresh(store: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    join(&variable(&format!("NEBULAKIT_TEST_{store}_PREFIX")), &name)
}

/// What every store does.
async fn conforms(mut config: StorageConfig, prefix: &str) {
    config.metadata =
        [("flyte-execution-name", "f1"), ("flyte-execution-launchplan", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let storage = Storage::new(config);
    let plain = PutOptions::default();

    let url = join(prefix, "outputs.pb");
    assert!(storage.get_if_exists(&url).await.unwrap().is_none());
    assert_eq!(storage.get(&url).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!storage.exists(&url).await.unwrap());
    storage.put(&url, vec!["one".into(), Bytes::new(), "two".into()], &plain).await.unwrap();
    assert_eq!(storage.get(&url).await.unwrap(), "onetwo");
    assert!(storage.exists(&url).await.unwrap());
    storage.put(&url, vec!["again".into()], &plain).await.unwrap();
    assert_eq!(storage.get(&url).await.unwrap(), "again");
    storage.put(&url, vec![], &plain).await.unwrap();
    assert_eq!(storage.get(&url).await.unwrap(), "");

    for name in ["with space", "100%", "a%20b", "a+b", "ü€😀", "q?x=1&y#z", "a:b@c", "'(!)*~"] {
        let url = join(prefix, &format!("odd/{name}"));
        storage.put(&url, vec![name.to_owned().into()], &plain).await.unwrap();
        assert_eq!(storage.get(&url).await.unwrap(), name, "{name}");
    }

    let large = Bytes::from((0..12_000_000_u32).map(|n| (n / 3) as u8).collect::<Vec<_>>());
    let options = PutOptions {
        content_type: Some("application/octet-stream".to_owned()),
        metadata: [("note".to_owned(), "é".to_owned())].into(),
        ..PutOptions::default()
    };
    let url = join(prefix, "large");
    storage.put(&url, large.chunks(1_000_000).map(|part| large.slice_ref(part)).collect(), &options).await.unwrap();
    assert!(storage.get(&url).await.unwrap() == large);

    let listed = join(prefix, "list");
    for key in ["b", "a/z", "a/b/c", "aa"] {
        storage.put(&join(&listed, key), vec!["four".into()], &plain).await.unwrap();
    }
    storage.put(&format!("{listed}-beside"), vec!["no".into()], &plain).await.unwrap();
    for listed in [listed.clone(), format!("{listed}/")] {
        let found = storage.list(&listed).await.unwrap();
        let keys: Vec<_> = found.iter().map(|object| (object.key.as_str(), object.size)).collect();
        assert_eq!(keys, [("a/b/c", 4), ("a/z", 4), ("aa", 4), ("b", 4)]);
        assert_eq!(storage.get(&found[0].url).await.unwrap(), "four");
    }
    assert_eq!(storage.list(&join(prefix, "none")).await.unwrap(), []);

    storage.delete(&url).await.unwrap();
    assert!(!storage.exists(&url).await.unwrap());
    storage.delete(&url).await.unwrap();
}

#[tokio::test]
async fn s3_conforms() {
    conforms(s3(), &fresh("S3")).await;
    conformance::conforms(&Storage::new(s3()), &fresh("S3"), ODD).await;
    store_conformance::check(&Storage::new(s3()), &fresh("S3")).await.unwrap();
}

#[tokio::test]
async fn gcs_conforms() {
    conforms(gcs(), &fresh("GCS")).await;
    conformance::conforms(&Storage::new(gcs()), &fresh("GCS"), ODD).await;
    store_conformance::check(&Storage::new(gcs()), &fresh("GCS")).await.unwrap();
}

#[tokio::test]
async fn azure_conforms() {
    conforms(azure(), &fresh("AZURE")).await;
    conformance::conforms(&Storage::new(azure()), &fresh("AZURE"), ODD).await;
    store_conformance::check(&Storage::new(azure()), &fresh("AZURE")).await.unwrap();
}

/// nginx knows ranges and versions, and names that it percent-decodes.
#[tokio::test]
async fn http_reads_what_a_web_server_has() {
    let folder = std::path::PathBuf::from(variable("NEBULAKIT_TEST_WEB_FOLDER")).join(format!("stores-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let whole = Bytes::from((0..5_000_000_u32).flat_map(u32::to_be_bytes).collect::<Vec<_>>());
    std::fs::write(folder.join("a b%+é"), &whole).unwrap();
    let prefix = format!("{}/stores-{}", variable("NEBULAKIT_TEST_WEB_ENDPOINT"), std::process::id());
    let url = format!("{prefix}/a%20b%25+%C3%A9?version=1");
    let storage = Storage::default();
    let meta = storage.stat(&url).await.unwrap().unwrap();
    assert_eq!((meta.size, meta.etag.is_some()), (20_000_000, true));
    let target = tempfile::tempdir().unwrap();
    assert_eq!(storage.download(&url, &target.path().join("file")).await.unwrap(), 20_000_000);
    assert!(std::fs::read(target.path().join("file")).unwrap() == whole);
    assert_eq!(storage.read_range(&url, 10_000_000..10_000_010).await.unwrap(), whole[10_000_000..10_000_010]);
    assert!(storage.get(&url).await.unwrap() == whole);
    let missing = format!("{prefix}/none");
    assert!(storage.get_if_exists(&missing).await.unwrap().is_none() && !storage.exists(&missing).await.unwrap());
    let error = storage.download(&missing, &target.path().join("none")).await.unwrap_err();
    assert!(error.kind() == ErrorKind::NotFound && error.to_string().contains(&missing), "{error}");
}

/// The server keeps an object as a file, which another hand changes behind its back.
#[tokio::test]
async fn what_was_damaged_in_s3_does_not_arrive() {
    let environment = Environment::pick([("AWS_CHECKSUM_ALGORITHM".into(), "CRC64NVME".into())]);
    let (storage, prefix) = (Storage::new(StorageConfig { environment, ..s3() }), fresh("S3"));
    let url = join(&prefix, "object");
    let target = tempfile::tempdir().unwrap();
    storage.put(&url, vec![vec![7; 20_000_000].into()], &PutOptions::default()).await.unwrap();
    storage.download(&url, &target.path().join("whole")).await.unwrap();
    let file = join(&variable("NEBULAKIT_TEST_S3_FOLDER"), url.strip_prefix("s3://nebulakit/").unwrap());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[15_000_000] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let error = storage.get(&url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("the 20000000 bytes that came have the CRC-64/NVME"), "{error}");
}

/// The URL of a server between this process and the one at `endpoint`, which changes each byte 7 of what comes back: no header has one.
async fn damaging(endpoint: &str) -> String {
    let (address, path) = endpoint.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let address = address.to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = format!("http://{}/{path}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let (mut asks, mut hears) = client.into_split();
            let (mut answers, mut asked) = TcpStream::connect(&address).await.unwrap().into_split();
            tokio::spawn(async move { tokio::io::copy(&mut asks, &mut asked).await });
            tokio::spawn(async move {
                let mut piece = vec![0; 1 << 16];
                while let Ok(length @ 1..) = answers.read(&mut piece).await {
                    piece[..length].iter_mut().filter(|byte| **byte == 7).for_each(|byte| *byte = 8);
                    if hears.write_all(&piece[..length]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    here
}

#[tokio::test]
async fn what_is_damaged_on_the_way_from_azure_does_not_arrive() {
    let (storage, prefix) = (Storage::new(azure()), fresh("AZURE"));
    let mut config = azure();
    config.azure.endpoint = Some(damaging(&config.azure.endpoint.unwrap()).await);
    let damaged = Storage::new(config);
    let target = tempfile::tempdir().unwrap();
    let target = target.path().join("file");
    for (byte, is_whole) in [(6, true), (7, false)] {
        let url = join(&prefix, &format!("of-{byte}"));
        storage.put(&url, vec![vec![byte; 5_000_000].into()], &PutOptions::default()).await.unwrap();
        assert_eq!(storage.get(&url).await.unwrap(), vec![byte; 5_000_000]);
        assert_eq!(storage.download(&url, &target).await.unwrap(), 5_000_000);
        // With one answer of the whole, a stream of it, and a range that is the whole.
        let streamed = damaged.read(&url, ..).await.unwrap().try_collect::<Vec<_>>().await;
        for done in [damaged.get(&url).await.map(drop), streamed.map(drop), damaged.download(&url, &target).await.map(drop)] {
            match done {
                Ok(()) => assert!(is_whole),
                Err(error) => {
                    assert!(!is_whole && error.kind() == ErrorKind::Unavailable, "{error}");
                    assert!(error.to_string().contains("the 5000000 bytes that came have the MD5 "), "{error}");
                }
            }
        }
    }
}

#[tokio::test]
async fn s3_pages_through_a_long_listing() {
    let (storage, prefix) = (Storage::new(s3()), fresh("S3"));
    let names: Vec<_> = (0..1005).map(|n| format!("{n:04}")).collect();
    for name in &names {
        storage.put(&join(&prefix, name), vec!["x".into()], &PutOptions::default()).await.unwrap();
    }
    let found: Vec<_> = storage.list(&prefix).await.unwrap().into_iter().map(|object| object.key).collect();
    assert_eq!(found, names);
}

#[tokio::test]
async fn a_wrong_secret_is_denied_and_not_shown() {
    let mut wrong = s3();
    wrong.s3.secret_access_key = Some(Secret::from("not-the-secret"));
    let error = Storage::new(wrong).get(&fresh("S3")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("403 SignatureDoesNotMatch") && !error.to_string().contains("not-the-secret"), "{error}");

    let mut wrong = azure();
    wrong.azure.account_key = Some(Secret::from("bm90LXRoZS1zZWNyZXQ="));
    let error = Storage::new(wrong).get(&fresh("AZURE")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("403 ") && !error.to_string().contains("bm90LXRoZS1zZWNyZXQ="), "{error}");
}

#[tokio::test]
async fn a_missing_bucket_is_told_from_a_missing_object() {
    for (config, url) in [(s3(), "s3://nebulakit-absent/x"), (azure(), "abfs://nebulakit-absent/x")] {
        let error = Storage::new(config).get_if_exists(url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("there is no bucket `nebulakit-absent`"), "{error}");
    }
}

#[tokio::test]
async fn the_account_may_stand_in_the_url() {
    let config = azure();
    let account = config.azure.account_name.clone().unwrap();
    let url = format!("abfss://nebulakit@{account}.dfs.core.windows.net/{}/x", std::process::id());
    let storage = Storage::new(config);
    storage.put(&url, vec!["x".into()], &PutOptions::default()).await.unwrap();
    assert_eq!(storage.get(&url).await.unwrap(), "x");
    let error = storage.put(&url.replace(&account, "other"), vec!["x".into()], &PutOptions::default()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Denied && error.to_string().contains(&format!("`{account}`")), "{error}");
}
