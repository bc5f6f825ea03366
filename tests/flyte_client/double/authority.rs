//! An authorization server: client credentials, authorization code with PKCE, device codes, refresh tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{RawForm, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

type Form = BTreeMap<String, String>;

/// The client that may log in as itself, and its secret, which both need to be escaped.
pub(crate) const CLIENT: &str = "app:1";
pub(crate) const SECRET: &str = "p/ss wörd";

/// The server. Clones share their state.
#[derive(Clone)]
pub(crate) struct Authority {
    address: SocketAddr,
    state: Arc<Mutex<Issued>>,
}

#[derive(Default)]
struct Issued {
    /// Where browsers are sent after a login.
    redirect_uri: String,
    /// How many seconds tokens last, if it says so.
    lasts: Option<u64>,
    /// Whether logins of people are refused.
    refuses: bool,
    /// How many requests are answered by a proxy's page, and not by the server.
    failing: usize,
    /// How often a device is told to wait.
    pending: usize,
    /// The requests for tokens, in order.
    requests: Vec<Form>,
    access: BTreeSet<String>,
    refresh: BTreeSet<String>,
    /// The challenges of the codes that were given out.
    challenges: BTreeMap<String, String>,
}

impl Authority {
    pub(crate) async fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // Nobody else listens there soon, and nobody is asked.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let issued = Issued { redirect_uri: format!("http://localhost:{}/callback", free.port()), ..Issued::default() };
        let authority = Self { address: listener.local_addr().unwrap(), state: Arc::new(Mutex::new(issued)) };
        let router = Router::new()
            .route("/token", post(token))
            .route("/authorize", get(authorize))
            .route("/device", post(device))
            .with_state(authority.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        authority
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn redirect_uri(&self) -> String {
        self.state.lock().unwrap().redirect_uri.clone()
    }

    /// Says of the tokens from now on that they last so long.
    pub(crate) fn lasting(&self, seconds: u64) {
        self.state.lock().unwrap().lasts = Some(seconds);
    }

    /// Refuses the logins of people from now on.
    pub(crate) fn refuse(&self) {
        self.state.lock().unwrap().refuses = true;
    }

    /// Drops this many requests.
    pub(crate) fn fail(&self, times: usize) {
        self.state.lock().unwrap().failing = times;
    }

    /// Whether this request is one of those.
    fn fails(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        let fails = state.failing > 0;
        state.failing = state.failing.saturating_sub(1);
        fails
    }

    /// Tells devices so often to wait.
    pub(crate) fn pend(&self, times: usize) {
        self.state.lock().unwrap().pending = times;
    }

    /// Ends all access tokens.
    pub(crate) fn revoke(&self) {
        self.state.lock().unwrap().access.clear();
    }

    /// Ends all refresh tokens too.
    pub(crate) fn revoke_all(&self) {
        self.revoke();
        self.state.lock().unwrap().refresh.clear();
    }

    pub(crate) fn accepts(&self, token: &str) -> bool {
        self.state.lock().unwrap().access.contains(token)
    }

    /// The grants that were asked for, in order.
    pub(crate) fn grants(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.iter().map(|form| form["grant_type"].rsplit(':').next().unwrap().to_owned()).collect()
    }

    /// The last request for a token.
    pub(crate) fn last(&self) -> Form {
        self.state.lock().unwrap().requests.last().unwrap().clone()
    }
}

fn form(text: &[u8]) -> Form {
    url::form_urlencoded::parse(text).into_owned().collect()
}

fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn refused(error: &str, description: &str) -> Response {
    json(StatusCode::BAD_REQUEST, &serde_json::json!({ "error": error, "error_description": description }))
}

async fn token(State(authority): State<Authority>, headers: HeaderMap, RawForm(text): RawForm) -> Response {
    if authority.fails() {
        return (StatusCode::BAD_GATEWAY, "<html>").into_response();
    }
    let form = form(&text);
    let mut state = authority.state.lock().unwrap();
    state.requests.push(form.clone());
    match form["grant_type"].as_str() {
        "client_credentials" => {
            let escaped = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", escaped(CLIENT), escaped(SECRET))));
            if headers.get("authorization").is_none_or(|value| value != expected.as_str()) {
                return refused("invalid_client", "unknown client, or a wrong secret");
            }
        }
        "authorization_code" => {
            let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
            if state.challenges.remove(&form["code"]) != Some(challenge) || form["redirect_uri"] != state.redirect_uri {
                return refused("invalid_grant", "the code is not for this verifier");
            }
        }
        "refresh_token" => {
            if !state.refresh.remove(&form["refresh_token"]) {
                return refused("invalid_grant", "the refresh token has ended");
            }
        }
        "urn:ietf:params:oauth:grant-type:device_code" if state.refuses => return refused("access_denied", "not today"),
        "urn:ietf:params:oauth:grant-type:device_code" if state.pending > 0 => {
            state.pending -= 1;
            return refused("authorization_pending", "nobody has entered the code");
        }
        "urn:ietf:params:oauth:grant-type:device_code" => assert_eq!(form["device_code"], "the-device"),
        other => panic!("{other}"),
    }
    let number = state.requests.len();
    let (access, refresh) = (format!("access-{number}"), format!("refresh-{number}"));
    state.access.insert(access.clone());
    let mut answer = serde_json::json!({ "access_token": access, "token_type": "Bearer" });
    if form["grant_type"] != "client_credentials" {
        state.refresh.insert(refresh.clone());
        answer["refresh_token"] = refresh.into();
    }
    if let Some(lasts) = state.lasts {
        answer["expires_in"] = lasts.into();
    }
    json(StatusCode::OK, &answer)
}

async fn authorize(State(authority): State<Authority>, RawQuery(query): RawQuery) -> Response {
    let query = form(query.unwrap_or_default().as_bytes());
    let mut state = authority.state.lock().unwrap();
    assert_eq!((query["response_type"].as_str(), query["code_challenge_method"].as_str()), ("code", "S256"));
    assert_eq!((query["client_id"].as_str(), query["scope"].as_str()), ("flytectl", "offline all"));
    assert_eq!(query["redirect_uri"], state.redirect_uri);
    let outcome = match state.refuses {
        true => "error=access_denied&error_description=not+today".to_owned(),
        false => {
            let code = format!("code-{}", state.challenges.len());
            state.challenges.insert(code.clone(), query["code_challenge"].clone());
            format!("code={code}")
        }
    };
    let location = format!("{}?{outcome}&state={}", state.redirect_uri, query["state"]);
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}

async fn device(State(authority): State<Authority>, RawForm(text): RawForm) -> Response {
    if authority.fails() {
        return (StatusCode::BAD_GATEWAY, "<html>").into_response();
    }
    let form = form(&text);
    assert_eq!((form["client_id"].as_str(), form["scope"].as_str()), ("flytectl", "offline all"));
    let page = authority.url("/enter");
    let answer = serde_json::json!({
        "device_code": "the-device", "user_code": "ABCD-EFGH", "verification_uri": page, "expires_in": 600, "interval": 0,
    });
    json(StatusCode::OK, &answer)
}
