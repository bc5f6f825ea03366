//! A FlyteAdmin that asks for tokens, if it is told to.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use nebulakit_types::wire::flyteidl::admin::{GetVersionResponse, Version};
use nebulakit_types::wire::flyteidl::service::{OAuth2MetadataResponse, PublicClientAuthConfigResponse};
use prost::Message as _;

use super::authority::Authority;
use super::grpc::{self, Answer, Call, UNAUTHENTICATED, UNIMPLEMENTED};

/// The key under which this control plane expects tokens.
pub(crate) const KEY: &str = "flyte-authorization";

/// A control plane behind a login. Clones share their state.
#[derive(Clone)]
pub(crate) struct Guarded {
    authority: Option<Authority>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Tokens that are accepted, besides those of the authority.
    accepted: BTreeSet<String>,
    /// What has been called, in order.
    calls: Vec<String>,
    /// The user agents of the callers.
    agents: BTreeSet<String>,
    /// What the callers showed to a proxy.
    proxied: BTreeSet<String>,
}

impl Guarded {
    /// A control plane that accepts what `authority` gives out.
    pub(crate) fn by(authority: &Authority) -> Self {
        Self { authority: Some(authority.clone()), state: Arc::default() }
    }

    /// A control plane that accepts these tokens, and does not say who gives them out.
    pub(crate) fn accepting(tokens: &[&str]) -> Self {
        let state = State { accepted: tokens.iter().map(|token| (*token).to_owned()).collect(), ..State::default() };
        Self { authority: None, state: Arc::new(Mutex::new(state)) }
    }

    /// The calls that were made so far, by their methods.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.state.lock().unwrap().calls.clone()
    }

    /// The user agents of those who called.
    pub(crate) fn agents(&self) -> Vec<String> {
        self.state.lock().unwrap().agents.iter().cloned().collect()
    }

    /// What those who called showed to a proxy.
    pub(crate) fn proxied(&self) -> Vec<String> {
        self.state.lock().unwrap().proxied.iter().cloned().collect()
    }

    pub(crate) async fn serve(&self) -> SocketAddr {
        let this = self.clone();
        grpc::serve(move |call| {
            let this = this.clone();
            async move { this.answer(&call) }
        })
        .await
    }

    fn answer(&self, call: &Call) -> Answer {
        let header = |name: &str| call.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let mut state = self.state.lock().unwrap();
        state.calls.push(call.method.clone());
        state.agents.insert(header("user-agent"));
        state.proxied.insert(header("proxy-authorization"));
        match (call.method.as_str(), &self.authority) {
            ("GetOAuth2Metadata", Some(authority)) => Ok(authority.metadata().encode_to_vec()),
            ("GetPublicClientConfig", Some(authority)) => Ok(authority.public_client(KEY).encode_to_vec()),
            ("GetOAuth2Metadata" | "GetPublicClientConfig", None) => {
                Err((UNIMPLEMENTED, "unknown service flyteidl.service.AuthMetadataService".to_owned()))
            }
            ("GetVersion", authority) => {
                let key = if authority.is_some() { KEY } else { "authorization" };
                let token = header(key);
                let token = token.strip_prefix("Bearer ").unwrap_or_default();
                if state.accepted.contains(token) || authority.as_ref().is_some_and(|authority| authority.accepts(token)) {
                    let version = Version { version: "v1.16.8".to_owned(), ..Version::default() };
                    Ok(GetVersionResponse { control_plane_version: Some(version) }.encode_to_vec())
                } else {
                    Err((UNAUTHENTICATED, "token parse error [JWT_VERIFICATION_FAILED]".to_owned()))
                }
            }
            (other, _) => Err((UNIMPLEMENTED, format!("unknown method {other}"))),
        }
    }
}

impl Authority {
    fn metadata(&self) -> OAuth2MetadataResponse {
        OAuth2MetadataResponse {
            issuer: self.url(""),
            authorization_endpoint: self.url("/authorize"),
            token_endpoint: self.url("/token"),
            device_authorization_endpoint: self.url("/device"),
            ..OAuth2MetadataResponse::default()
        }
    }

    fn public_client(&self, key: &str) -> PublicClientAuthConfigResponse {
        PublicClientAuthConfigResponse {
            client_id: "flytectl".to_owned(),
            redirect_uri: self.redirect_uri(),
            scopes: vec!["offline".to_owned(), "all".to_owned()],
            authorization_metadata_key: key.to_owned(),
            audience: "https://flyte.example.com".to_owned(),
            ..PublicClientAuthConfigResponse::default()
        }
    }
}
