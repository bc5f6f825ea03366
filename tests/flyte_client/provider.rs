//! Logins at a real OpenID provider, which `tests/servers/with-servers.sh` installs: tokens that end, and tokens that are revoked.
#![allow(clippy::disallowed_methods, reason = "a variable says where the provider is")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use nebulakit::backend::flyte::{ClientErrorKind, Login, Prompt};
use nebulakit_types::client::{ClientOptions, HttpClient, Protocol};
use nebulakit_types::wire::flyteidl::admin::{GetVersionResponse, Version};
use nebulakit_types::wire::flyteidl::service::{OAuth2MetadataResponse, PublicClientAuthConfigResponse};
use prost::Message as _;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::double::grpc::{self, Answer, Call, UNAUTHENTICATED, UNIMPLEMENTED};
use crate::double::{client, prompted};

/// The program that may log in as itself; its secret, which has to be escaped, is of the characters that the provider allows.
const CLIENT: &str = "app:1";
const SECRET: &str = "p/ss word";

/// The provider, which ends with it.
struct Provider {
    process: Child,
    issuer: String,
    redirect_uri: String,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Provider {
    fn start() -> Self {
        let folder = std::env::var("NEBULAKIT_TEST_OIDC").expect("tests/servers/with-servers.sh sets it");
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let redirect_uri = format!("http://localhost:{}/callback", free.port());
        let program = Path::new(&folder).join("provider.mjs");
        let mut command = Command::new("node");
        let mut process = command.arg(program).arg(&redirect_uri).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut issuer = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut issuer).unwrap();
        Self { process, issuer: issuer.trim().to_owned(), redirect_uri }
    }

    /// A page of its own, beside those of the protocol.
    async fn page(&self, page: &str) -> String {
        String::from_utf8(get(&format!("{}/{page}", self.issuer), &BTreeMap::new()).await.1).unwrap()
    }

    /// A control plane that has the provider judge tokens.
    async fn admin(&self) -> Admin {
        let admin = Admin { issuer: self.issuer.clone(), redirect_uri: self.redirect_uri.clone(), scopes: Arc::default() };
        let scopes = admin.scopes.clone();
        let address = grpc::serve(move |call| {
            let admin = admin.clone();
            async move { admin.answer(&call).await }
        })
        .await;
        Admin { issuer: address.to_string(), redirect_uri: String::new(), scopes }
    }
}

/// A control plane; what it is served as has its address for an issuer.
#[derive(Clone)]
struct Admin {
    issuer: String,
    redirect_uri: String,
    /// The scopes of the tokens that it accepted.
    scopes: Arc<Mutex<Vec<String>>>,
}

impl Admin {
    fn settings(&self, mode: &str) -> Value {
        let patience = json!({ "timeout": "30s" });
        json!({
            "endpoint": self.issuer, "insecure": true, "authType": mode, "pkceConfig": &patience, "deviceFlowConfig": &patience,
        })
    }

    async fn answer(&self, call: &Call) -> Answer {
        match call.method.as_str() {
            "GetOAuth2Metadata" => Ok(self.metadata().await.encode_to_vec()),
            "GetPublicClientConfig" => Ok(PublicClientAuthConfigResponse {
                client_id: "flytectl".to_owned(),
                redirect_uri: self.redirect_uri.clone(),
                scopes: ["openid", "offline_access", "all"].map(str::to_owned).to_vec(),
                authorization_metadata_key: "authorization".to_owned(),
                ..PublicClientAuthConfigResponse::default()
            }
            .encode_to_vec()),
            "GetVersion" => {
                let token = call.headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
                let found = self.introspect(token.unwrap_or_default()).await;
                if found["active"] != true {
                    return Err((UNAUTHENTICATED, "token is not active".to_owned()));
                }
                self.scopes.lock().unwrap().push(found["scope"].as_str().unwrap_or_default().to_owned());
                let version = Version { version: "v1.16.8".to_owned(), ..Version::default() };
                Ok(GetVersionResponse { control_plane_version: Some(version) }.encode_to_vec())
            }
            other => Err((UNIMPLEMENTED, format!("unknown method {other}"))),
        }
    }

    /// What the provider says of itself, as Flyte passes it on.
    async fn metadata(&self) -> OAuth2MetadataResponse {
        let (_, said, _) = get(&format!("{}/.well-known/openid-configuration", self.issuer), &BTreeMap::new()).await;
        let said: Value = serde_json::from_slice(&said).unwrap();
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        OAuth2MetadataResponse {
            issuer: text("issuer"),
            authorization_endpoint: text("authorization_endpoint"),
            token_endpoint: text("token_endpoint"),
            device_authorization_endpoint: text("device_authorization_endpoint"),
            ..OAuth2MetadataResponse::default()
        }
    }

    async fn introspect(&self, token: &str) -> Value {
        let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
        let request = http::Request::post(format!("{}/token/introspection", self.issuer))
            .header("authorization", format!("Basic {}", BASE64_STANDARD.encode("admin:admin")))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.into_bytes());
        let browser = HttpClient::new(ClientOptions::default(), Protocol::Http1).unwrap();
        serde_json::from_slice(browser.exchange(request.unwrap()).await.unwrap().body()).unwrap()
    }
}

/// A page, with where it leads, and the cookies that it sets.
async fn get(url: &str, cookies: &BTreeMap<String, String>) -> (Option<String>, Vec<u8>, Vec<(String, String)>) {
    let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = http::Request::get(url).header("cookie", pairs.join("; ")).body(Vec::new()).unwrap();
    let browser = HttpClient::new(ClientOptions::default(), Protocol::Http1).unwrap();
    let answer = browser.exchange(request).await.unwrap();
    let set = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| {
        let (name, value) = cookie.to_str().ok()?.split(';').next()?.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    });
    let location = answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
    (location, answer.body().clone(), set.collect())
}

/// Follows a page with all its redirects, until nothing leads on.
async fn browse(page: String) {
    let (mut cookies, mut next) = (BTreeMap::new(), Some(page));
    let mut host = String::new();
    while let Some(place) = next {
        let place =
            if place.starts_with('/') { format!("{host}{place}") } else { place.replacen("http://localhost", "http://127.0.0.1", 1) };
        host = place.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let (location, _, set) = get(&place, &cookies).await;
        cookies.extend(set);
        next = location;
    }
}

/// A person who does what is asked.
fn person(issuer: String) -> Prompt {
    Arc::new(move |login| {
        match login {
            Login::Browser { url } => tokio::spawn(browse(url.to_owned())),
            Login::Device { code, .. } => tokio::spawn(browse(format!("{issuer}/enter?code={code}"))),
            other => panic!("{other:?}"),
        };
    })
}

#[tokio::test]
async fn a_program_logs_in_and_outlives_its_tokens() {
    let (home, provider) = (tempdir().unwrap(), Provider::start());
    let admin = provider.admin().await;
    std::fs::write(home.path().join("secret"), SECRET).unwrap();
    let mut settings = admin.settings("ClientSecret");
    settings["clientId"] = CLIENT.into();
    settings["clientSecretLocation"] = home.path().join("secret").to_str().unwrap().into();
    settings["scopes"] = json!(["all"]);
    let client = client(home.path(), &settings);
    assert_eq!(client.version().await.unwrap(), "v1.16.8");
    provider.page("later").await;
    assert_eq!(client.version().await.unwrap(), "v1.16.8", "the token has ended");
    provider.page("revoke").await;
    assert_eq!(client.version().await.unwrap(), "v1.16.8", "the token was revoked");
    assert_eq!(provider.page("grants").await, "client_credentials client_credentials client_credentials");
    assert_eq!(*admin.scopes.lock().unwrap(), ["all"; 3]);
}

#[tokio::test]
async fn a_wrong_secret_is_refused_by_name() {
    let (home, provider) = (tempdir().unwrap(), Provider::start());
    std::fs::write(home.path().join("secret"), "guessed").unwrap();
    let mut settings = provider.admin().await.settings("ClientSecret");
    settings["clientId"] = CLIENT.into();
    settings["clientSecretLocation"] = home.path().join("secret").to_str().unwrap().into();
    let error = client(home.path(), &settings).version().await.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::Unauthenticated);
    assert!(error.to_string().contains("refused the login: invalid_client") && !error.to_string().contains("guessed"), "{error}");
}

#[tokio::test]
async fn a_person_logs_in_in_the_browser_and_again_when_everything_is_revoked() {
    let (home, provider) = (tempdir().unwrap(), Provider::start());
    let settings = provider.admin().await.settings("Pkce");
    let client = prompted(home.path(), &settings, person(provider.issuer.clone())).unwrap();
    assert_eq!(client.version().await.unwrap(), "v1.16.8");
    provider.page("later").await;
    assert_eq!(client.version().await.unwrap(), "v1.16.8", "the token has ended");
    provider.page("revoke").await;
    assert_eq!(client.version().await.unwrap(), "v1.16.8", "the token was revoked");
    provider.page("revoke-all").await;
    assert_eq!(client.version().await.unwrap(), "v1.16.8", "nothing is left but another login");
    assert_eq!(provider.page("grants").await, "authorization_code refresh_token refresh_token authorization_code");
}

#[tokio::test]
async fn a_person_logs_in_on_another_device() {
    let (home, provider) = (tempdir().unwrap(), Provider::start());
    let settings = provider.admin().await.settings("DeviceFlow");
    let client = prompted(home.path(), &settings, person(provider.issuer.clone())).unwrap();
    assert_eq!(client.version().await.unwrap(), "v1.16.8");
    provider.page("later").await;
    assert_eq!(client.version().await.unwrap(), "v1.16.8", "the token has ended");
    assert!(provider.page("grants").await.ends_with("device_code refresh_token"));
    drop(client);
    let next = crate::double::client(home.path(), &settings);
    assert_eq!(next.version().await.unwrap(), "v1.16.8", "the next process asks nobody");
}
