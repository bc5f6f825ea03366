//! The settings that a configuration file and the environment give, found, read and checked only when something asks for one.
//!
//! The files are those of flytekit (ini) and flytectl (YAML), so that people keep the ones that they have. YAML is read in builds with
//! the feature `run`.

mod assemble;
mod error;
mod find;
mod ini;
mod lazy;
mod lookup;
mod settings;
mod trust;
mod yaml;

use std::path::Path;

use nebulakit_types::storage::{self, StorageConfig};

pub use self::error::ConfigError;
use self::find::search;
pub use self::lazy::LazyConfig;
use self::lookup::Lookup;
pub use self::settings::{
    AuthMode, Aws, Azure, Config, Credentials, Local, Persistence, PlatformSettings, Sdk, SecretsSettings, Statsd, StorageSettings,
};
use crate::services::env::Environment;
use crate::services::identity::Identity;

impl Config {
    /// Finds the configuration file, reads it and lays the environment over it.
    ///
    /// The first of these counts (Flyte task contract, configuration file): the file that
    /// `_FLYTECTL_CONFIG_PYFLYTE_OVERRIDE` names, that which `FLYTECTL_CONFIG` names, `flytekit.config` in `directory`, `.flyte/config`
    /// and `.flyte/config.yaml` in the home folder. A name that ends in `yaml` or `yml` means YAML, any other ini.
    ///
    /// Of the last three, which nobody named, a file is passed over with a warning unless it belongs to this user or to root, and others
    /// cannot write to it: on a shared machine it could send this user's credentials elsewhere.
    ///
    /// # Errors
    /// A file that is named is absent, a file cannot be read or understood, it is YAML and this build has no feature `run`, or a value
    /// is not of its setting's form.
    pub fn load(environment: &Environment, directory: &Path) -> Result<Self, ConfigError> {
        let mut refused = Vec::new();
        let file = search(environment, directory, &mut refused);
        refused.iter().for_each(|why| tracing::warn!("{why}"));
        Lookup { environment, file: file?, tolerant: false }.config()
    }

    /// Reads what can be read after [`Config::load`] has failed. An unusable file, or a value of another form than its setting's, is logged
    /// as a warning and counts as absent. All other settings hold.
    fn load_what_is_good(environment: &Environment, directory: &Path) -> Self {
        // What is not obeyed has been told by `load`.
        let file = search(environment, directory, &mut Vec::new()).unwrap_or_else(|error| {
            tracing::warn!("{error}; going on without a configuration file");
            None
        });
        Lookup { environment, file, tolerant: true }.config().unwrap_or_default()
    }

    /// Reads the environment alone.
    ///
    /// # Errors
    /// A value is not of its setting's form.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        Lookup { environment, file: None, tolerant: false }.config()
    }
}

impl Config {
    /// What a [`Storage`](nebulakit_types::storage::Storage) is told: these settings, the variables of the clouds' own tools, and the
    /// execution's identity as metadata of what is stored, unless a setting forbids that or no platform started this process.
    pub(crate) fn storage_config(&self, environment: &Environment, identity: &Identity) -> StorageConfig {
        let mut config = StorageConfig::default();
        config.s3.endpoint.clone_from(&self.aws.endpoint);
        config.s3.access_key_id.clone_from(&self.aws.access_key_id);
        config.s3.secret_access_key = self.aws.secret_access_key.clone();
        config.s3.addressing_style = self.aws.addressing_style;
        config.azure.account_name.clone_from(&self.azure.storage_account_name);
        config.azure.account_key = self.azure.storage_account_key.clone();
        config.azure.domains.clone_from(&self.azure.storage_domains);
        config.azure.tenant_id.clone_from(&self.azure.tenant_id);
        config.azure.client_id.clone_from(&self.azure.client_id);
        config.azure.client_secret = self.azure.client_secret.clone();
        config.retries = self.storage.retries;
        config.backoff = self.storage.backoff;
        config.table_block = self.storage.max_table_block_mib.map(|mib| mib.saturating_mul(1 << 20));
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

#[cfg(test)]
mod tests {
    use nebulakit_types::storage::AddressingStyle;

    use super::*;

    pub(super) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    /// The settings of an environment in which FLYTECTL_CONFIG names a file with this text.
    pub(super) fn named(name: &str, text: &str, environment: Environment) -> Result<Config, String> {
        let folder = folder(&[(name, text)]);
        let prefix = format!("{}/", folder.path().display());
        let environment = environment.with("FLYTECTL_CONFIG", folder.path().join(name));
        Config::load(&environment, Path::new("")).map_err(|error| error.to_string().replace(&prefix, ""))
    }

    fn ini(text: &str, environment: Environment) -> Result<Config, String> {
        named("c.ini", text, environment)
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
    fn debug_shows_no_secret() {
        let config = ini("[aws]\nsecret_access_key = hunter2\n[credentials]\nclient_secret = hunter2", Environment::empty()).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
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
    fn debug_shows_no_proxys_password_and_no_commands_token() {
        let environment = Environment::empty()
            .with("FLYTE_PLATFORM_HTTP_PROXY_URL", "http://me:pass-word@proxy")
            .with("FLYTE_CREDENTIALS_COMMAND", "login,to-ken")
            .with("FLYTE_CREDENTIALS_PROXY_COMMAND", "proxy,to-ken");
        let shown = format!("{:?}", Config::from_environment(&environment).unwrap());
        assert!(!shown.contains("pass-word") && !shown.contains("to-ken"), "{shown}");
    }
}
