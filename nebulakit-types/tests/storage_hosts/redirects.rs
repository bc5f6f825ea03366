//! Answers that name another host: none of the clouds is followed there, and a web address only without what was meant for the first.

use futures_util::TryStreamExt as _;
use nebulakit_types::storage::{AzureConfig, GcsConfig, S3Config};

use super::tls::{Certificate, Tls};
use super::*;

/// A server that sends on to `place`.
fn sends_on(status: u16, place: &str) -> Server {
    let location = format!("Location: {place}");
    Server::answer_with(move |_| (status, vec![location.clone()], ""))
}

fn s3(endpoint: &str) -> StorageConfig {
    let s3 = S3Config {
        endpoint: Some(endpoint.to_owned()),
        access_key_id: Some("AKTEST".to_owned()),
        secret_access_key: Some("secret".into()),
        session_token: Some(MARKER.into()),
        ..S3Config::default()
    };
    quick(StorageConfig { s3, ..StorageConfig::default() })
}

/// The three clouds at an endpoint, each with credentials, and a URL of it.
fn clouds(endpoint: &str) -> [(&'static str, StorageConfig); 3] {
    let token = environment(&[("AZURE_STORAGE_TOKEN", MARKER), ("GOOGLE_BEARER_TOKEN", MARKER)]);
    let azure = AzureConfig { account_name: Some("mine".to_owned()), endpoint: Some(endpoint.to_owned()), ..AzureConfig::default() };
    let gcs = GcsConfig { endpoint: Some(endpoint.to_owned()), ..GcsConfig::default() };
    [
        ("s3://bucket/key", s3(endpoint)),
        ("gs://bucket/key", quick(StorageConfig { gcs, environment: token.clone(), ..StorageConfig::default() })),
        ("abfs://c/key", quick(StorageConfig { azure, environment: token, ..StorageConfig::default() })),
    ]
}

#[tokio::test]
async fn clouds_are_followed_nowhere() {
    let stranger = Server::follow([OBJECT]);
    for status in [301, 302, 303, 307, 308] {
        let first = sends_on(status, &format!("{}/there?X-Amz-Signature=sIgNaTuRe#part", stranger.url));
        for (url, config) in clouds(&first.url) {
            for error in refusals(&Storage::new(config), url).await {
                let text = error.to_string();
                assert_eq!(error.kind(), ErrorKind::Io, "{text}");
                for part in [&status.to_string(), &first.url, &format!("`{}/there`", stranger.url), "hint: "] {
                    assert!(text.contains(part), "no `{part}` in: {text}");
                }
                assert!(!text.contains("sIgNaTuRe") && !text.contains(MARKER), "{text}");
            }
        }
        assert!(first.seen().iter().any(|request| request.line.starts_with("DELETE")));
    }
    assert!(stranger.seen().is_empty(), "{:?}", stranger.seen());
}

#[tokio::test]
async fn a_bucket_of_another_region_says_what_to_set() {
    let body = "<Error><Code>PermanentRedirect</Code><Message>Use the other endpoint.</Message></Error>";
    let first = Server::follow([Answer(301, &[], body)]);
    let error = Storage::new(s3(&first.url)).get("s3://bucket/key").await.unwrap_err().to_string();
    for part in ["301 PermanentRedirect", "AWS_REGION", "FLYTE_AWS_ENDPOINT"] {
        assert!(error.contains(part), "no `{part}` in: {error}");
    }
    // A region is part of a host's name.
    for region in ["evil.example/", "x.evil.example", "@evil.example", ""] {
        let first = Server::answer_with(move |_| (301, vec![format!("x-amz-bucket-region: {region}")], ""));
        let error = Storage::new(s3(&first.url)).get("s3://bucket/key").await.unwrap_err();
        assert!(error.to_string().contains("301"), "{region}: {error}");
        assert_eq!(first.seen().len(), 1, "{region}: nobody is asked in the name of that region");
    }
}

#[tokio::test]
async fn services_that_give_credentials_are_followed_nowhere() {
    let stranger = Server::follow([Answer(200, &[], "{}")]);
    let first = sends_on(307, &format!("{}/there", stranger.url));
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, MARKER).unwrap();
    let token = token.to_str().unwrap();
    for (url, variables) in [
        ("s3://bucket/key", vec![("AWS_METADATA_ENDPOINT", &*first.url)]),
        ("s3://bucket/key", vec![("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*first.url), ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token)]),
        ("s3://bucket/key", vec![("AWS_WEB_IDENTITY_TOKEN_FILE", token), ("AWS_ROLE_ARN", "arn:x"), ("AWS_ENDPOINT_URL_STS", &*first.url)]),
        (
            "abfs://c@mine/key",
            vec![
                ("AZURE_AUTHORITY_HOST", &*first.url),
                ("AZURE_CLIENT_ID", "id"),
                ("AZURE_TENANT_ID", "tenant"),
                ("AZURE_CLIENT_SECRET", MARKER),
                ("AZURE_STORAGE_ENDPOINT", "http://127.0.0.1:9"),
            ],
        ),
        ("abfs://c@mine/key", vec![("IDENTITY_ENDPOINT", &*first.url), ("AZURE_STORAGE_ENDPOINT", "http://127.0.0.1:9")]),
    ] {
        let before = first.seen().len();
        let mut config = quick(StorageConfig { environment: environment(&variables), ..StorageConfig::default() });
        // Where it turns to without credentials.
        config.s3.endpoint = Some("http://127.0.0.1:9".to_owned());
        let error = put(&Storage::new(config), url).await.unwrap_err().to_string();
        assert!(first.seen().len() > before, "{variables:?}: {error}");
        assert!(error.contains("307"), "{variables:?}: {error}");
        assert!(!error.contains(MARKER), "{error}");
    }
    assert!(stranger.seen().is_empty(), "{:?}", stranger.seen());
}

/// The bytes at a web address, by both ways to read them.
async fn fetched(storage: &Storage, url: &str) -> Result<String, Error> {
    assert_eq!(storage.stat(url).await.is_ok(), storage.get(url).await.is_ok());
    let bytes = storage.get(url).await?;
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn web_addresses_are_followed_without_what_was_meant_for_the_first() {
    let second = Server::follow([OBJECT]);
    for status in [301, 302, 303, 307, 308] {
        let first = sends_on(status, &format!("{}/there?x=1#part", second.url));
        let url = format!("{}/here?sig={MARKER}", first.url).replace("http://", &format!("http://me:{MARKER}%40@"));
        let storage = Storage::new(quick(StorageConfig::default()));
        assert_eq!(fetched(&storage, &url).await.unwrap(), "bytes");
        assert_eq!(storage.read(&url, 1..3).await.unwrap().try_collect::<Vec<_>>().await.unwrap().concat(), b"yt");
        // `me:MARKER@`
        assert!(first.seen().iter().all(|request| request.headers["authorization"] == "Basic bWU6TUFSS0VSQA=="), "{:?}", first.seen());
        assert!(first.seen().iter().all(|request| !request.headers["host"].contains('@')));
    }
    for request in second.seen() {
        assert!(request.line.contains(" /there?x=1 "), "{request:?}");
        assert!(!is_signed(&request), "{request:?}");
        for header in ["referer", "authorization", "cookie"] {
            assert!(!request.headers.contains_key(header), "{request:?}");
        }
    }
    assert!(second.seen().iter().any(|request| request.line.starts_with("HEAD ")));
}

#[tokio::test]
async fn a_password_stays_with_its_origin_and_does_not_come_back_to_it() {
    let second = Server::answer_with(|_| (200, vec![], "bytes"));
    let back = second.url.clone();
    let first = Server::answer_with(move |request| match request.line.split(' ').nth(1) {
        Some("/one") => (302, vec!["Location: two".to_owned()], ""),
        Some("/two") => (302, vec![format!("Location: {back}/away")], ""),
        _ => (200, vec![], "bytes"),
    });
    let there = first.url.clone();
    let middle = Server::answer_with(move |_| (302, vec![format!("Location: {there}/home")], ""));
    let storage = Storage::new(quick(StorageConfig::default()));
    let with_password = |url: &str| url.replace("http://", "http://me:MARKER@");
    storage.get(&with_password(&format!("{}/one", first.url))).await.unwrap();
    let seen = |server: &Server| server.seen().iter().map(|request| request.headers.contains_key("authorization")).collect::<Vec<_>>();
    assert_eq!((seen(&first), seen(&second)), (vec![true, true], vec![false]));
    // The answer's own user and password are not taken up.
    let middle = with_password(&middle.url);
    storage.get(&middle).await.unwrap();
    assert_eq!(seen(&first), [true, true, false]);
    let names_one = Server::answer_with({
        let place = with_password(&format!("{}/named", second.url));
        move |_| (302, vec![format!("Location: {place}")], "")
    });
    storage.get(&names_one.url).await.unwrap();
    assert_eq!(seen(&second), [false, false]);
}

#[tokio::test]
async fn no_redirect_leads_from_https_to_http_or_to_another_protocol() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = Certificate::make(folder.path());
    let storage = Storage::new(quick(StorageConfig { ca_bundle: Some(certificate.bundle.clone()), ..StorageConfig::default() }));
    let open = Server::follow([OBJECT]);
    let secret = Tls::always(&certificate, OBJECT);
    let moved = Answer(302, &[], "");
    let downwards = Tls::with_headers(&certificate, moved.clone(), vec![format!("Location: {}/there?sig=sIgNaTuRe", open.url)]);
    let error = storage.get(&format!("https://localhost:{}/x", downwards.port)).await.unwrap_err();
    let text = error.to_string();
    assert_eq!(error.kind(), ErrorKind::Denied, "{text}");
    for part in ["302", &format!("`{}/there`", open.url), "from https to http"] {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }
    assert!(!text.contains("sIgNaTuRe") && open.seen().is_empty(), "{text}");

    let sideways = Tls::with_headers(&certificate, moved, vec![format!("Location: https://127.0.0.1:{}/there", secret.port)]);
    assert_eq!(storage.get(&format!("https://localhost:{}/x", sideways.port)).await.unwrap(), "bytes");
    let upwards = sends_on(302, &format!("https://localhost:{}/there", secret.port));
    assert_eq!(storage.get(&upwards.url).await.unwrap(), "bytes");

    for (place, kind) in [
        ("file:///etc/passwd", ErrorKind::Denied),
        ("ftp://127.0.0.1/x", ErrorKind::Denied),
        ("data:,x", ErrorKind::Denied),
        ("s3://bucket/key", ErrorKind::Denied),
        ("http://[", ErrorKind::Io),
        ("http://", ErrorKind::Io),
    ] {
        let error = storage.get(&sends_on(302, place).url).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{place}: {error}");
        assert!(error.to_string().contains("302"), "{place}: {error}");
    }
}

#[tokio::test]
async fn each_try_begins_at_the_first_address() {
    let second = Server::follow([Answer(503, &[], ""), Answer(500, &[], ""), OBJECT]);
    let first = sends_on(302, &format!("{}/there", second.url));
    let config = StorageConfig { retries: Some(3), ..quick(StorageConfig::default()) };
    assert_eq!(Storage::new(config).get(&first.url).await.unwrap(), "bytes");
    assert_eq!((first.seen().len(), second.seen().len()), (3, 3));

    let away = Server::follow([Answer(503, &[], "")]);
    let first = sends_on(302, &format!("{}/there", away.url));
    let config = StorageConfig { retries: Some(1), ..quick(StorageConfig::default()) };
    let error = Storage::new(config).get(&first.url).await.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Unavailable && error.to_string().contains(&format!("{} answered 503 (2 tries", away.url)),
        "{error}"
    );
}

#[tokio::test]
async fn redirects_have_an_end() {
    let round = sends_on(302, "/again");
    let error = Storage::new(quick(StorageConfig::default())).get(&round.url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    assert!(error.to_string().contains("10 redirects"), "{error}");
    assert_eq!(round.seen().len(), 11);

    let bare = Server::follow([Answer(302, &[], "")]);
    let error = Storage::new(quick(StorageConfig::default())).get(&bare.url).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Io && error.to_string().contains("302"), "{error}");
}

#[tokio::test]
async fn from_this_machine_no_redirect_leads_to_its_neighbours_services() {
    // What is meant for this machine may go on here.
    let second = Server::follow([OBJECT]);
    let port = second.url.rsplit(':').next().unwrap();
    for place in [format!("http://localhost:{port}/x"), format!("http://2130706433:{port}/x"), format!("http://0x7f.1:{port}/x")] {
        assert_eq!(Storage::new(quick(StorageConfig::default())).get(&sends_on(302, &place).url).await.unwrap(), "bytes", "{place}");
    }
    for place in ["http://169.254.169.254/latest/meta-data", "http://[fd00:ec2::254]/", "http://metadata.google.internal/"] {
        let error = Storage::new(quick(StorageConfig::default())).get(&sends_on(302, place).url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{place}: {error}");
        assert!(error.to_string().contains(place.trim_end_matches('/')), "{place}: {error}");
    }
}
