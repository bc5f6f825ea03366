//! Calls of a control plane, with the token that it asks for.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use nebulakit_types::client::{HttpClient, Protocol};
use prost::Message;

use super::admin::{Admin, GET_VERSION, Method, Settings, explained, is_unauthenticated};
use super::auth::{Authenticator, Prompt, on_terminal};
use super::error::{ClientError, ClientErrorKind};
use crate::services::config::Config;
use crate::services::env::Environment;

/// How often a download is tried again.
const DOWNLOAD_RETRIES: u32 = 2;

/// A client of Flyte's control plane.
///
/// Clones share one connection and one login. The connection is made by the first call. If the control plane asks for a token, the client
/// logs in as [`Credentials`](crate::config::Credentials) say, once for all calls that wait for it.
///
/// # Examples
/// ```
/// use nebulakit::backend::flyte::FlyteClient;
/// use nebulakit::config::Config;
/// use nebulakit::env::Environment;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let environment = Environment::empty().with("FLYTE_PLATFORM_URL", "dns:///flyte.example.com");
/// let config = Config::from_environment(&environment)?;
/// let client = FlyteClient::new(&config, &environment)?;
/// assert_eq!(client.endpoint(), "flyte.example.com:443");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FlyteClient(Arc<Inner>);

struct Inner {
    admin: Admin,
    authenticator: Authenticator,
    /// Requests to where the control plane keeps what does not fit into its answers.
    http: HttpClient,
    /// The beginning of addresses in the console.
    console: String,
}

impl fmt::Debug for FlyteClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlyteClient").field("admin", &self.0.admin).field("authenticator", &self.0.authenticator).finish()
    }
}

impl FlyteClient {
    /// Makes a client; nothing is connected yet. Logins that a person takes part in open the browser, and say on standard error what to do.
    ///
    /// The environment holds proxies (`HTTPS_PROXY`, `NO_PROXY`), certificates (`SSL_CERT_FILE`), the client's secret if a variable holds it,
    /// and the home folder, where tokens are kept.
    ///
    /// # Errors
    /// With [`ClientErrorKind::Settings`](super::ClientErrorKind::Settings) if the endpoint or a proxy cannot be used.
    pub fn new(config: &Config, environment: &Environment) -> Result<Self, ClientError> {
        Self::prompting(config, environment, on_terminal())
    }

    /// Makes a client that tells people by `prompt` what they have to do to log in.
    ///
    /// # Errors
    /// Those of [`FlyteClient::new`].
    pub fn prompting(config: &Config, environment: &Environment, prompt: Prompt) -> Result<Self, ClientError> {
        let admin = Admin::new(Settings::new(config, environment)?)?;
        let authenticator = Authenticator::new(admin.clone(), config, environment, prompt)?;
        let http = HttpClient::new(admin.settings().connection(), Protocol::Http1)
            .map_err(|fault| ClientError::new(ClientErrorKind::Settings, format!("the client of downloads: {fault}")))?;
        let console = config.platform.console_endpoint.clone().unwrap_or_else(|| admin.settings().endpoint.address());
        Ok(Self(Arc::new(Inner { admin, authenticator, http, console })))
    }

    /// The control plane, as `host:port`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.0.admin.settings().endpoint.to_string()
    }

    /// The version of the control plane.
    ///
    /// # Errors
    /// The control plane cannot be reached, or the login fails.
    pub async fn version(&self) -> Result<String, ClientError> {
        let answer = self.call(&GET_VERSION, &Default::default()).await?;
        Ok(answer.control_plane_version.map(|version| version.version).unwrap_or_default())
    }

    /// The beginning of addresses in the console.
    pub(super) fn console(&self) -> &str {
        &self.0.console
    }

    /// What lies at an address that the control plane signed, which says that it has this many bytes. The address gives access to it, and is not repeated in errors.
    pub(super) async fn download(&self, url: &str, bytes: u64) -> Result<Vec<u8>, ClientError> {
        let most = self.0.admin.settings().largest_answer;
        let too_large = || {
            ClientError::new(
                ClientErrorKind::TooLarge,
                format!("`{}` keeps {bytes} bytes elsewhere, and {most} is the limit", self.endpoint()),
            )
            .with_hint("`admin.maxMessageSizeBytes` of the configuration file is the limit")
        };
        if bytes > most as u64 {
            return Err(too_large());
        }
        let host = url.parse().ok().and_then(|url: http::Uri| Some(url.authority()?.host().to_owned())).unwrap_or_default();
        let failed = |why: &str| ClientError::new(ClientErrorKind::Unreachable, format!("a download from `{host}` failed: {why}"));
        let mut tries = 0;
        let answer = loop {
            let request = http::Request::get(url).body(Bytes::new()).map_err(|_| failed("its address is not valid"))?;
            match self.0.http.send(request).await {
                Ok(answer) => break answer,
                Err(fault) if tries == DOWNLOAD_RETRIES => return Err(failed(&fault.to_string())),
                Err(fault) => tracing::info!("a download from `{host}` {fault}; it is tried again"),
            }
            tries += 1;
        };
        if !answer.status().is_success() {
            return Err(failed(&format!("it answered {}", answer.status())));
        }
        let body = Limited::new(answer.into_body(), most).collect().await.map_err(|error| {
            match error.is::<http_body_util::LengthLimitError>() {
                true => too_large(),
                false => failed(&error.to_string()),
            }
        })?;
        Ok(body.to_bytes().into())
    }

    /// Makes a call: again while what it meets passes, and once more after a login if the control plane asks for a token.
    pub(super) async fn call<Q, A>(&self, method: &Method<Q, A>, request: &Q) -> Result<A, ClientError>
    where
        Q: Message,
        A: Message + Default + 'static,
    {
        let Inner { admin, authenticator, .. } = &*self.0;
        let request = Bytes::from(request.encode_to_vec());
        let credential = authenticator.credential().await?;
        let explained = |status| explained(admin.settings(), method.name(), &status);
        let renewed = match admin.call(method, request.clone(), &credential.metadata).await {
            Ok(answer) => return Ok(answer),
            Err(status) if is_unauthenticated(&status) => authenticator.renew(&credential).await?,
            Err(status) => return Err(explained(status)),
        };
        admin.call(method, request, &renewed.metadata).await.map_err(|status| match is_unauthenticated(&status) {
            true => explained(status)
                .with_hint("the login succeeded, and its token is not accepted: are the client's id, scopes and audience right?"),
            false => explained(status),
        })
    }
}
