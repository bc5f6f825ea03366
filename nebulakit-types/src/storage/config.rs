//! What a [`Storage`](super::Storage) is told: plain data, handed in. Nothing here reads the environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::aliases::UrlAliases;
use super::shown::shown;
#[cfg(feature = "client")]
use super::shown::shown_in;
use crate::{Error, ErrorKind, Secret};

/// How the stores are reached. `Default` gives the clouds' public endpoints, no credentials and the retries described at each field.
#[derive(Debug, Clone, Default)]
pub struct StorageConfig {
    /// URLs that stand for others.
    pub aliases: UrlAliases,
    /// S3 and what speaks its protocol.
    pub s3: S3Config,
    /// Google Cloud Storage.
    pub gcs: GcsConfig,
    /// Azure Blob Storage.
    pub azure: AzureConfig,
    /// How often a request that met a passing fault (5xx, 429, a broken or refused connection, a timeout) is made again; 5 if absent, 0 for
    /// never. No try starts later than 30 seconds after the first.
    pub retries: Option<u32>,
    /// The longest wait before the first retry; 200 ms if absent. It doubles with each retry, up to 5 seconds, and each wait is a random
    /// share of it.
    pub backoff: Option<Duration>,
    /// The longest time to open a connection; 5 seconds if absent.
    pub connect_timeout: Option<Duration>,
    /// The longest silence: until an answer begins (with a second more for each MiB sent) and between two pieces of one; 15 seconds if
    /// absent.
    pub answer_timeout: Option<Duration>,
    /// User metadata of every stored object, in stores that have it; empty values included. flytekit attaches the execution's names
    /// (`flyte-execution-project`, ...) unless `FLYTE_PERSISTENCE_ATTACH_EXECUTION_METADATA` is false.
    pub metadata: BTreeMap<String, String>,
    /// How many bytes a block of a table may become when it is decoded: a batch of Arrow IPC, the pages of a row group of Parquet that are
    /// decoded together, the lines of a batch of CSV. 1 GiB if absent. Blocks that become no more than sixteen times what is stored of them
    /// are read whatever their size.
    pub table_block: Option<u64>,
    /// The CA certificates to trust (PEM) instead of those found as [`install_crypto_provider`](super::install_crypto_provider) says.
    pub ca_bundle: Option<PathBuf>,
    /// Serves only what is on this machine, `file` and `memory`: any other URL is [`ErrorKind::Denied`].
    pub only_local: bool,
    /// The variables by which the clouds' own tools are configured; they fill what the fields above leave open.
    pub environment: Environment,
}

/// S3 and what speaks its protocol; `FLYTE_AWS_*`, or section `aws` of Flyte's configuration file.
#[derive(Clone, Default)]
pub struct S3Config {
    /// `FLYTE_AWS_ENDPOINT`: where the store is, with its scheme; `http://` is allowed. Beats `AWS_ENDPOINT_URL`.
    pub endpoint: Option<String>,
    /// `FLYTE_AWS_ACCESS_KEY_ID`.
    pub access_key_id: Option<String>,
    /// `FLYTE_AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Option<Secret>,
    /// The token that comes with temporary keys.
    pub session_token: Option<Secret>,
    /// The region; `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's, then `us-east-1` if absent. A bucket that says it is elsewhere is
    /// asked there.
    pub region: Option<String>,
    /// `FLYTE_AWS_ADDRESSING_STYLE`; if absent, paths for an endpoint of one's own, else as [`AddressingStyle::Auto`].
    pub addressing_style: Option<AddressingStyle>,
    /// Sends no credentials.
    pub anonymous: bool,
}

/// Where the bucket's name stands in a request to S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressingStyle {
    /// In the host name where it can be (no dots in the name, no IP address as endpoint), else in the path.
    Auto,
    /// In the path: `endpoint/bucket/key`.
    Path,
    /// In the host name: `bucket.endpoint/key`.
    Virtual,
}

impl FromStr for AddressingStyle {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim().to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "path" => Ok(Self::Path),
            "virtual" => Ok(Self::Virtual),
            _ => Err(Error::new(ErrorKind::Mismatch, format!("`{text}` is not an addressing style: expected `auto`, `path` or `virtual`"))),
        }
    }
}

/// Google Cloud Storage.
#[derive(Clone, Default)]
pub struct GcsConfig {
    /// Where the store is, for emulators (`STORAGE_EMULATOR_HOST`) and private endpoints.
    pub endpoint: Option<String>,
    /// The key file of a service account; the application default credentials if absent.
    pub service_account_path: Option<PathBuf>,
    /// Sends no credentials; so for emulators.
    pub anonymous: bool,
}

/// Azure Blob Storage; `FLYTE_AZURE_*`, or section `azure` of Flyte's configuration file.
#[derive(Clone, Default)]
pub struct AzureConfig {
    /// `FLYTE_AZURE_STORAGE_ACCOUNT_NAME`; the account in the URL (`container@account.dfs.core.windows.net`) beats it.
    pub account_name: Option<String>,
    /// `FLYTE_AZURE_STORAGE_ACCOUNT_KEY`.
    pub account_key: Option<Secret>,
    /// `FLYTE_AZURE_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// `FLYTE_AZURE_CLIENT_ID`.
    pub client_id: Option<String>,
    /// `FLYTE_AZURE_CLIENT_SECRET`.
    pub client_secret: Option<Secret>,
    /// A shared access signature.
    pub sas_token: Option<Secret>,
    /// Where the store is, for emulators and private endpoints. It gets the credentials, whatever host a URL names.
    pub endpoint: Option<String>,
    /// `FLYTE_AZURE_STORAGE_DOMAINS`: domains besides Azure's own whose hosts `<account>.blob.<domain>` and `<account>.dfs.<domain>` get
    /// credentials when a URL names them; with a port (`<domain>:8443`) at that port alone.
    pub domains: Vec<String>,
    /// Sends no credentials.
    pub anonymous: bool,
}

/// The variables that configure the clouds' own tools. Code that may read the environment fills it.
///
/// Empty values count as absent. `Debug` shows the names alone.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, Secret>);

impl Environment {
    /// Picks what concerns the stores: `AWS_*`, `AZURE_*`, `GOOGLE_*`, `IDENTITY_ENDPOINT`, `STORAGE_EMULATOR_HOST`, `SSL_CERT_FILE`,
    /// `SSL_CERT_DIR` and `HOME`. Names and values that are not UTF-8 are passed over.
    pub fn pick(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, Secret::from(value.into_string().ok()?)));
        Self(variables.into_iter().filter_map(text).filter(|(name, value)| Self::concerns(name) && !value.expose().is_empty()).collect())
    }

    /// Whether [`pick`](Self::pick) picks a variable of that name.
    #[must_use]
    pub fn concerns(name: &str) -> bool {
        const NAMES: [&str; 5] = ["HOME", "IDENTITY_ENDPOINT", "SSL_CERT_DIR", "SSL_CERT_FILE", "STORAGE_EMULATOR_HOST"];
        ["AWS_", "AZURE_", "GOOGLE_"].iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name)
    }

    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(Secret::expose)
    }

    #[cfg(feature = "cloud")]
    pub(super) fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter(move |(name, _)| name.starts_with(prefix)).map(|(name, value)| (name.as_str(), value.expose()))
    }

    /// The values that must never be shown, judged by their names.
    #[cfg(feature = "client")]
    fn secrets(&self) -> impl Iterator<Item = &str> {
        let secret = |name: &str| {
            ["SECRET", "TOKEN", "KEY", "SAS", "PASSWORD"].iter().any(|word| name.contains(word))
                && !["_FILE", "_ID", "_URI", "_URL"].iter().any(|end| name.ends_with(end))
        };
        self.0.iter().filter(move |(name, _)| secret(name)).map(|(_, value)| value.expose())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl fmt::Debug for S3Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("S3Config");
        told.field("endpoint", &self.endpoint.as_deref().map(shown)).field("access_key_id", &self.access_key_id);
        told.field("secret_access_key", &self.secret_access_key).field("session_token", &self.session_token).field("region", &self.region);
        told.field("addressing_style", &self.addressing_style).field("anonymous", &self.anonymous).finish()
    }
}

impl fmt::Debug for GcsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("GcsConfig");
        told.field("endpoint", &self.endpoint.as_deref().map(shown)).field("service_account_path", &self.service_account_path);
        told.field("anonymous", &self.anonymous).finish()
    }
}

impl fmt::Debug for AzureConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("AzureConfig");
        told.field("account_name", &self.account_name).field("account_key", &self.account_key).field("tenant_id", &self.tenant_id);
        told.field("client_id", &self.client_id).field("client_secret", &self.client_secret).field("sas_token", &self.sas_token);
        told.field("endpoint", &self.endpoint.as_deref().map(shown)).field("anonymous", &self.anonymous).finish_non_exhaustive()
    }
}

#[cfg(feature = "client")]
impl StorageConfig {
    /// Takes every known secret out of a text that others wrote, and all that is secret in the URLs in it.
    pub(super) fn scrub(&self, text: String) -> String {
        let mut text = shown_in(text);
        let own =
            [&self.s3.secret_access_key, &self.s3.session_token, &self.azure.account_key, &self.azure.client_secret, &self.azure.sas_token];
        let own = own.into_iter().flatten().map(Secret::expose);
        for secret in own.chain(self.environment.secrets()).filter(|secret| !secret.is_empty()) {
            if text.contains(secret) {
                text = text.replace(secret, "***");
            }
        }
        text
    }
}
