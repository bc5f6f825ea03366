//! Azure: URLs name hosts here, and so does anyone who writes a URL.

use nebulakit_types::storage::AzureConfig;

use super::tls::{Certificate, Tls};
use super::*;

/// Bytes without a meaning, in base64.
const KEY: &str = "TUFSS0VSTUFSS0VSTUFSS0VSTUFSS0VSTUFSS0VSTUFSS0VSTUFSS0VSTUFSS0VS";
/// 32 of them: the key that a customer provides for the contents.
const CUSTOMERS_KEY: &str = "TUFSS0VSTUFSS0VSTUFSS0VSTUFSS0VSTUFSS0VSTUE=";
const SAS: &str = "sv=2024-01-01&sig=MARKER%3D";

/// Each credential by itself, of the account `mine`.
fn credentials() -> Vec<(&'static str, StorageConfig)> {
    let of = |variables: &[(&str, &str)]| StorageConfig { environment: environment(variables), ..StorageConfig::default() };
    let account = ("AZURE_STORAGE_ACCOUNT_NAME", "mine");
    let key = AzureConfig { account_name: Some("mine".to_owned()), account_key: Some(KEY.into()), ..AzureConfig::default() };
    let sas = AzureConfig { account_name: Some("mine".to_owned()), sas_token: Some(SAS.into()), ..AzureConfig::default() };
    vec![
        ("key", StorageConfig { azure: key, ..StorageConfig::default() }),
        ("sas", StorageConfig { azure: sas, ..StorageConfig::default() }),
        ("key of the environment", of(&[account, ("AZURE_STORAGE_ACCOUNT_KEY", KEY)])),
        ("sas of the environment", of(&[account, ("AZURE_STORAGE_SAS_TOKEN", SAS)])),
        ("token", of(&[account, ("AZURE_STORAGE_TOKEN", MARKER)])),
        ("customer's key", of(&[account, ("AZURE_STORAGE_TOKEN", MARKER), ("AZURE_STORAGE_ENCRYPTION_KEY", CUSTOMERS_KEY)])),
    ]
}

#[tokio::test]
async fn a_stranger_that_a_url_names_sees_no_credential_and_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = Certificate::make(folder.path());
    let stranger = Tls::always(&certificate, OBJECT);
    for (what, config) in credentials() {
        let storage = Storage::new(quick(StorageConfig { ca_bundle: Some(certificate.bundle.clone()), ..config }));
        for scheme in ["abfs", "abfss", "az", "wasb", "wasbs", "ABFS"] {
            for host in ["127.0.0.1", "localhost"] {
                let host = format!("{host}:{}", stranger.port);
                for error in refusals(&storage, &format!("{scheme}://c@{host}/key")).await {
                    assert_eq!(error.kind(), ErrorKind::Denied, "{what}, {scheme}: {error}");
                    let text = error.to_string();
                    assert!(text.contains(&format!("`{host}`")) && text.contains("\nhint: "), "{text}");
                    assert!(!text.contains(MARKER) && !text.contains(KEY), "{text}");
                }
            }
        }
    }
    assert_eq!(stranger.seen().iter().map(|request| &request.line).collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test]
async fn names_that_look_like_microsofts_are_refused() {
    for (what, config) in credentials() {
        let storage = Storage::new(quick(config));
        for host in [
            "mine.blob.core.windows.net.evil.example",
            "mine.blob.core.windows.net:8443",
            "mine.blob.core.windows.net.",
            "mine.blob.evil.core.windows.net",
            "mine.evil.blob.core.windows.net",
            "mine.core.windows.net",
            "mine.file.core.windows.net",
            "mine.blob.windows.net",
            "mine.blob.core.windows.net.cn",
            "mine.blob.xcore.windows.net",
            "mine.z.blob.storage.azure.net",
            "mine.z00.blob.core.windows.net",
            "mine.blob.storage.azure.net",
            "blob.core.windows.net",
            "169.254.169.254",
            "2130706433:80",
        ] {
            let error = storage.get(&format!("abfs://c@{host}/key")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Denied, "{what}, {host}: {error}");
            assert!(error.to_string().contains(host), "{what}, {host}: {error}");
        }
    }
}

#[tokio::test]
async fn the_configured_endpoint_sees_credentials_however_it_is_named() {
    let server = Server::follow([OBJECT]);
    let host = server.url.strip_prefix("http://").unwrap().to_owned();
    let endpoint = format!("{}/mine", server.url);
    for (what, mut config) in credentials() {
        config.azure.endpoint = Some(endpoint.clone());
        let storage = Storage::new(quick(config));
        for url in ["abfs://c/key", "az://c@mine/key", "abfss://c@mine.dfs.core.windows.net/key", &format!("wasbs://c@{host}/key")] {
            assert_eq!(storage.get(url).await.unwrap(), "bytes", "{what}, {url}");
            put(&storage, url).await.unwrap();
            let seen = server.seen();
            let [.., get, put] = &*seen else { panic!("{seen:?}") };
            assert!(is_signed(get) && is_signed(put), "{what}, {url}: {get:?}");
            assert!(get.line.starts_with("GET /mine/c/key"), "{what}, {url}: {get:?}");
        }
    }
    // What the cloud's own tools read.
    let variables = [("AZURE_STORAGE_ACCOUNT_NAME", "mine"), ("AZURE_STORAGE_ACCOUNT_KEY", KEY), ("AZURE_STORAGE_ENDPOINT", &endpoint)];
    let storage = Storage::new(quick(StorageConfig { environment: environment(&variables), ..StorageConfig::default() }));
    for url in ["abfs://c/key", "az://c@mine/key", &format!("wasbs://c@{host}/key")] {
        put(&storage, url).await.unwrap();
        assert!(is_signed(server.seen().last().unwrap()), "{url}");
    }
    // Another host is not that endpoint, though all requests would go there.
    let mut config = credentials().remove(0).1;
    config.azure.endpoint = Some(endpoint);
    let error = Storage::new(quick(config)).get("abfs://c@evil.example/key").await.unwrap_err();
    assert!(error.kind() == ErrorKind::Denied && error.to_string().contains("`evil.example`"), "{error}");
}

#[tokio::test]
async fn keys_and_signatures_of_one_account_are_not_sent_in_the_name_of_another() {
    let server = Server::follow([OBJECT]);
    for (what, mut config) in credentials() {
        config.azure.endpoint = Some(server.url.clone());
        let storage = Storage::new(quick(config));
        for url in ["abfs://c@other.dfs.core.windows.net/key", "wasbs://c@other/key"] {
            let before = server.seen().len();
            let written = put(&storage, url).await;
            if what.contains("token") || what.contains("customer") {
                // A token is the caller's, not an account's.
                written.unwrap();
                let seen = server.seen();
                assert!(seen.len() == before + 1 && seen[before].headers["authorization"].contains(MARKER), "{what}");
                assert!(!format!("{:?}", seen[before].headers).contains(CUSTOMERS_KEY), "the customer's key is the account's: {what}");
                continue;
            }
            let error = written.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Denied, "{what}: {error}");
            let text = error.to_string();
            assert!(text.contains("`other") && text.contains("`mine`") && text.contains("\nhint: "), "{text}");
            assert_eq!(server.seen().len(), before, "{what}");
            // What everybody may read is read, by nobody.
            assert_eq!(storage.get(url).await.unwrap(), "bytes", "{what}");
            assert!(server.seen()[before..].iter().all(|request| !is_signed(request)), "{what}");
        }
    }
}

#[tokio::test]
async fn keys_without_an_account_belong_to_none() {
    for (name, value) in [("AZURE_STORAGE_ACCOUNT_KEY", KEY), ("AZURE_STORAGE_SAS_TOKEN", SAS)] {
        let server = Server::follow([OBJECT]);
        let mut config = StorageConfig { environment: environment(&[(name, value)]), ..StorageConfig::default() };
        config.azure.endpoint = Some(server.url.clone());
        let error = put(&Storage::new(quick(config)), "abfs://c@other.dfs.core.windows.net/key").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
        assert!(error.to_string().contains("FLYTE_AZURE_STORAGE_ACCOUNT_NAME"), "{error}");
        assert!(server.seen().is_empty());
    }
}

#[tokio::test]
async fn without_credentials_any_host_may_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = Certificate::make(folder.path());
    let stranger = Tls::always(&certificate, OBJECT);
    for (what, mut config) in credentials() {
        config.azure.anonymous = true;
        let storage = Storage::new(quick(StorageConfig { ca_bundle: Some(certificate.bundle.clone()), ..config }));
        assert_eq!(storage.get(&format!("abfs://c@127.0.0.1:{}/key", stranger.port)).await.unwrap(), "bytes");
        assert!(stranger.seen().iter().all(|request| !is_signed(request)), "{what}");
        assert!(!format!("{:?}", stranger.seen()).contains(CUSTOMERS_KEY), "{what}");
    }
}
