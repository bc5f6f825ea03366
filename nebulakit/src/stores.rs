//! From settings and environment to a [`Storage`]: how object stores are reached from this process.

use std::time::Duration;

use nebulakit_types::storage::{self, Storage, StorageConfig};

use crate::config::{AddressingStyle, Config, LazyConfig};
use crate::env::Environment;
use crate::identity::Identity;

/// A storage with the settings of `config`, the clouds' own variables of `environment`, and, unless the settings say otherwise, the
/// execution's names as metadata of what is written.
pub(crate) fn storage(config: &LazyConfig, environment: &Environment, identity: &Identity) -> Storage {
    let config = config.get_or_environment();
    let mut stores = StorageConfig { environment: storage::Environment::pick(environment.iter()), ..StorageConfig::default() };
    apply(config, &mut stores);
    if config.persistence.attach_execution_metadata && !identity.is_local {
        let entries = [
            ("project", &identity.execution.project),
            ("domain", &identity.execution.domain),
            ("launchplan", &identity.launch_plan),
            ("workflow", &identity.workflow),
            ("name", &identity.execution.name),
        ];
        stores.metadata = entries.into_iter().map(|(key, value)| (format!("flyte-execution-{key}"), value.clone())).collect();
    }
    Storage::new(stores)
}

fn apply(config: &Config, stores: &mut StorageConfig) {
    let secret = |secret: &Option<crate::secrets::Secret>| secret.as_ref().map(|secret| storage::Secret::from(secret.expose()));
    stores.s3.endpoint.clone_from(&config.aws.endpoint);
    stores.s3.access_key_id.clone_from(&config.aws.access_key_id);
    stores.s3.secret_access_key = secret(&config.aws.secret_access_key);
    stores.s3.addressing_style = config.aws.addressing_style.map(|style| match style {
        AddressingStyle::Path => storage::AddressingStyle::Path,
        AddressingStyle::Virtual => storage::AddressingStyle::Virtual,
    });
    stores.azure.account_name.clone_from(&config.azure.storage_account_name);
    stores.azure.account_key = secret(&config.azure.storage_account_key);
    stores.azure.tenant_id.clone_from(&config.azure.tenant_id);
    stores.azure.client_id.clone_from(&config.azure.client_id);
    stores.azure.client_secret = secret(&config.azure.client_secret);
    stores.retries = config.storage.retries;
    stores.backoff = config.storage.backoff.filter(|backoff| *backoff > Duration::ZERO);
}

/// Whether `url` is served by this machine itself, so that no settings are needed for it.
pub(crate) fn is_local(url: &str) -> bool {
    url.starts_with("file:") || !url.contains("://")
}
