//! From settings to a [`Storage`]: how object stores are reached from this process.

use nebulakit_types::storage::Storage;

use crate::config::LazyConfig;
use crate::env::Environment;
use crate::identity::Identity;

/// The stores as `config`, the clouds' own variables in `environment` and the execution's `identity` say.
pub(crate) fn storage(config: &LazyConfig, environment: &Environment, identity: &Identity) -> Storage {
    Storage::new(config.get_or_environment().storage_config(environment, identity))
}

/// Whether `url` is served by this machine itself, so that no settings are needed for it.
pub(crate) fn is_local(url: &str) -> bool {
    url.starts_with("file:") || !url.contains("://")
}
