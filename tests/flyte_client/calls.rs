//! One call: what is tried again, what is not, over which connection, and how failures read.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nebulakit::backend::flyte::{ClientErrorKind, FlyteClient};
use nebulakit::config::Config;
use nebulakit::env::Environment;
use nebulakit_types::wire::flyteidl::admin::{GetVersionResponse, Version};
use prost::Message as _;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::double::grpc::{self, Answer, NOT_FOUND, RESOURCE_EXHAUSTED, UNAVAILABLE, UNIMPLEMENTED};
use crate::double::{client, proxy};

/// The code of a call that met another one.
const ABORTED: u32 = 10;

/// The code of a call that the account may not make.
const DENIED: u32 = 7;

fn version(version: &str) -> Answer {
    let version = Version { version: version.to_owned(), ..Version::default() };
    Ok(GetVersionResponse { control_plane_version: Some(version) }.encode_to_vec())
}

fn plain(address: SocketAddr) -> Value {
    json!({ "endpoint": format!("dns:///{address}"), "insecure": true, "maxBackoffDelay": "1ms" })
}

fn with(mut settings: Value, more: Value) -> Value {
    let more = more.as_object().unwrap().clone();
    settings.as_object_mut().unwrap().extend(more);
    settings
}

/// A server that counts its calls, and answers the first ones as `first` says.
async fn failing(times: usize, first: Answer) -> (SocketAddr, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let address = grpc::serve(move |_| {
        let answer = if counted.fetch_add(1, Ordering::SeqCst) < times { first.clone() } else { version("v1") };
        async move { answer }
    })
    .await;
    (address, calls)
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let home = tempdir().unwrap();
    for code in [UNAVAILABLE, RESOURCE_EXHAUSTED] {
        let (address, calls) = failing(2, Err((code, "try again".to_owned()))).await;
        assert_eq!(client(home.path(), &plain(address)).version().await.unwrap(), "v1");
        assert_eq!(calls.load(Ordering::SeqCst), 3);
    }
}

#[tokio::test]
async fn after_an_answer_the_number_of_tries_is_the_configured_one() {
    let home = tempdir().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let address = grpc::serve(move |_| {
        let is_first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        async move { if is_first { version("v1") } else { Err((UNAVAILABLE, "restarting: é %".to_owned())) } }
    })
    .await;
    let client = client(home.path(), &with(plain(address), json!({ "maxRetries": 4 })));
    client.version().await.unwrap();
    let error = client.version().await.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::Unreachable);
    assert!(error.to_string().starts_with(&format!("`{address}` answered GetVersion: restarting: é %\nhint: ")), "{error}");
    assert_eq!(calls.load(Ordering::SeqCst), 1 + 5);
}

#[tokio::test]
async fn a_refusal_is_an_answer_too() {
    let home = tempdir().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let address = grpc::serve(move |_| {
        let is_first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        async move { Err(if is_first { (NOT_FOUND, "no such entity".to_owned()) } else { (UNAVAILABLE, "restarting".to_owned()) }) }
    })
    .await;
    let client = client(home.path(), &with(plain(address), json!({ "maxRetries": 4 })));
    assert_eq!(client.version().await.unwrap_err().kind(), ClientErrorKind::NotFound);
    client.version().await.unwrap_err();
    assert_eq!(calls.load(Ordering::SeqCst), 1 + 5);
}

#[tokio::test]
async fn what_would_have_passed_counts_as_not_reached() {
    let home = tempdir().unwrap();
    for code in [RESOURCE_EXHAUSTED, ABORTED] {
        let (address, _) = failing(99, Err((code, "slow down".to_owned()))).await;
        assert_eq!(client(home.path(), &plain(address)).version().await.unwrap_err().kind(), ClientErrorKind::Unreachable);
    }
}

#[tokio::test]
async fn what_does_not_pass_is_not_tried_again() {
    let home = tempdir().unwrap();
    let too_large = "grpc: received message larger than max (5000000 vs. 4194304)";
    for (code, text, kind) in
        [(UNIMPLEMENTED, "unknown service", ClientErrorKind::Unimplemented), (RESOURCE_EXHAUSTED, too_large, ClientErrorKind::TooLarge)]
    {
        let (address, calls) = failing(9, Err((code, text.to_owned()))).await;
        let error = client(home.path(), &plain(address)).version().await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn who_lacks_a_permission_is_told_who_grants_it() {
    let home = tempdir().unwrap();
    let (address, _) = failing(9, Err((DENIED, "user may not read in flytesnacks".to_owned()))).await;
    let error = client(home.path(), &plain(address)).version().await.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::Denied);
    assert_eq!(error.message(), format!("`{address}` answered GetVersion: user may not read in flytesnacks"));
    assert!(error.hint().unwrap().contains("can grant it"), "{error}");
}

#[tokio::test]
async fn an_answer_above_the_limit_is_refused() {
    let home = tempdir().unwrap();
    let (address, _) = failing(1, version(&"v".repeat(100))).await;
    let client = client(home.path(), &with(plain(address), json!({ "maxMessageSizeBytes": 64 })));
    assert_eq!(client.version().await.unwrap_err().kind(), ClientErrorKind::TooLarge);
    assert_eq!(client.version().await.unwrap(), "v1");
}

#[tokio::test]
async fn a_try_has_its_time() {
    let home = tempdir().unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let address = grpc::serve(move |_| {
        let is_first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if is_first {
                std::future::pending::<()>().await;
            }
            version("v1")
        }
    })
    .await;
    let client = client(home.path(), &with(plain(address), json!({ "perRetryTimeout": "300ms" })));
    assert_eq!(client.version().await.unwrap(), "v1");
}

#[tokio::test]
async fn an_endpoint_where_nobody_is_says_where_it_comes_from() {
    let home = tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = client(home.path(), &plain(free)).version().await.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::Unreachable);
    let file = home.path().join("config.yaml");
    let expected = format!("the endpoint comes from `{}`, or is Flyte's demo cluster if that names none", file.display());
    assert_eq!(error.hint(), Some(expected.as_str()));
    assert!(error.to_string().starts_with(&format!("`{free}` did not answer: ")), "{error}");
}

#[test]
fn an_endpoint_with_a_scheme_is_refused() {
    let environment = Environment::empty().with("FLYTE_PLATFORM_URL", "https://flyte.example.com");
    let config = Config::from_environment(&environment).unwrap();
    assert_eq!(FlyteClient::new(&config, &environment).unwrap_err().kind(), ClientErrorKind::Settings);
}

/// A certificate for `admin.test` and this machine, as a file, and a server that has it.
async fn secured(folder: &Path) -> (SocketAddr, std::path::PathBuf) {
    let made = rcgen::generate_simple_self_signed(["admin.test".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let file = folder.join("ca.pem");
    std::fs::write(&file, made.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    (grpc::serve_tls(tls, |_| async { version("v1") }).await, file)
}

#[tokio::test]
async fn a_certificate_is_trusted_by_its_authority_or_on_request() {
    let home = tempdir().unwrap();
    let (address, authority) = secured(home.path()).await;
    let endpoint = json!({ "endpoint": address.to_string() });
    let error = client(home.path(), &endpoint).version().await.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::Untrusted);
    assert!(error.hint().unwrap().contains("admin.caCertFilePath"), "{error}");
    let trusting = with(endpoint.clone(), json!({ "caCertFilePath": authority }));
    assert_eq!(client(home.path(), &trusting).version().await.unwrap(), "v1");
    let careless = with(endpoint, json!({ "insecureSkipVerify": true }));
    assert_eq!(client(home.path(), &careless).version().await.unwrap(), "v1");
}

#[tokio::test]
async fn an_authority_that_is_not_there_is_named() {
    let home = tempdir().unwrap();
    let (address, _) = secured(home.path()).await;
    let settings = json!({ "endpoint": address.to_string(), "caCertFilePath": "/nowhere/ca.pem" });
    let error = client(home.path(), &settings).version().await.unwrap_err().to_string();
    assert!(error.contains("cannot read `/nowhere/ca.pem`"), "{error}");
}

#[tokio::test]
async fn tls_on_one_side_alone_is_told() {
    let home = tempdir().unwrap();
    let (address, _) = failing(0, version("v1")).await;
    let error = client(home.path(), &json!({ "endpoint": address.to_string() })).version().await.unwrap_err();
    assert!(error.to_string().contains("does not speak TLS") && error.hint().unwrap().contains("`admin.insecure: true`"), "{error}");
    let (address, _) = secured(home.path()).await;
    let error = client(home.path(), &plain(address)).version().await.unwrap_err();
    assert!(error.hint().unwrap().starts_with("`admin.insecure` is set"), "{error}");
}

#[tokio::test]
async fn a_proxy_carries_what_speaks_tls_unless_it_is_not_for_the_host() {
    let home = tempdir().unwrap();
    let (address, authority) = secured(home.path()).await;
    let (proxy, asked) = proxy::serve(address).await;
    let settings = json!({ "endpoint": "dns:///admin.test", "caCertFilePath": authority, "maxRetries": 0 });
    let (config, environment) = crate::double::config(home.path(), &settings);
    let environment = environment.with("https_proxy", format!("http://me:hidden@{proxy}"));
    let client = FlyteClient::new(&config, &environment).unwrap();
    assert!(!format!("{client:?}").contains("hidden"));
    assert_eq!(client.version().await.unwrap(), "v1");
    let heads = asked.lock().unwrap().clone();
    assert_eq!(heads.len(), 1, "one connection serves the call");
    assert!(heads[0].starts_with("CONNECT admin.test:443 "), "{heads:?}");
    assert!(heads[0].to_ascii_lowercase().contains("proxy-authorization: basic "), "{heads:?}");

    let direct = FlyteClient::new(&config, &environment.with("NO_PROXY", ".test")).unwrap();
    assert_eq!(direct.version().await.unwrap_err().kind(), ClientErrorKind::Unreachable);
    assert_eq!(asked.lock().unwrap().len(), 1, "the proxy was not asked again");
}
