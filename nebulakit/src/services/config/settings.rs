//! The settings, by section.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use nebulakit_types::storage::{AddressingStyle, shown};

use crate::services::secrets::Secret;

/// All settings. Each comes from its environment variable, else from the configuration file, else it has its default.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// The configuration file that was read, if there was one.
    pub path: Option<PathBuf>,
    /// The control plane.
    pub platform: PlatformSettings,
    /// How to log in to it.
    pub credentials: Credentials,
    /// S3 and S3-compatible stores.
    pub aws: Aws,
    /// Azure Blob Storage.
    pub azure: Azure,
    /// Retries of every store.
    pub storage: StorageSettings,
    /// What is stored beside the data.
    pub persistence: Persistence,
    /// Runs on this machine.
    pub local: Local,
    /// Where secrets are looked for.
    pub secrets: SecretsSettings,
    /// Where metrics are sent.
    pub statsd: Statsd,
    /// flytekit's own section.
    pub sdk: Sdk,
    /// Images by name.
    pub images: BTreeMap<String, String>,
}

/// The control plane.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct PlatformSettings {
    /// `host:port`, without `dns:///`; `localhost:30080` by default.
    pub endpoint: String,
    /// No TLS.
    pub insecure: bool,
    /// TLS without a look at the server's certificate.
    pub insecure_skip_verify: bool,
    /// A file of CA certificates, in PEM.
    pub ca_cert_file_path: Option<PathBuf>,
    /// The console's endpoint, for links.
    pub console_endpoint: Option<String>,
    /// The URL of an HTTP proxy.
    pub http_proxy_url: Option<String>,
    /// How often a call that met a passing fault is made again; 6 by default, 0 for never.
    pub max_retries: u32,
    /// The longest wait between two of these tries; 8 seconds by default.
    pub max_backoff_delay: Duration,
    /// The longest time that one try may take; 15 seconds by default.
    pub per_retry_timeout: Duration,
    /// The longest message that is accepted from the control plane, in bytes; 32 MiB by default.
    pub max_message_size_bytes: usize,
}

/// How to log in to the control plane.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Credentials {
    /// The command that prints a token; empty for none.
    pub command: Vec<String>,
    /// The command that prints a proxy's token; empty for none.
    pub proxy_command: Vec<String>,
    /// The OAuth client's id.
    pub client_id: Option<String>,
    /// The OAuth client's secret.
    pub client_secret: Option<Secret>,
    /// The file that holds the OAuth client's secret.
    pub client_secret_location: Option<PathBuf>,
    /// The variable that holds the OAuth client's secret.
    pub client_secret_env_var: Option<String>,
    /// The OAuth scopes.
    pub scopes: Vec<String>,
    /// The way to log in; [`AuthMode::Pkce`] by default.
    pub auth_mode: AuthMode,
    /// The OAuth audience.
    pub audience: Option<String>,
    /// Whether the control plane is asked for the audience, if none is given.
    pub use_audience_from_admin: bool,
    /// Where tokens are given out, if not where the control plane says.
    pub token_url: Option<String>,
    /// The metadata key that tokens are sent under, if not the one that the control plane names.
    pub authorization_header: Option<String>,
    /// How long before its end a token is replaced; 10 seconds by default.
    pub token_refresh_window: Duration,
    /// How long the login in the browser may take; 2 minutes by default.
    pub pkce_timeout: Duration,
    /// How long the login on another device may take; 10 minutes by default.
    pub device_timeout: Duration,
}

/// The way to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AuthMode {
    /// In the browser; `Pkce` or `standard`.
    #[default]
    Pkce,
    /// With a client's id and secret; `ClientSecret`, `client_credentials` or `basic`.
    ClientSecret,
    /// On another device; `DeviceFlow`.
    DeviceFlow,
    /// By a command that prints a token; `ExternalCommand`.
    ExternalCommand,
}

/// S3 and S3-compatible stores.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Aws {
    /// The endpoint of an S3-compatible server.
    pub endpoint: Option<String>,
    /// The access key.
    pub access_key_id: Option<String>,
    /// The secret key.
    pub secret_access_key: Option<Secret>,
    /// Where the bucket stands in URLs, if anything says so.
    pub addressing_style: Option<AddressingStyle>,
}

/// Azure Blob Storage.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Azure {
    /// The storage account.
    pub storage_account_name: Option<String>,
    /// The storage account's key.
    pub storage_account_key: Option<Secret>,
    /// Domains besides Microsoft's own whose hosts get credentials; empty for none.
    pub storage_domains: Vec<String>,
    /// The tenant.
    pub tenant_id: Option<String>,
    /// The client's id.
    pub client_id: Option<String>,
    /// The client's secret.
    pub client_secret: Option<Secret>,
}

/// What holds for every store.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StorageSettings {
    /// How often a request is tried again, if anything says so.
    pub retries: Option<u32>,
    /// The pause before the first retry, if anything says so.
    pub backoff: Option<Duration>,
    /// How many MiB a block of a table may become when it is decoded, if anything says so.
    pub max_table_block_mib: Option<u64>,
}

/// What is stored beside the data.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Persistence {
    /// Whether stored objects carry the execution's identity as metadata; they do by default.
    pub attach_execution_metadata: bool,
}

/// Runs on this machine.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Local {
    /// Whether results are cached; they are by default.
    pub cache_enabled: bool,
    /// Whether tasks with cached results run again, and replace them.
    pub cache_overwrite: bool,
    /// The project that commands use unless they are told another.
    pub project: Option<String>,
    /// The domain that commands use unless they are told another.
    pub domain: Option<String>,
    /// The organization that commands use unless they are told another.
    pub org: Option<String>,
}

/// Where secrets are looked for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SecretsSettings {
    /// What variables begin with; `_FSEC_` by default.
    pub env_prefix: String,
    /// The folder of files; `/etc/secrets` by default.
    pub default_dir: PathBuf,
    /// What names of files begin with; nothing by default.
    pub file_prefix: String,
}

/// Where metrics are sent.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Statsd {
    /// The server's host; `localhost` by default.
    pub host: String,
    /// The server's UDP port; 8125 by default.
    pub port: u16,
    /// Whether nothing is sent.
    pub disabled: bool,
    /// Whether names carry no tags.
    pub disable_tags: bool,
}

/// flytekit's own section, which is carried and not used.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Sdk {
    /// The packages in which flytekit looks for workflows.
    pub workflow_packages: Vec<String>,
    /// The folder of what flytekit's local runs store.
    pub local_sandbox: Option<PathBuf>,
    /// The level of the SDK's log messages, as text.
    pub logging_level: Option<String>,
}

/// A proxy's URL may hold a password: only whether there is one is shown.
impl fmt::Debug for PlatformSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformSettings")
            .field("endpoint", &shown(&self.endpoint))
            .field("insecure", &self.insecure)
            .field("has_http_proxy", &self.http_proxy_url.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("Aws");
        told.field("endpoint", &self.endpoint.as_deref().map(shown)).field("access_key_id", &self.access_key_id);
        told.field("secret_access_key", &self.secret_access_key).field("addressing_style", &self.addressing_style).finish()
    }
}

/// Commands may hold tokens among their words: only the way of logging in is shown.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("auth_mode", &self.auth_mode).field("client_id", &self.client_id).finish_non_exhaustive()
    }
}
