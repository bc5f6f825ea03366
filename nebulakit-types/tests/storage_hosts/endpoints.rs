//! Settings that name hosts, and names of buckets and keys, which do not.

use nebulakit_types::storage::{AddressingStyle, GcsConfig, S3Config, UrlAliases};

use super::*;

/// Everything that would name credentials of S3 to a service, in the order in which they are tried.
fn looking(variables: &[(&str, &str)], endpoint: &str) -> Storage {
    let s3 = S3Config { endpoint: Some(endpoint.to_owned()), ..S3Config::default() };
    Storage::new(quick(StorageConfig { s3, environment: environment(variables), ..StorageConfig::default() }))
}

#[tokio::test]
async fn a_token_for_credentials_goes_to_https_or_to_the_services_of_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, MARKER).unwrap();
    let token = token.to_str().unwrap();
    let store = Server::follow([OBJECT]);
    for (place, kind) in [
        ("http://192.0.2.1/creds", ErrorKind::Denied),
        ("http://127.0.0.1.nip.invalid/creds", ErrorKind::Denied),
        ("http://127.0.0.1@192.0.2.1/creds", ErrorKind::Url),
        ("http://169.254.169.254/creds", ErrorKind::Denied),
        ("http://[2001:db8::1]/creds", ErrorKind::Denied),
        ("ftp://127.0.0.1/creds", ErrorKind::Url),
        ("127.0.0.1/creds", ErrorKind::Url),
        ("https://me:pass-word@127.0.0.1/creds", ErrorKind::Url),
    ] {
        let variables = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", place), ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token)];
        let error = put(&looking(&variables, &store.url), "s3://bucket/key").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{place}: {error}");
        assert!(error.to_string().contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"), "{place}: {error}");
        assert!(!error.to_string().contains("pass-word"), "{place}: {error}");
    }
    for (place, kind) in [("http://192.0.2.1/", ErrorKind::Denied), ("ftp://127.0.0.1/", ErrorKind::Url), ("127.0.0.1", ErrorKind::Url)] {
        let variables = [("AWS_WEB_IDENTITY_TOKEN_FILE", token), ("AWS_ROLE_ARN", "arn:x"), ("AWS_ENDPOINT_URL_STS", place)];
        let error = put(&looking(&variables, &store.url), "s3://bucket/key").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{place}: {error}");
        assert!(error.to_string().contains("AWS_ENDPOINT_URL_STS"), "{place}: {error}");

        let client = [("AZURE_CLIENT_ID", "id"), ("AZURE_TENANT_ID", "tenant"), ("AZURE_CLIENT_SECRET", MARKER)];
        let variables = [&client[..], &[("AZURE_AUTHORITY_HOST", place), ("AZURE_STORAGE_ENDPOINT", &*store.url)]].concat();
        let config = StorageConfig { environment: environment(&variables), ..StorageConfig::default() };
        let error = put(&Storage::new(quick(config)), "abfs://c@mine/key").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{place}: {error}");
        assert!(error.to_string().contains("AZURE_AUTHORITY_HOST"), "{place}: {error}");
    }
    assert!(store.seen().is_empty());

    // With keys of its own, nothing else is looked at.
    let mut variables = vec![("AWS_ACCESS_KEY_ID", "AKTEST"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    variables.extend([("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/"), ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token)]);
    put(&looking(&variables, &store.url), "s3://bucket/key").await.unwrap();
}

#[tokio::test]
async fn a_token_for_credentials_goes_to_a_service_of_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, MARKER).unwrap();
    let answer = r#"{"AccessKeyId": "AKTEST", "SecretAccessKey": "s", "Token": "t", "Expiration": "2036-01-01T00:00:00Z"}"#;
    let service = Server::follow([Answer(200, &[], answer)]);
    let store = Server::follow([OBJECT]);
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*format!("{}/creds", service.url)),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token.to_str().unwrap()),
    ];
    assert_eq!(looking(&variables, &store.url).get("s3://bucket/key").await.unwrap(), "bytes");
    assert_eq!(service.seen()[0].headers["authorization"], MARKER);
    assert!(is_signed(&store.seen()[0]));
}

#[tokio::test]
async fn a_path_at_the_containers_service_names_no_other_host() {
    let stranger = Server::follow([Answer(200, &[], "{}")]);
    let host = stranger.url.strip_prefix("http://").unwrap();
    for path in [format!("@{host}/creds"), format!(":80@{host}/"), ".evil.example/creds".to_owned(), "creds".to_owned()] {
        let variables = [("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", &*path)];
        let error = put(&looking(&variables, "http://127.0.0.1:9"), "s3://bucket/key").await.unwrap_err();
        assert!(error.to_string().contains("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), "{path}: {error}");
    }
    assert!(stranger.seen().is_empty());
}

#[tokio::test]
async fn what_is_tried_without_credentials_is_tried_at_the_same_host() {
    let server = Server::follow([Answer(403, &[], ""), OBJECT]);
    let variables = [("GOOGLE_BASE_URL", &*server.url), ("GOOGLE_BEARER_TOKEN", MARKER)];
    let config = StorageConfig { environment: environment(&variables), ..StorageConfig::default() };
    assert_eq!(Storage::new(quick(config)).get("gs://bucket/key").await.unwrap(), "bytes");
    assert_eq!(server.seen().iter().map(is_signed).collect::<Vec<_>>(), [true, false]);

    for wrong in ["http://me:pw@host", "ftp://host", "host", "http://host/?x"] {
        let config = StorageConfig { environment: environment(&[("GOOGLE_BASE_URL", wrong)]), ..StorageConfig::default() };
        let error = Storage::new(quick(config)).get("gs://bucket/key").await.unwrap_err();
        assert!(error.kind() == ErrorKind::Url && error.to_string().contains("the endpoint `"), "{wrong}: {error}");
    }
}

/// S3 in every style and Google's store, at one endpoint and with credentials.
fn stores(endpoint: &str) -> Vec<(&'static str, StorageConfig)> {
    let mut stores = Vec::new();
    for style in [AddressingStyle::Path, AddressingStyle::Virtual, AddressingStyle::Auto] {
        let s3 = S3Config {
            endpoint: Some(endpoint.to_owned()),
            access_key_id: Some("AKTEST".to_owned()),
            secret_access_key: Some("secret".into()),
            addressing_style: Some(style),
            ..S3Config::default()
        };
        stores.push(("s3", quick(StorageConfig { s3, ..StorageConfig::default() })));
    }
    let gcs = GcsConfig { endpoint: Some(endpoint.to_owned()), ..GcsConfig::default() };
    let token = environment(&[("GOOGLE_BEARER_TOKEN", MARKER)]);
    stores.push(("gs", quick(StorageConfig { gcs, environment: token, ..StorageConfig::default() })));
    stores
}

#[tokio::test]
async fn no_bucket_moves_the_host_of_a_request() {
    let server = Server::follow([OBJECT]);
    let stranger = Server::follow([OBJECT]);
    let host = stranger.url.strip_prefix("http://").unwrap();
    for (scheme, config) in stores(&format!("{}/gate/way", server.url)) {
        let storage = Storage::new(config);
        for bucket in [
            &format!("bucket@{host}"),
            &format!("@{host}"),
            &format!("{host}#"),
            &format!("{host}?"),
            host,
            "bucket:8080",
            "evil.example#",
            "evil.example?x=",
            "evil.example\\",
            "bucket\n",
            "bucket\t",
            "a b",
            "%2e%2e",
            "[::1]",
            "é",
            "。",
            ".",
            "..",
            "...",
            "",
        ] {
            for error in refusals(&storage, &format!("{scheme}://{bucket}/key")).await {
                assert_eq!(error.kind(), ErrorKind::Url, "{scheme}://{bucket}: {error}");
            }
        }
    }
    assert!(server.seen().is_empty() && stranger.seen().is_empty(), "{:?} {:?}", server.seen(), stranger.seen());
}

#[tokio::test]
async fn no_bucket_and_no_key_leaves_the_endpoints_path() {
    let server = Server::follow([OBJECT]);
    let stores = stores(&format!("{}/gate/way", server.url)).into_iter();
    for (scheme, config) in stores.filter(|(_, config)| config.s3.addressing_style != Some(AddressingStyle::Virtual)) {
        let storage = Storage::new(config);
        for (bucket, key) in [
            ("evil.example", "key"),
            ("127.0.0.1", "key"),
            ("bucket", "@evil.example/x"),
            ("bucket", "a?b=c#d"),
            ("bucket", "\\\\evil.example\\x"),
            ("bucket", "%2e%2e/x"),
            ("bucket", "a/%2e%2e/x"),
            ("bucket", "http://evil.example/x"),
        ] {
            let before = server.seen().len();
            // A key that cannot be reached is refused; one that can is asked for where it belongs.
            let ended = storage.get(&format!("{scheme}://{bucket}/{key}")).await;
            let seen = server.seen();
            match &seen[before..] {
                [] => assert_eq!(ended.unwrap_err().kind(), ErrorKind::Url, "{key}"),
                [request] => {
                    let line = request.line.replace("%2E", ".");
                    assert!(line.starts_with(&format!("GET /gate/way/{bucket}/")) && is_signed(request), "{request:?}");
                    assert!(!line.contains("/..") && !line.contains('?'), "{request:?}");
                }
                more => panic!("{more:?}"),
            }
        }
        for key in ["..", "a/b/../..", "../x", "a/../../b", "./a", "/x", "//x"] {
            let error = storage.get(&format!("{scheme}://bucket/{key}")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Url, "{key}: {error}");
        }
    }
}

#[tokio::test]
async fn nothing_below_a_registered_prefix_moves_the_host() {
    let server = Server::follow([OBJECT]);
    let stranger = Server::follow([OBJECT]);
    let host = stranger.url.strip_prefix("http://").unwrap();
    let mut registry = UrlAliases::default();
    registry.register("lake://", &format!("http://me:{MARKER}@{}/base", server.url.strip_prefix("http://").unwrap())).unwrap();
    registry.register("pond://", "s3://bucket/base").unwrap();
    let storage = Storage::new(StorageConfig { aliases: registry, ..stores(&server.url).remove(0).1 });
    for scheme in ["lake", "pond"] {
        for rest in
            [format!("@{host}/x"), format!("/{host}/x"), format!("//{host}/x"), format!("\\\\{host}\\x"), format!("http://{host}/x")]
        {
            let before = server.seen().len();
            let ended = storage.get(&format!("{scheme}://{rest}")).await;
            assert_eq!(server.seen().len() > before, ended.is_ok(), "{scheme}://{rest}");
        }
    }
    assert!(stranger.seen().is_empty(), "{:?}", stranger.seen());
    assert!(server.seen().iter().all(is_signed) && server.seen().len() >= 5, "{:?}", server.seen());
}
