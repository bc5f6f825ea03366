//! Which hosts a task's process turns to, as a proxy in front of it sees them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nebulakit_tests::Launch;
use nebulakit_tests::http::Server;
use nebulakit_tests::literals::file;

/// 64 bytes, in base64.
const KEY: &str = "TUFSS0VSTUFSS0VSTUFSS0VSTUFSS0VSTUFSS0VSTUFSS0VSTUFSS0VSTUFSS0VS";

/// A task that reads the file at `url`, with a key of the Azure account `mine`.
fn reading(url: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_fixture"), "read_file")
        .input("file", file(url))
        .env("FLYTE_STORAGE_RETRIES", "0")
        .env("FLYTE_AZURE_STORAGE_ACCOUNT_NAME", "mine")
        .env("FLYTE_AZURE_STORAGE_ACCOUNT_KEY", KEY)
}

/// The first host that a task asks its proxy for; what it says of it is an error.
fn asked(launch: Launch) -> String {
    let proxy = Server::start();
    let started = launch.env("HTTPS_PROXY", proxy.url("")).start();
    let request = proxy.request();
    assert_eq!(request.method, "CONNECT");
    let host = request.path.clone();
    request.answer(403, b"");
    std::thread::spawn(move || {
        loop {
            proxy.request().answer(403, b"");
        }
    });
    assert!(!started.wait().error().message.is_empty());
    host
}

#[test]
fn accounts_of_azure_are_asked_for_blobs_at_their_own_host() {
    for (url, host) in [
        ("abfs://c/key", "mine.blob.core.windows.net:443"),
        ("az://c@mine/key", "mine.blob.core.windows.net:443"),
        ("abfss://c@mine.dfs.core.windows.net/key", "mine.blob.core.windows.net:443"),
        ("wasbs://c@mine.blob.core.chinacloudapi.cn/key", "mine.blob.core.chinacloudapi.cn:443"),
        ("abfss://c@mine.z01.dfs.storage.azure.net/key", "mine.z01.blob.storage.azure.net:443"),
    ] {
        assert_eq!(asked(reading(url)), host, "{url}");
    }
}

/// The same with keys of S3 and a token of Google's.
fn reading_signed(url: &str, style: &str) -> Launch {
    reading(url)
        .env("FLYTE_AWS_ACCESS_KEY_ID", "AKTEST")
        .env("FLYTE_AWS_SECRET_ACCESS_KEY", "secret")
        .env("FLYTE_AWS_ADDRESSING_STYLE", style)
        .env("AWS_REGION", "eu-west-3")
        .env("GOOGLE_BEARER_TOKEN", "token")
}

#[test]
fn buckets_are_asked_for_below_the_stores_own_domain() {
    for (url, style, host) in [
        ("s3://bucket/key", "auto", "bucket.s3.eu-west-3.amazonaws.com:443"),
        ("s3://evil.example/key", "auto", "s3.eu-west-3.amazonaws.com:443"),
        ("s3://evil.example/key", "virtual", "evil.example.s3.eu-west-3.amazonaws.com:443"),
        ("s3://bucket/@evil.example", "path", "s3.eu-west-3.amazonaws.com:443"),
        ("gs://evil.example/key", "auto", "storage.googleapis.com:443"),
    ] {
        assert_eq!(asked(reading_signed(url, style)), host, "{url}");
    }
    for scheme in ["s3", "gs"] {
        for style in ["auto", "virtual", "path"] {
            for bucket in ["evil.example#", "evil.example?", "bucket@evil.example", "bucket:8080", "evil.example\\", "..", ""] {
                let proxy = Server::start();
                let launch = reading_signed(&format!("{scheme}://{bucket}/key"), style);
                let message = launch.env("HTTPS_PROXY", proxy.url("")).run().error().message;
                assert!(!message.is_empty() && !proxy.is_awaited(), "{bucket}: {message}");
            }
        }
    }
}

#[test]
fn a_domain_of_ones_own_is_allowed_by_a_setting() {
    let url = "abfss://c@mine.dfs.local.azurestack.external/key";
    let proxy = Server::start();
    let ended = reading(url).env("HTTPS_PROXY", proxy.url("")).run();
    let message = ended.error().message;
    for part in ["`mine.dfs.local.azurestack.external`", "hint: ", "FLYTE_AZURE_STORAGE_DOMAINS"] {
        assert!(message.contains(part), "no `{part}` in: {message}");
    }
    assert!(!proxy.is_awaited(), "nobody is asked");
    let launch = reading(url).env("FLYTE_AZURE_STORAGE_DOMAINS", "other.example, local.azurestack.external");
    assert_eq!(asked(launch), "mine.blob.local.azurestack.external:443");
}

#[test]
fn the_emulator_is_asked_in_the_name_of_its_account() {
    let emulator = Server::start();
    let started = Launch::new(env!("CARGO_BIN_EXE_fixture"), "read_file")
        .input("file", file("abfs://c@devstoreaccount1/name.txt"))
        .env("AZURE_STORAGE_USE_EMULATOR", "true")
        .env("AZURITE_BLOB_STORAGE_URL", emulator.url(""))
        .start();
    let request = emulator.request();
    assert_eq!(request.path, "/devstoreaccount1/c/name.txt");
    assert!(request.header("authorization").unwrap().starts_with("SharedKey devstoreaccount1:"), "{request:?}");
    request.answer(404, b"");
    std::thread::spawn(move || {
        loop {
            emulator.request().answer(404, b"");
        }
    });
    assert!(started.wait().error().message.contains("404"));
}

/// A task that reads a file of a server elsewhere, by a proxy at `host`, which stands for all servers elsewhere.
fn reading_elsewhere(proxy: &Server, host: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_fixture"), "read_file")
        .input("file", file("http://elsewhere.example/name.txt?sig=sIgNaTuRe"))
        .env("FLYTE_STORAGE_RETRIES", "0")
        .env("HTTP_PROXY", format!("http://{host}:{}", proxy.port()))
}

#[test]
fn a_server_elsewhere_sends_nobody_to_this_machine_or_its_neighbours() {
    let neighbour = Server::start();
    let port = neighbour.port();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "0xa9fea9fe",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "metadata.google.internal",
    ] {
        let proxy = Server::start();
        let started = reading_elsewhere(&proxy, "127.0.0.1").start();
        let request = proxy.request();
        assert!(request.path.starts_with("http://elsewhere.example/name.txt"), "{request:?}");
        request.send_on(&format!("http://{host}:{port}/there?token=tOkEn"));
        let message = started.wait().error().message;
        assert!(
            message.contains("answered 302 and sent on to `http://") && message.contains("/there`, which is not followed"),
            "{message}"
        );
        assert!(!message.contains("sIgNaTuRe") && !message.contains("tOkEn"), "{message}");
        assert!(!proxy.is_awaited() && !neighbour.is_awaited(), "{host}");
    }
}

#[test]
fn a_server_elsewhere_sends_on_to_another_by_any_proxy() {
    for host in ["127.0.0.1", "localhost"] {
        let proxy = Server::start();
        let started = reading_elsewhere(&proxy, host).start();
        proxy.request().send_on("http://further.example/name.txt");
        let further = proxy.request();
        assert_eq!(further.path, "http://further.example/name.txt");
        assert!(further.header("referer").is_none(), "{further:?}");
        further.answer(404, b"");
        let message = started.wait().error().message;
        assert!(message.contains("http://further.example answered 404"), "{message}");
    }
}

#[test]
fn services_of_this_machine_are_asked_without_a_proxy() {
    let (proxy, service, store) = (Server::start(), Server::start(), Server::start());
    let launch = Launch::new(env!("CARGO_BIN_EXE_fixture"), "read_file").input("file", file("s3://bucket/name.txt"));
    std::fs::write(launch.path().join("token"), "tOkEn").unwrap();
    let token = launch.path().join("token");
    let started = launch
        .env("HTTP_PROXY", proxy.url(""))
        .env("FLYTE_AWS_ENDPOINT", store.url(""))
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", service.url("/creds"))
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token)
        .start();
    let asked = std::thread::spawn(move || {
        let request = service.request();
        assert_eq!((request.path.as_str(), request.header("authorization")), ("/creds", Some("tOkEn")));
        let keys = r#"{"AccessKeyId": "AKTEST", "SecretAccessKey": "s", "Token": "t", "Expiration": "2036-01-01T00:00:00Z"}"#;
        request.answer(200, keys.as_bytes());
        let request = store.request();
        assert!(request.path == "/bucket/name.txt" && request.header("authorization").is_some(), "{request:?}");
        request.answer(404, b"");
    });
    let ended = started.wait();
    assert!(!proxy.is_awaited(), "{}", ended.error().message);
    asked.join().unwrap();
}
