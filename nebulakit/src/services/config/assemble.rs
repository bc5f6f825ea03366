//! All settings, each with its variable, its name in the file and its default.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::error::ConfigError;
use super::lookup::{Key, Lookup, Unparsed, place};
use super::settings::Config;
use super::settings::{Aws, Azure, Credentials, Local, Persistence, PlatformSettings, Sdk, SecretsSettings, Statsd, StorageSettings};
use crate::services::env;

impl Lookup<'_> {
    pub(super) fn config(&self) -> Result<Config, ConfigError> {
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
                max_retries: self.parsed(&Key::flytectl("admin.maxRetries"), "a whole number")?.unwrap_or(6),
                max_backoff_delay: self.duration(&Key::flytectl("admin.maxBackoffDelay"), Duration::from_secs(8))?,
                per_retry_timeout: self.duration(&Key::flytectl("admin.perRetryTimeout"), Duration::from_secs(15))?,
                max_message_size_bytes: self
                    .parsed(&Key::flytectl("admin.maxMessageSizeBytes"), "a whole number of bytes")?
                    .filter(|bytes| *bytes > 0)
                    .unwrap_or(32 << 20),
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
                use_audience_from_admin: self.flag(&Key::flytectl("admin.useAudienceFromAdmin"), false)?,
                token_url: self.text(&Key::flytectl("admin.tokenUrl"))?,
                authorization_header: self.text(&Key::flytectl("admin.authorizationHeader"))?,
                token_refresh_window: self.duration(&Key::flytectl("admin.tokenRefreshWindow"), Duration::from_secs(10))?,
                pkce_timeout: self.duration(&Key::flytectl("admin.pkceConfig.timeout"), Duration::from_secs(2 * 60))?,
                device_timeout: self.duration(&Key::flytectl("admin.deviceFlowConfig.timeout"), Duration::from_secs(10 * 60))?,
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
                storage_domains: self.list(&Key::new(&[env::AZURE_STORAGE_DOMAINS], &["azure.storage_domains"]))?,
                tenant_id: self.text(&Key::new(&[env::AZURE_TENANT_ID], &["azure.tenant_id"]))?,
                client_id: self.text(&Key::new(&[env::AZURE_CLIENT_ID], &["azure.client_id"]))?,
                client_secret: self.secret(&Key::new(&[env::AZURE_CLIENT_SECRET], &["azure.client_secret"]))?,
            },
            storage: StorageSettings {
                retries: self.parsed(&Key::new(&[env::STORAGE_RETRIES, env::AWS_RETRIES], &["aws.retries"]), "a whole number")?,
                backoff: self.seconds(&Key::new(&[env::STORAGE_BACKOFF_SECONDS, env::AWS_BACKOFF_SECONDS], &["aws.backoff_seconds"]))?,
                max_table_block_mib: self.parsed(&Key::new(&[env::MAX_TABLE_BLOCK_MB], &[]), "a whole number of megabytes")?,
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
            let Unparsed::Text(image) = &entry.value else {
                self.wrong::<()>(&place(path, entry.line, key), "an image's name", "something else")?;
                continue;
            };
            images.insert(key["images.".len()..].to_owned(), image.clone());
        }
        Ok(images)
    }
}
