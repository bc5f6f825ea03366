//! What a control plane says of its logins.

use bytes::Bytes;
use nebulakit_types::wire::flyteidl::service::PublicClientAuthConfigResponse;
use tonic::Code;
use tonic::metadata::{AsciiMetadataKey, MetadataMap};
use url::{Host, Url};

use super::super::admin::{Admin, GET_OAUTH2_METADATA, GET_PUBLIC_CLIENT_CONFIG, explained};
use super::super::error::{ClientError, ClientErrorKind};
use crate::services::config::Credentials;

/// The key of tokens, where neither the settings nor the control plane name one.
const USUAL_KEY: &str = "authorization";

/// The authorization server of a control plane, and how this client appears there.
pub(super) struct AuthorizationServer {
    pub(super) token_url: Url,
    /// The page of the login, for browsers.
    pub(super) page_url: Option<Url>,
    pub(super) device_url: Option<Url>,
    /// The public client, for logins of people.
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) scopes: Vec<String>,
    pub(super) audience: Option<String>,
}

/// What the control plane says of its public client; nothing where it does not have the service.
pub(super) struct PublicClient(PublicClientAuthConfigResponse);

impl PublicClient {
    /// Asks for it, unless the settings say all that a login needs that `is_by_oauth` or not.
    pub(super) async fn needed(
        admin: &Admin,
        credentials: &Credentials,
        anonymous: &MetadataMap,
        is_by_oauth: bool,
    ) -> Result<Self, ClientError> {
        if credentials.authorization_header.is_some() && !is_by_oauth {
            return Ok(Self(PublicClientAuthConfigResponse::default()));
        }
        match admin.call(&GET_PUBLIC_CLIENT_CONFIG, Bytes::new(), anonymous).await {
            Ok(client) => Ok(Self(client)),
            Err(status) if status.code() == Code::Unimplemented => Ok(Self(PublicClientAuthConfigResponse::default())),
            Err(status) => Err(unexplained(admin, "GetPublicClientConfig", &status)),
        }
    }

    /// The metadata key under which the control plane expects tokens.
    pub(super) fn metadata_key(&self, credentials: &Credentials) -> Result<AsciiMetadataKey, ClientError> {
        let named = credentials.authorization_header.as_ref().unwrap_or(&self.0.authorization_metadata_key);
        let name = if named.is_empty() { USUAL_KEY.to_owned() } else { named.to_ascii_lowercase() };
        name.parse().map_err(|_| {
            ClientError::new(
                ClientErrorKind::Unauthenticated,
                format!("tokens cannot be sent under the key `{name}`: it is not a metadata key"),
            )
        })
    }
}

/// The authorization server. What the settings say beats what the control plane says, apart from the public client's id: that of the
/// settings is also the id of a program that logs in as itself, and counts for people only where the control plane names none.
pub(super) async fn authorization_server(
    admin: &Admin,
    credentials: &Credentials,
    anonymous: &MetadataMap,
    PublicClient(client): PublicClient,
) -> Result<AuthorizationServer, ClientError> {
    let told = match admin.call(&GET_OAUTH2_METADATA, Bytes::new(), anonymous).await {
        Ok(told) => told,
        Err(status) if status.code() == Code::Unimplemented && credentials.token_url.is_some() => Default::default(),
        Err(status) => return Err(unexplained(admin, "GetOAuth2Metadata", &status)),
    };
    let is_insecure = admin.settings().endpoint.is_insecure;
    let url = |name: &str, text: &str| match text {
        "" => Ok(None),
        text => trusted_url(name, text, is_insecure).map(Some),
    };
    let token_url = match &credentials.token_url {
        Some(text) => url("`admin.tokenUrl`", text),
        None => url("the control plane's token endpoint", &told.token_endpoint),
    };
    let token_url = token_url?.ok_or_else(|| {
        let message = format!("`{}` asks for a login, and does not say where tokens are given out", admin.settings().endpoint);
        ClientError::new(ClientErrorKind::Unauthenticated, message).with_hint("`admin.tokenUrl` names the place")
    })?;
    Ok(AuthorizationServer {
        token_url,
        page_url: url("the control plane's authorization endpoint", &told.authorization_endpoint)?,
        device_url: url("the control plane's device authorization endpoint", &told.device_authorization_endpoint)?,
        client_id: Some(client.client_id).filter(|id| !id.is_empty()).or_else(|| credentials.client_id.clone()).unwrap_or_default(),
        redirect_uri: client.redirect_uri,
        scopes: if credentials.scopes.is_empty() { client.scopes } else { credentials.scopes.clone() },
        audience: credentials
            .audience
            .clone()
            .or_else(|| credentials.use_audience_from_admin.then_some(client.audience))
            .filter(|audience| !audience.is_empty()),
    })
}

fn unexplained(admin: &Admin, call: &str, status: &tonic::Status) -> ClientError {
    explained(admin.settings(), call, status)
}

/// A URL that secrets may be sent to: over TLS, or to this machine, or to wherever a control plane without TLS says.
fn trusted_url(name: &str, text: &str, is_insecure: bool) -> Result<Url, ClientError> {
    let wrong = |why: &str| {
        let message = format!("{name} cannot be used: `{text}` {why}");
        ClientError::new(ClientErrorKind::Unauthenticated, message)
    };
    let url = Url::parse(text).map_err(|_| wrong("is not a URL"))?;
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_local || is_insecure => Ok(url),
        _ => Err(wrong("is not an `https` URL, and secrets are not sent without TLS")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_tls_or_stay_on_this_machine() {
        for text in ["https://id.example.com/token", "http://localhost:8088/token", "http://127.0.0.1/token", "http://[::1]/token"] {
            assert_eq!(trusted_url("`admin.tokenUrl`", text, false).unwrap().as_str(), text);
        }
        let error = trusted_url("`admin.tokenUrl`", "http://id.example.com/token", false).unwrap_err().to_string();
        let expected =
            "`admin.tokenUrl` cannot be used: `http://id.example.com/token` is not an `https` URL, and secrets are not sent without TLS";
        assert_eq!(error, expected);
        assert!(trusted_url("`admin.tokenUrl`", "http://id.example.com/token", true).is_ok());
        assert!(trusted_url("`admin.tokenUrl`", "here", false).unwrap_err().to_string().ends_with("`here` is not a URL"));
    }
}
