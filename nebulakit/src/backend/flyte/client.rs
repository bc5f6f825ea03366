//! Calls of a control plane, with the token that it asks for.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use nebulakit_types::client::{HttpClient, Protocol};
use nebulakit_types::workspace::Workspace;
use prost::Message;

use super::admin::{Admin, Failure, GET_VERSION, Method, Settings, explained, is_unauthenticated};
use super::auth::{Authenticator, Prompt, on_terminal};
use super::error::{ClientError, ClientErrorKind};
use crate::process::host::Host;
use crate::services::config::Config;
use crate::services::env::Environment;

/// The domain that a client works in unless it is told another.
const DEFAULT_DOMAIN: &str = "development";

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
pub struct FlyteClient {
    inner: Arc<Inner>,
    project: Option<String>,
    domain: String,
}

struct Inner {
    host: Host,
    admin: Admin,
    authenticator: Authenticator,
    /// Requests to where the control plane keeps what does not fit into its answers.
    http: HttpClient,
    /// The beginning of addresses in the console.
    console: String,
}

impl fmt::Debug for FlyteClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlyteClient")
            .field("admin", &self.inner.admin)
            .field("authenticator", &self.inner.authenticator)
            .field("project", &self.project)
            .field("domain", &self.domain)
            .finish()
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
        let http = HttpClient::new(admin.settings().transfers(), Protocol::Http1)
            .map_err(|fault| ClientError::new(ClientErrorKind::Settings, format!("the client of downloads: {fault}")))?;
        let console = config.platform.console_endpoint.clone().unwrap_or_else(|| admin.settings().endpoint.address());
        let (project, domain) = (config.local.project.clone(), config.local.domain.clone());
        Ok(Self {
            inner: Arc::new(Inner { host: Host::new(environment.clone()), admin, authenticator, http, console }),
            project,
            domain: domain.unwrap_or_else(|| DEFAULT_DOMAIN.to_owned()),
        })
    }

    /// The same client for another project than `task.project` of the configuration file.
    #[must_use]
    pub fn with_project(self, project: impl Into<String>) -> Self {
        Self { project: Some(project.into()), ..self }
    }

    /// The same client for another domain than `task.domain` of the configuration file, or `development`.
    #[must_use]
    pub fn with_domain(self, domain: impl Into<String>) -> Self {
        Self { domain: domain.into(), ..self }
    }

    /// The project that it works in, if it was told one.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// The domain that it works in.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The project that it works in.
    ///
    /// # Errors
    /// It was told none.
    pub(super) fn known_project(&self) -> Result<&str, ClientError> {
        self.project.as_deref().filter(|project| !project.is_empty()).ok_or_else(|| {
            ClientError::new(ClientErrorKind::Settings, "no project is named")
                .with_hint("name it as `task.project` in the configuration file, or by `FlyteClient::with_project`")
        })
    }

    /// What values are read through that come from its control plane: the stores that its environment leads to.
    pub(super) fn workspace(&self) -> Workspace {
        let stores = self.inner.host.stores.clone();
        Workspace::new(move || stores.all().clone(), None, self.inner.host.environment.temporary_folder())
    }

    /// What it was told.
    pub(super) fn settings(&self) -> &Settings {
        self.inner.admin.settings()
    }

    /// The control plane, as `host:port`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.inner.admin.settings().endpoint.to_string()
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
        &self.inner.console
    }

    /// Requests to where the control plane keeps what does not fit into its answers.
    pub(super) fn store(&self) -> &HttpClient {
        &self.inner.http
    }

    /// Makes a call: again while what it meets passes, and once more after a login if the control plane asks for a token.
    pub(super) async fn call<Q, A>(&self, method: &Method<Q, A>, request: &Q) -> Result<A, ClientError>
    where
        Q: Message,
        A: Message + Default + 'static,
    {
        let Inner { admin, authenticator, .. } = &*self.inner;
        let request = Bytes::from(request.encode_to_vec());
        let credential = authenticator.credential().await?;
        let explained = |failure: Failure| explained(admin.settings(), method.name(), &failure.status).repeated(failure.failures > 0);
        let renewed = match admin.tried(method, request.clone(), &credential.metadata).await {
            Ok(answer) => return Ok(answer),
            Err(failure) if is_unauthenticated(&failure.status) => authenticator.renew(&credential).await?,
            Err(failure) => return Err(explained(failure)),
        };
        admin.tried(method, request, &renewed.metadata).await.map_err(|failure| match is_unauthenticated(&failure.status) {
            true => explained(failure)
                .with_hint("the login succeeded, and its token is not accepted: are the client's id, scopes and audience right?"),
            false => explained(failure),
        })
    }
}
