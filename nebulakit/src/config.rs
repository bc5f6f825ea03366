//! The settings that a configuration file and the environment give, found, read and checked only when something asks for one.
//!
//! The files are those of flytekit (ini) and flytectl (YAML), so that people keep the ones that they have. YAML is read in builds with
//! the feature `run`.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nebulakit_types::storage::{self, AddressingStyle, StorageConfig};

use crate::env::{self, Environment};
use crate::identity::Identity;
use crate::secrets::Secret;

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
#[derive(Debug, Clone, PartialEq)]
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
    /// The tenant.
    pub tenant_id: Option<String>,
    /// The client's id.
    pub client_id: Option<String>,
    /// The client's secret.
    pub client_secret: Option<Secret>,
}

/// Retries of every store.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StorageSettings {
    /// How often a request is tried again, if anything says so.
    pub retries: Option<u32>,
    /// The pause before the first retry, if anything says so.
    pub backoff: Option<Duration>,
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
    /// Whether cached results are made anew.
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
    /// The folder of what local runs store.
    pub local_sandbox: Option<PathBuf>,
    /// The level of the SDK's log messages, as text.
    pub logging_level: Option<String>,
}

/// A proxy's URL may hold a password: only whether there is one is shown.
impl fmt::Debug for PlatformSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlatformSettings")
            .field("endpoint", &self.endpoint)
            .field("insecure", &self.insecure)
            .field("has_http_proxy", &self.http_proxy_url.is_some())
            .finish_non_exhaustive()
    }
}

/// Commands may hold tokens among their words: only the way of logging in is shown.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("auth_mode", &self.auth_mode).field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl Config {
    /// Finds the configuration file, reads it and lays the environment over it.
    ///
    /// The first of these counts (Flyte task contract, configuration file): `explicit`, the file that
    /// `_FLYTECTL_CONFIG_PYFLYTE_OVERRIDE` names, that which `FLYTECTL_CONFIG` names, `flytekit.config` in `directory`, `.flyte/config`
    /// and `.flyte/config.yaml` in the home folder. A name that ends in `yaml` or `yml` means YAML, any other ini.
    ///
    /// # Errors
    /// A file that is named is absent, a file cannot be read or understood, it is YAML and this build has no feature `run`, or a value
    /// is not of its setting's form.
    pub fn load(environment: &Environment, explicit: Option<&Path>, directory: &Path) -> Result<Self, ConfigError> {
        Source { environment, file: read(environment, explicit, directory)?, tolerant: false }.config()
    }

    /// Reads what can be read: a file that is of no use, or a value that is not of its setting's form, is logged as a warning and counts
    /// as absent. All other settings hold.
    fn load_what_is_good(environment: &Environment, explicit: Option<&Path>, directory: &Path) -> Self {
        let file = read(environment, explicit, directory).unwrap_or_else(|error| {
            tracing::warn!("{error}; going on without a configuration file");
            None
        });
        Source { environment, file, tolerant: true }.config().unwrap_or_default()
    }

    /// Reads the environment alone.
    ///
    /// # Errors
    /// A value is not of its setting's form.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Source { environment, file: None, tolerant: false }.config()
    }
}

impl Config {
    /// What a [`Storage`](nebulakit_types::storage::Storage) is told: these settings, the variables of the clouds' own tools, and the
    /// execution's identity as metadata of what is stored, unless a setting forbids that or no platform started this process.
    #[must_use]
    pub fn storage_config(&self, environment: &Environment, identity: &Identity) -> StorageConfig {
        let secret = |secret: &Option<Secret>| secret.as_ref().map(|secret| storage::Secret::from(secret.expose()));
        let mut config = StorageConfig::default();
        config.s3.endpoint.clone_from(&self.aws.endpoint);
        config.s3.access_key_id.clone_from(&self.aws.access_key_id);
        config.s3.secret_access_key = secret(&self.aws.secret_access_key);
        config.s3.addressing_style = self.aws.addressing_style;
        config.azure.account_name.clone_from(&self.azure.storage_account_name);
        config.azure.account_key = secret(&self.azure.storage_account_key);
        config.azure.tenant_id.clone_from(&self.azure.tenant_id);
        config.azure.client_id.clone_from(&self.azure.client_id);
        config.azure.client_secret = secret(&self.azure.client_secret);
        config.retries = self.storage.retries;
        config.backoff = self.storage.backoff;
        if self.persistence.attach_execution_metadata && !identity.is_local {
            config.metadata = [
                ("flyte-execution-project", &identity.execution.project),
                ("flyte-execution-domain", &identity.execution.domain),
                ("flyte-execution-launchplan", &identity.launch_plan),
                ("flyte-execution-workflow", &identity.workflow),
                ("flyte-execution-name", &identity.execution.name),
            ]
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .into();
        }
        config.environment = storage::Environment::pick(environment.variables());
        config
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::from_environment(&Environment::empty()).expect("the defaults are of their settings' forms")
    }
}

/// The settings, which are read when the first one is asked for, once.
///
/// Clones share what was read.
#[derive(Clone)]
pub struct LazyConfig(Arc<Lazy>);

struct Lazy {
    environment: Environment,
    explicit: Option<PathBuf>,
    directory: PathBuf,
    loaded: OnceLock<Result<Config, ConfigError>>,
    fallback: OnceLock<Config>,
}

impl LazyConfig {
    /// Will look for the file in the working directory and in the home folder; see [`Config::load`].
    #[must_use]
    pub fn new(environment: &Environment) -> Self {
        Self::with_paths(environment, None, Path::new(""))
    }

    /// Will read `explicit`, or look for the file in `directory` and in the home folder; see [`Config::load`].
    #[must_use]
    pub fn with_paths(environment: &Environment, explicit: Option<&Path>, directory: &Path) -> Self {
        Self(Arc::new(Lazy {
            environment: environment.clone(),
            explicit: explicit.map(Path::to_owned),
            directory: directory.to_owned(),
            loaded: OnceLock::new(),
            fallback: OnceLock::new(),
        }))
    }

    /// The settings.
    ///
    /// # Errors
    /// Those of [`Config::load`], the same ones at every call.
    pub fn get(&self) -> Result<&Config, ConfigError> {
        let Lazy { environment, explicit, directory, loaded, .. } = &*self.0;
        loaded.get_or_init(|| Config::load(environment, explicit.as_deref(), directory)).as_ref().map_err(Clone::clone)
    }

    /// The settings that can be read; what cannot is logged once as a warning, and counts as absent.
    ///
    /// It is for what a task must not fail for: a mistake in one setting is no reason to hide a secret or an endpoint that another gives.
    #[must_use]
    pub fn get_or_environment(&self) -> &Config {
        let Lazy { environment, explicit, directory, fallback, .. } = &*self.0;
        match self.get() {
            Ok(config) => config,
            Err(_) => fallback.get_or_init(|| Config::load_what_is_good(environment, explicit.as_deref(), directory)),
        }
    }
}

impl fmt::Debug for LazyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Settings such as a proxy's URL may hold passwords.
        f.debug_struct("LazyConfig").field("is_loaded", &self.0.loaded.get().is_some()).finish_non_exhaustive()
    }
}

/// Where a setting stands: its variables (the first one present counts), `section.option` in ini, and its path in YAML, if it has one.
struct Key {
    variables: &'static [&'static str],
    ini: &'static [&'static str],
    yaml: Option<&'static str>,
}

impl Key {
    const fn new(variables: &'static [&'static str], ini: &'static [&'static str]) -> Self {
        Self { variables, ini, yaml: None }
    }

    const fn yaml(self, path: &'static str) -> Self {
        Self { yaml: Some(path), ..self }
    }
}

/// The values of a file by `section.option` or by YAML path.
type Entries = BTreeMap<String, Entry>;

struct Entry {
    value: Found,
    /// Counted from 1; 0 where it is not known.
    line: usize,
}

#[derive(Clone)]
enum Found {
    Text(String),
    #[cfg_attr(not(feature = "run"), expect(dead_code, reason = "only YAML has lists"))]
    List(Vec<String>),
    /// What no setting can be, named for errors: a map, or a list of more than texts.
    #[cfg_attr(not(feature = "run"), expect(dead_code, reason = "only YAML has other values"))]
    Other(&'static str),
}

struct Source<'a> {
    environment: &'a Environment,
    file: Option<(PathBuf, Entries)>,
    /// Whether a value that is not of its setting's form counts as absent instead of being an error.
    tolerant: bool,
}

/// A value and where it comes from, for errors.
struct Origin {
    value: Found,
    place: String,
}

impl Source<'_> {
    fn wrong<T: Default>(&self, place: &str, expected: &str, found: &str) -> Result<T, ConfigError> {
        let error = ConfigError::value(place, expected, found);
        if !self.tolerant {
            return Err(error);
        }
        tracing::warn!("{error}; going on as if it were absent");
        Ok(T::default())
    }

    fn find(&self, key: &Key) -> Option<Origin> {
        for name in key.variables {
            if let Some(value) = self.environment.get(name) {
                return Some(Origin { value: Found::Text(value.to_owned()), place: format!("environment variable `{name}`") });
            }
        }
        let (path, entries) = self.file.as_ref()?;
        let names: &[&str] = if is_yaml(path) { key.yaml.as_slice() } else { key.ini };
        names.iter().find_map(|name| {
            let entry = entries.get(*name)?;
            let place = place(path, entry.line, name);
            Some(Origin { value: entry.value.clone(), place })
        })
    }

    /// The trimmed text of a setting, which may be empty; `None` when nothing gives it.
    fn raw_text(&self, key: &Key) -> Result<Option<(String, String)>, ConfigError> {
        match self.find(key) {
            None => Ok(None),
            Some(Origin { value: Found::Text(text), place }) => Ok(Some((text.trim().to_owned(), place))),
            Some(Origin { value: Found::List(_), place }) => self.wrong(&place, "one value", "a list"),
            Some(Origin { value: Found::Other(what), place }) => self.wrong(&place, "one value", what),
        }
    }

    fn text(&self, key: &Key) -> Result<Option<String>, ConfigError> {
        Ok(self.raw_text(key)?.map(|(text, _)| text).filter(|text| !text.is_empty()))
    }

    fn secret(&self, key: &Key) -> Result<Option<Secret>, ConfigError> {
        Ok(self.text(key)?.map(|text| Secret::new(&text)))
    }

    fn path(&self, key: &Key) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.text(key)?.map(PathBuf::from))
    }

    fn flag(&self, key: &Key, default: bool) -> Result<bool, ConfigError> {
        Ok(self.raw_text(key)?.map_or(default, |(text, _)| env::truthy(&text)))
    }

    fn parsed<T: FromStr>(&self, key: &Key, expected: &str) -> Result<Option<T>, ConfigError> {
        match self.raw_text(key)?.filter(|(text, _)| !text.is_empty()) {
            None => Ok(None),
            Some((text, place)) => text.parse().map(Some).or_else(|_| self.wrong(&place, expected, &format!("`{text}`"))),
        }
    }

    fn list(&self, key: &Key) -> Result<Vec<String>, ConfigError> {
        let items: Vec<String> = match self.find(key) {
            None => return Ok(Vec::new()),
            Some(Origin { value: Found::Text(text), .. }) => text.split(',').map(|item| item.trim().to_owned()).collect(),
            Some(Origin { value: Found::List(items), .. }) => items,
            Some(Origin { value: Found::Other(what), place }) => return self.wrong(&place, "a list of texts", what),
        };
        Ok(items.into_iter().filter(|item| !item.is_empty()).collect())
    }

    fn auth_mode(&self, key: &Key) -> Result<AuthMode, ConfigError> {
        let Some((text, place)) = self.raw_text(key)?.filter(|(text, _)| !text.is_empty()) else { return Ok(AuthMode::default()) };
        let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(&text));
        if is(&["Pkce", "standard"]) {
            Ok(AuthMode::Pkce)
        } else if is(&["ClientSecret", "client_credentials", "basic"]) {
            Ok(AuthMode::ClientSecret)
        } else if is(&["DeviceFlow"]) {
            Ok(AuthMode::DeviceFlow)
        } else if is(&["ExternalCommand"]) {
            Ok(AuthMode::ExternalCommand)
        } else {
            let expected = "`Pkce` (or `standard`), `ClientSecret` (or `basic`, `client_credentials`), `DeviceFlow` or `ExternalCommand`";
            self.wrong(&place, expected, &format!("`{text}`"))
        }
    }

    fn seconds(&self, key: &Key) -> Result<Option<Duration>, ConfigError> {
        const EXPECTED: &str = "a number of seconds";
        let Some(seconds) = self.parsed::<f64>(key, EXPECTED)? else { return Ok(None) };
        Duration::try_from_secs_f64(seconds).map(Some).or_else(|_| {
            let place = self.find(key).map(|origin| origin.place).unwrap_or_default();
            self.wrong(&place, EXPECTED, &format!("`{seconds}`"))
        })
    }

    fn port(&self, key: &Key) -> Result<Option<u16>, ConfigError> {
        let Some((text, place)) = self.raw_text(key)?.filter(|(text, _)| !text.is_empty()) else { return Ok(None) };
        // Kubernetes gives every pod `<SERVICE>_PORT=tcp://<address>:<port>`, so a service called flyte-statsd sets this very variable.
        let digits = if text.contains("://") { text.rsplit(':').next().unwrap_or_default() } else { &text };
        digits.parse().map(Some).or_else(|_| self.wrong(&place, "a port from 0 to 65535", &format!("`{text}`")))
    }

    fn config(&self) -> Result<Config, ConfigError> {
        let endpoint = self.text(&Key::new(&[env::PLATFORM_URL], &["platform.url"]).yaml("admin.endpoint"))?;
        let endpoint = endpoint.unwrap_or_else(|| "localhost:30080".to_owned());
        Ok(Config {
            path: self.file.as_ref().map(|(path, _)| path.clone()),
            platform: PlatformSettings {
                endpoint: endpoint.strip_prefix("dns:///").unwrap_or(&endpoint).to_owned(),
                insecure: self.flag(&Key::new(&[env::PLATFORM_INSECURE], &["platform.insecure"]).yaml("admin.insecure"), false)?,
                insecure_skip_verify: self.flag(
                    &Key::new(&[env::PLATFORM_INSECURE_SKIP_VERIFY], &["platform.insecure_skip_verify"]).yaml("admin.insecureSkipVerify"),
                    false,
                )?,
                ca_cert_file_path: self
                    .path(&Key::new(&[env::PLATFORM_CA_CERT_FILE_PATH], &["platform.ca_cert_file_path"]).yaml("admin.caCertFilePath"))?,
                console_endpoint: self
                    .text(&Key::new(&[env::PLATFORM_CONSOLE_ENDPOINT], &["platform.console_endpoint"]).yaml("console.endpoint"))?,
                http_proxy_url: self
                    .text(&Key::new(&[env::PLATFORM_HTTP_PROXY_URL], &["platform.http_proxy_url"]).yaml("admin.httpProxyURL"))?,
            },
            credentials: Credentials {
                command: self.list(&Key::new(&[env::CREDENTIALS_COMMAND], &["credentials.command"]).yaml("admin.command"))?,
                proxy_command: self
                    .list(&Key::new(&[env::CREDENTIALS_PROXY_COMMAND], &["credentials.proxy_command"]).yaml("admin.proxyCommand"))?,
                client_id: self.text(&Key::new(&[env::CREDENTIALS_CLIENT_ID], &["credentials.client_id"]).yaml("admin.clientId"))?,
                client_secret: self.secret(&Key::new(&[env::CREDENTIALS_CLIENT_SECRET], &["credentials.client_secret"]))?,
                client_secret_location: self.path(
                    &Key::new(&[env::CREDENTIALS_CLIENT_SECRET_LOCATION], &["credentials.client_secret_location"])
                        .yaml("admin.clientSecretLocation"),
                )?,
                client_secret_env_var: self.text(
                    &Key::new(&[env::CREDENTIALS_CLIENT_SECRET_ENV_VAR], &["credentials.client_secret_env_var"])
                        .yaml("admin.clientSecretEnvVar"),
                )?,
                scopes: self.list(&Key::new(&[env::CREDENTIALS_SCOPES], &["credentials.scopes"]).yaml("admin.scopes"))?,
                auth_mode: self.auth_mode(&Key::new(&[env::CREDENTIALS_AUTH_MODE], &["credentials.auth_mode"]).yaml("admin.authType"))?,
                audience: self.text(&Key::new(&[env::CREDENTIALS_AUDIENCE], &["credentials.audience"]).yaml("admin.audience"))?,
            },
            aws: Aws {
                endpoint: self.text(&Key::new(&[env::AWS_ENDPOINT], &["aws.endpoint"]).yaml("storage.connection.endpoint"))?,
                access_key_id: self
                    .text(&Key::new(&[env::AWS_ACCESS_KEY_ID], &["aws.access_key_id"]).yaml("storage.connection.access-key"))?,
                secret_access_key: self
                    .secret(&Key::new(&[env::AWS_SECRET_ACCESS_KEY], &["aws.secret_access_key"]).yaml("storage.connection.secret-key"))?,
                addressing_style: self.parsed(
                    &Key::new(&[env::AWS_ADDRESSING_STYLE, env::AWS_ADDRESSING_STYLE_V2], &["aws.addressing_style"])
                        .yaml("storage.connection.addressing-style"),
                    "`path`, `virtual` or `auto`",
                )?,
            },
            azure: Azure {
                storage_account_name: self.text(&Key::new(&[env::AZURE_STORAGE_ACCOUNT_NAME], &["azure.storage_account_name"]))?,
                storage_account_key: self.secret(&Key::new(&[env::AZURE_STORAGE_ACCOUNT_KEY], &["azure.storage_account_key"]))?,
                tenant_id: self.text(&Key::new(&[env::AZURE_TENANT_ID], &["azure.tenant_id"]))?,
                client_id: self.text(&Key::new(&[env::AZURE_CLIENT_ID], &["azure.client_id"]))?,
                client_secret: self.secret(&Key::new(&[env::AZURE_CLIENT_SECRET], &["azure.client_secret"]))?,
            },
            storage: StorageSettings {
                retries: self.parsed(&Key::new(&[env::STORAGE_RETRIES, env::AWS_RETRIES], &["aws.retries"]), "a whole number")?,
                backoff: self.seconds(&Key::new(&[env::STORAGE_BACKOFF_SECONDS, env::AWS_BACKOFF_SECONDS], &["aws.backoff_seconds"]))?,
            },
            persistence: Persistence {
                attach_execution_metadata: self
                    .flag(&Key::new(&[env::PERSISTENCE_ATTACH_EXECUTION_METADATA], &["persistence.attach_execution_metadata"]), true)?,
            },
            local: Local {
                cache_enabled: self.flag(&Key::new(&[env::LOCAL_CACHE_ENABLED], &["local.cache_enabled"]), true)?,
                cache_overwrite: self.flag(&Key::new(&[env::LOCAL_CACHE_OVERWRITE], &["local.cache_overwrite"]), false)?,
                project: self.text(&Key::new(&[env::LOCAL_PROJECT], &["local.project"]).yaml("task.project"))?,
                domain: self.text(&Key::new(&[env::LOCAL_DOMAIN], &["local.domain"]).yaml("task.domain"))?,
                org: self.text(&Key::new(&[env::LOCAL_ORG], &["local.org"]).yaml("task.org"))?,
            },
            secrets: SecretsSettings {
                // Empty means just that here: no prefix.
                env_prefix: self
                    .raw_text(&Key::new(&[env::SECRETS_ENV_PREFIX], &["secrets.env_prefix"]))?
                    .map_or_else(|| "_FSEC_".to_owned(), |(text, _)| text),
                default_dir: self
                    .path(&Key::new(&[env::SECRETS_DEFAULT_DIR], &["secrets.default_dir"]))?
                    .unwrap_or_else(|| PathBuf::from("/etc/secrets")),
                file_prefix: self.text(&Key::new(&[env::SECRETS_FILE_PREFIX], &["secrets.file_prefix"]))?.unwrap_or_default(),
            },
            statsd: Statsd {
                host: self
                    .text(&Key::new(&[env::STATSD_HOST, env::STATSD_HOST_OLD], &["statsd.host", "secrets.host"]))?
                    .unwrap_or_else(|| "localhost".to_owned()),
                port: self.port(&Key::new(&[env::STATSD_PORT, env::STATSD_PORT_OLD], &["statsd.port", "secrets.port"]))?.unwrap_or(8125),
                disabled: self
                    .flag(&Key::new(&[env::STATSD_DISABLED, env::STATSD_DISABLED_OLD], &["statsd.disabled", "secrets.disabled"]), false)?,
                disable_tags: self.flag(
                    &Key::new(&[env::STATSD_DISABLE_TAGS, env::STATSD_DISABLE_TAGS_OLD], &["statsd.disable_tags", "secrets.disable_tags"]),
                    false,
                )?,
            },
            sdk: Sdk {
                workflow_packages: self.list(&Key::new(&[env::SDK_WORKFLOW_PACKAGES], &["sdk.workflow_packages"]))?,
                local_sandbox: self.path(&Key::new(&[env::SDK_LOCAL_SANDBOX], &["sdk.local_sandbox"]))?,
                logging_level: self.text(&Key::new(&[env::SDK_LOGGING_LEVEL], &["sdk.logging_level"]))?,
            },
            images: self.images()?,
        })
    }

    fn images(&self) -> Result<BTreeMap<String, String>, ConfigError> {
        let Some((path, entries)) = &self.file else { return Ok(BTreeMap::new()) };
        let mut images = BTreeMap::new();
        for (key, entry) in entries.range("images.".to_owned()..).take_while(|(key, _)| key.starts_with("images.")) {
            let Found::Text(image) = &entry.value else {
                self.wrong::<()>(&place(path, entry.line, key), "an image's name", "something else")?;
                continue;
            };
            images.insert(key["images.".len()..].to_owned(), image.clone());
        }
        Ok(images)
    }
}

/// The file that is to be read, if there is one, and what stands in it.
fn read(environment: &Environment, explicit: Option<&Path>, directory: &Path) -> Result<Option<(PathBuf, Entries)>, ConfigError> {
    let Some(path) = find(environment, explicit, directory)? else { return Ok(None) };
    let entries = if is_yaml(&path) { read_yaml(&path)? } else { read_ini(&path)? };
    Ok(Some((path, entries)))
}

fn place(path: &Path, line: usize, key: &str) -> String {
    match line {
        0 => format!("{}: `{key}`", path.display()),
        line => format!("{}:{line}: `{key}`", path.display()),
    }
}

fn is_yaml(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    name.ends_with(b"yaml") || name.ends_with(b"yml")
}

fn find(environment: &Environment, explicit: Option<&Path>, directory: &Path) -> Result<Option<PathBuf>, ConfigError> {
    if let Some(path) = explicit {
        return named(path, "the command line").map(Some);
    }
    for variable in [env::CONFIG_OVERRIDE, env::FLYTECTL_CONFIG] {
        if let Some(path) = environment.raw(variable).filter(|path| !path.is_empty()) {
            return named(Path::new(path), variable).map(Some);
        }
    }
    let mut places = vec![directory.join("flytekit.config")];
    if let Some(home) = environment.raw(env::HOME).filter(|home| !home.is_empty()) {
        places.extend([Path::new(home).join(".flyte/config"), Path::new(home).join(".flyte/config.yaml")]);
    }
    Ok(places.into_iter().find(|place| place.is_file()))
}

fn named(path: &Path, by: &str) -> Result<PathBuf, ConfigError> {
    match std::fs::metadata(path) {
        Ok(_) => Ok(path.to_owned()),
        Err(error) => Err(ConfigError(format!("configuration file `{}`, named by {by}, cannot be read: {error}", path.display()).into())),
    }
}

fn read_text(path: &Path) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let reason = if error.kind() == io::ErrorKind::InvalidData { "it is not UTF-8 text".to_owned() } else { error.to_string() };
        ConfigError(format!("configuration file `{}` cannot be read: {reason}", path.display()).into())
    })?;
    Ok(text)
}

#[cfg(not(feature = "run"))]
fn read_yaml(path: &Path) -> Result<Entries, ConfigError> {
    let hint = "name an ini file by FLYTECTL_CONFIG, set the environment's FLYTE_* variables, or build with the feature `run`";
    Err(ConfigError(format!("configuration file `{}` is YAML, which this build does not read: {hint}", path.display()).into()))
}

#[cfg(feature = "run")]
fn read_yaml(path: &Path) -> Result<Entries, ConfigError> {
    let text = read_text(path)?;
    let mut entries = Entries::new();
    if text.trim().is_empty() {
        return Ok(entries);
    }
    // No snippet: an error must not show lines that may hold secrets.
    let root: serde_json::Value = serde_saphyr::from_str_with_options(&text, serde_saphyr::options! { with_snippet: false })
        .map_err(|error| ConfigError(format!("{}: {}", path.display(), error.without_snippet()).into()))?;
    match root {
        serde_json::Value::Object(map) => flatten(map, "", &mut entries),
        serde_json::Value::Null => {}
        other => return Err(ConfigError::value(&path.display().to_string(), "a map of sections", kind(&other))),
    }
    Ok(entries)
}

#[cfg(feature = "run")]
fn flatten(map: serde_json::Map<String, serde_json::Value>, prefix: &str, entries: &mut Entries) {
    use serde_json::Value;
    for (name, value) in map {
        let key = format!("{prefix}{name}");
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
            _ => None,
        };
        let value = match value {
            Value::Null => continue,
            Value::Object(map) => {
                flatten(map, &format!("{key}."), entries);
                Found::Other("a map")
            }
            Value::Array(items) => {
                items.iter().map(text).collect::<Option<_>>().map_or(Found::Other("a list of more than texts"), Found::List)
            }
            scalar => Found::Text(text(&scalar).unwrap_or_default()),
        };
        entries.insert(key, Entry { value, line: 0 });
    }
}

#[cfg(feature = "run")]
fn kind(value: &serde_json::Value) -> &'static str {
    use serde_json::Value;
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// Reads ini as Python's `configparser` does: `#` and `;` comment whole lines, indented lines continue a value, options are
/// case-blind, `[DEFAULT]` gives every section its options, `%(option)s` stands for another option and `%%` for a percent sign.
///
/// Errors name lines and never show them: they may hold secrets.
fn read_ini(path: &Path) -> Result<Entries, ConfigError> {
    let text = read_text(path)?;
    let fail = |line: usize, message: &str| Err(ConfigError(format!("{}:{line}: {message}", path.display()).into()));
    let mut sections: BTreeMap<String, BTreeMap<String, (String, usize)>> = BTreeMap::new();
    let mut section: Option<String> = None;
    let mut option: Option<String> = None;
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let number = index + 1;
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with([' ', '\t'])
            && let (Some(section), Some(option)) = (&section, &option)
        {
            if let Some((value, _)) = sections.get_mut(section).and_then(|options| options.get_mut(option)) {
                value.push('\n');
                value.push_str(content);
            }
            continue;
        }
        if let Some(name) = content.strip_prefix('[') {
            let Some(name) = name.strip_suffix(']') else { return fail(number, "expected `[section]`, found no closing `]`") };
            if sections.contains_key(name) {
                return fail(number, &format!("section `{name}` is there twice"));
            }
            sections.insert(name.to_owned(), BTreeMap::new());
            (section, option) = (Some(name.to_owned()), None);
            continue;
        }
        let Some(section) = &section else { return fail(number, "expected `[section]` before the first option") };
        let Some((name, value)) = content.split_once(['=', ':']) else {
            return fail(number, "expected `option = value`, found neither `=` nor `:`");
        };
        let name = name.trim().to_lowercase();
        let options = sections.entry(section.clone()).or_default();
        if let Some((_, first)) = options.insert(name.clone(), (value.trim().to_owned(), number)) {
            return fail(number, &format!("option `{section}.{name}` is there twice, first in line {first}"));
        }
        option = Some(name);
    }

    let defaults = sections.remove("DEFAULT").unwrap_or_default();
    let mut entries = Entries::new();
    for (section, options) in &sections {
        let mut all = defaults.clone();
        all.extend(options.clone());
        for (name, (value, line)) in &all {
            match interpolate(value, &all, 0) {
                Ok(value) => entries.insert(format!("{section}.{name}"), Entry { value: Found::Text(value), line: *line }),
                Err(message) => return fail(*line, &format!("`{section}.{name}`: {message}")),
            };
        }
    }
    Ok(entries)
}

fn interpolate(value: &str, options: &BTreeMap<String, (String, usize)>, depth: u32) -> Result<String, String> {
    let mut result = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('%') {
        result.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("%%") {
            result.push('%');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix("%(").and_then(|after| after.split_once(")s")) {
            let Some((other, _)) = options.get(&name.to_lowercase()) else {
                return Err(format!("it refers to `{name}`, which is not set"));
            };
            // The depth that configparser allows.
            if depth >= 10 {
                return Err(format!("the references from it to `{name}` never end"));
            }
            result.push_str(&interpolate(other, options, depth + 1)?);
            rest = after;
        } else {
            // A password with a percent sign; configparser refuses it, which helps nobody.
            result.push('%');
            rest = &rest[1..];
        }
    }
    result.push_str(rest);
    Ok(result)
}

/// A configuration that cannot be used: the file and line or key, or the variable, what was expected and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(Box<str>);

impl ConfigError {
    fn value(place: &str, expected: &str, found: &str) -> Self {
        Self(format!("{place}: expected {expected}, found {found}").into())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    fn ini(text: &str, environment: Environment) -> Result<Config, String> {
        let folder = folder(&[("c.ini", text)]);
        let prefix = format!("{}/", folder.path().display());
        Config::load(&environment, Some(&folder.path().join("c.ini")), Path::new(""))
            .map_err(|error| error.to_string().replace(&prefix, ""))
    }

    #[test]
    fn without_a_file_the_defaults_hold() {
        let config = Config::default();
        assert_eq!(config.path, None);
        assert_eq!(config.platform.endpoint, "localhost:30080");
        assert_eq!(config.credentials.auth_mode, AuthMode::Pkce);
        assert!(config.persistence.attach_execution_metadata && config.local.cache_enabled);
        assert!(!config.platform.insecure && !config.local.cache_overwrite && !config.statsd.disabled);
        assert_eq!((config.secrets.env_prefix.as_str(), config.secrets.default_dir.as_path()), ("_FSEC_", Path::new("/etc/secrets")));
        assert_eq!((config.statsd.host.as_str(), config.statsd.port), ("localhost", 8125));
    }

    #[test]
    fn the_first_place_that_has_a_file_counts() {
        let folder = folder(&[
            ("explicit", "[platform]\nurl = explicit"),
            ("override", "[platform]\nurl = override"),
            ("ctl", "[platform]\nurl = ctl"),
            ("work/flytekit.config", "[platform]\nurl = work"),
            ("home/.flyte/config", "[platform]\nurl = home"),
        ]);
        let at = |name: &str| folder.path().join(name);
        let endpoint = |environment: &Environment, explicit: Option<&str>, directory: &str| {
            let config = Config::load(environment, explicit.map(at).as_deref(), &at(directory)).unwrap();
            config.platform.endpoint
        };
        let home = Environment::empty().with("HOME", at("home"));
        let ctl = home.clone().with("FLYTECTL_CONFIG", at("ctl"));
        let both = ctl.clone().with("_FLYTECTL_CONFIG_PYFLYTE_OVERRIDE", at("override"));
        assert_eq!(endpoint(&both, Some("explicit"), "work"), "explicit");
        assert_eq!(endpoint(&both, None, "work"), "override");
        assert_eq!(endpoint(&ctl, None, "work"), "ctl");
        assert_eq!(endpoint(&home, None, "work"), "work");
        assert_eq!(endpoint(&home, None, "nowhere"), "home");
        assert_eq!(endpoint(&Environment::empty(), None, "nowhere"), "localhost:30080");
        assert_eq!(endpoint(&home.with("FLYTECTL_CONFIG", ""), None, "work"), "work", "an empty name is none");
    }

    #[test]
    fn a_named_file_must_be_there() {
        let environment = Environment::empty().with("FLYTECTL_CONFIG", "/nowhere/config");
        let error = Config::load(&environment, None, Path::new("")).unwrap_err().to_string();
        assert!(error.starts_with("configuration file `/nowhere/config`, named by FLYTECTL_CONFIG, cannot be read: "), "{error}");
    }

    #[test]
    fn every_section_of_an_ini_file_is_read() {
        let text = "\
# a comment
[DEFAULT]
key = s3%%cret
[platform]
URL = dns:///flyte.example.com
insecure: True
ca_cert_file_path = /ca.pem
[credentials]
command = sh, -c,
    echo token
client_secret = %(key)s
auth_mode = client_credentials
scopes = all,offline
; another
[aws]
endpoint = http://localhost:30002
access_key_id = minio
secret_access_key = 50%off
addressing_style = path
retries = 5
backoff_seconds = 0.5
[azure]
storage_account_key = k
[persistence]
attach_execution_metadata = off
[local]
cache_enabled = 0
project = p
[secrets]
env_prefix =
port = 9125
[images]
Main = ghcr.io/me/app:1
";
        let config = ini(text, Environment::empty()).unwrap();
        assert_eq!(config.platform.endpoint, "flyte.example.com");
        assert!(config.platform.insecure);
        assert_eq!(config.platform.ca_cert_file_path.as_deref(), Some(Path::new("/ca.pem")));
        assert_eq!(config.credentials.command, ["sh", "-c", "echo token"]);
        assert_eq!(config.credentials.client_secret.unwrap().expose(), "s3%cret");
        assert_eq!(config.credentials.auth_mode, AuthMode::ClientSecret);
        assert_eq!(config.credentials.scopes, ["all", "offline"]);
        assert_eq!(config.aws.endpoint.as_deref(), Some("http://localhost:30002"));
        assert_eq!(config.aws.secret_access_key.unwrap().expose(), "50%off");
        assert_eq!(config.aws.addressing_style, Some(AddressingStyle::Path));
        assert_eq!((config.storage.retries, config.storage.backoff), (Some(5), Some(Duration::from_millis(500))));
        assert_eq!(config.azure.storage_account_key.unwrap().expose(), "k");
        assert!(!config.persistence.attach_execution_metadata && !config.local.cache_enabled);
        assert_eq!(config.local.project.as_deref(), Some("p"));
        assert_eq!(config.secrets.env_prefix, "");
        assert_eq!(config.statsd.port, 9125, "flytekit reads statsd's settings from the section of secrets");
        assert_eq!(
            config.images,
            BTreeMap::from([("key".to_owned(), "s3%cret".to_owned()), ("main".to_owned(), "ghcr.io/me/app:1".to_owned())])
        );
    }

    #[test]
    fn the_environment_beats_the_file() {
        let environment = Environment::empty()
            .with("FLYTE_PLATFORM_URL", "env:81")
            .with("FLYTE_LOCAL_CACHE_ENABLED", "")
            .with("FLYTE_AWS_S3_ADDRESSING_STYLE", "virtual")
            .with("FLYTE_SECRETS_PORT", "1")
            .with("FLYTE_STATSD_PORT", "udp://10.0.0.1:2");
        let config = ini("[platform]\nurl = file\n[aws]\naddressing_style = path\n[statsd]\nport = 3", environment).unwrap();
        assert_eq!(config.platform.endpoint, "env:81");
        assert!(!config.local.cache_enabled, "empty text is false");
        assert_eq!(config.aws.addressing_style, Some(AddressingStyle::Virtual));
        assert_eq!(config.statsd.port, 2);
    }

    #[test]
    fn errors_name_the_place_and_what_was_expected() {
        let none = Environment::empty;
        let error = |text: &str| ini(text, none()).unwrap_err();
        assert_eq!(error("[aws]\n\nretries = many"), "c.ini:3: `aws.retries`: expected a whole number, found `many`");
        assert_eq!(error("[statsd]\nport = 70000"), "c.ini:2: `statsd.port`: expected a port from 0 to 65535, found `70000`");
        assert_eq!(error("[aws]\nbackoff_seconds = -1"), "c.ini:2: `aws.backoff_seconds`: expected a number of seconds, found `-1`");
        assert!(error("[credentials]\nauth_mode = magic").ends_with("`DeviceFlow` or `ExternalCommand`, found `magic`"));
        assert_eq!(error("url = x"), "c.ini:1: expected `[section]` before the first option");
        assert_eq!(error("[aws]\nsecret_access_key hunter2"), "c.ini:2: expected `option = value`, found neither `=` nor `:`");
        assert_eq!(error("[aws]\na = 1\nA = 2"), "c.ini:3: option `aws.a` is there twice, first in line 2");
        assert_eq!(error("[aws]\n[aws]"), "c.ini:2: section `aws` is there twice");
        assert_eq!(error("[aws\n"), "c.ini:1: expected `[section]`, found no closing `]`");
        assert_eq!(error("[aws]\na = %(b)s"), "c.ini:2: `aws.a`: it refers to `b`, which is not set");
        assert!(error("[aws]\na = %(a)s").ends_with("`aws.a`: the references from it to `a` never end"));
        let error = ini("", none().with("FLYTE_AWS_ADDRESSING_STYLE", "sideways")).unwrap_err();
        assert_eq!(error, "environment variable `FLYTE_AWS_ADDRESSING_STYLE`: expected `path`, `virtual` or `auto`, found `sideways`");
    }

    #[test]
    fn bytes_that_are_not_text_are_told() {
        let folder = folder(&[]);
        let path = folder.path().join("c.ini");
        std::fs::write(&path, b"[aws]\nendpoint = \xff").unwrap();
        let error = Config::load(&Environment::empty(), Some(&path), Path::new("")).unwrap_err().to_string();
        assert!(error.ends_with("cannot be read: it is not UTF-8 text"), "{error}");
    }

    #[test]
    fn debug_shows_no_secret() {
        let config = ini("[aws]\nsecret_access_key = hunter2\n[credentials]\nclient_secret = hunter2", Environment::empty()).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[cfg(feature = "run")]
    #[test]
    fn flytectls_yaml_is_read() {
        let text = "\
admin:
  endpoint: dns:///flyte.example.com
  insecure: true
  authType: Pkce
  command: [sh, -c, echo token]
  scopes: [all]
console:
  endpoint: https://console
logger:
  level: 6
storage:
  connection:
    access-key: minio
    secret-key: miniostorage
    endpoint: http://localhost:30002
task:
  project: p
images:
  main: ghcr.io/me/app:1
";
        let folder = folder(&[
            ("home/.flyte/config.yaml", text),
            ("bad.yaml", "admin: {endpoint: [a]}"),
            ("broken.yml", "a: [hunter2"),
            ("empty.yaml", "\n"),
        ]);
        let environment = Environment::empty().with("HOME", folder.path().join("home"));
        let config = Config::load(&environment, None, folder.path()).unwrap();
        assert_eq!(config.platform.endpoint, "flyte.example.com");
        assert!(config.platform.insecure);
        assert_eq!(config.platform.console_endpoint.as_deref(), Some("https://console"));
        assert_eq!(config.credentials.command, ["sh", "-c", "echo token"]);
        assert_eq!(config.credentials.scopes, ["all"]);
        assert_eq!(config.aws.secret_access_key.unwrap().expose(), "miniostorage");
        assert_eq!(config.local.project.as_deref(), Some("p"));
        assert_eq!(config.images["main"], "ghcr.io/me/app:1");
        let load = |name: &str| Config::load(&Environment::empty(), Some(&folder.path().join(name)), Path::new(""));
        let error = load("bad.yaml").unwrap_err().to_string();
        assert!(error.ends_with("bad.yaml: `admin.endpoint`: expected one value, found a list"), "{error}");
        let error = load("broken.yml").unwrap_err().to_string();
        assert!(error.contains("broken.yml: ") && error.contains("line") && !error.contains("hunter2"), "{error}");
        assert_eq!(load("empty.yaml").unwrap().platform, Config::default().platform);
    }

    #[cfg(not(feature = "run"))]
    #[test]
    fn yaml_is_refused_with_the_way_out() {
        let folder = folder(&[("config.yaml", "admin: {}")]);
        let error = Config::load(&Environment::empty(), Some(&folder.path().join("config.yaml")), Path::new("")).unwrap_err();
        assert!(error.to_string().contains("is YAML, which this build does not read: name an ini file"), "{error}");
    }

    #[test]
    fn stores_are_told_the_settings_the_clouds_variables_and_who_stores() {
        let environment = Environment::empty()
            .with("FLYTE_INTERNAL_EXECUTION_ID", "f1")
            .with("FLYTE_INTERNAL_EXECUTION_PROJECT", "p")
            .with("FLYTE_AWS_ENDPOINT", "http://localhost:9000")
            .with("FLYTE_AWS_SECRET_ACCESS_KEY", "s")
            .with("FLYTE_STORAGE_RETRIES", "2")
            .with("AWS_REGION", "eu-west-1")
            .with("UNRELATED", "x");
        let config = Config::from_environment(&environment).unwrap();
        let told = config.storage_config(&environment, &Identity::new(&environment));
        assert_eq!(told.s3.endpoint.as_deref(), Some("http://localhost:9000"));
        assert_eq!(told.s3.secret_access_key.unwrap().expose(), "s");
        assert_eq!(told.retries, Some(2));
        assert_eq!((told.environment.get("AWS_REGION"), told.environment.get("UNRELATED")), (Some("eu-west-1"), None));
        assert_eq!((told.metadata["flyte-execution-name"].as_str(), told.metadata["flyte-execution-workflow"].as_str()), ("f1", ""));
        assert_eq!(told.metadata.len(), 5);
        let local = config.storage_config(&environment, &Identity::new(&Environment::empty()));
        assert!(local.metadata.is_empty());
    }

    #[test]
    fn a_broken_file_does_not_hide_the_environment() {
        let folder = folder(&[("c.ini", "broken")]);
        let environment = Environment::empty().with("FLYTE_SECRETS_ENV_PREFIX", "_UNION_");
        let config = LazyConfig::with_paths(&environment, Some(&folder.path().join("c.ini")), Path::new(""));
        assert!(config.get().is_err());
        assert_eq!(config.get_or_environment().secrets.env_prefix, "_UNION_");
    }

    #[test]
    fn debug_shows_no_proxys_password_and_no_commands_token() {
        let environment = Environment::empty()
            .with("FLYTE_PLATFORM_HTTP_PROXY_URL", "http://me:pass-word@proxy")
            .with("FLYTE_CREDENTIALS_COMMAND", "login,to-ken")
            .with("FLYTE_CREDENTIALS_PROXY_COMMAND", "proxy,to-ken");
        let shown = format!("{:?}", Config::from_environment(&environment).unwrap());
        assert!(!shown.contains("pass-word") && !shown.contains("to-ken"), "{shown}");
    }
}
