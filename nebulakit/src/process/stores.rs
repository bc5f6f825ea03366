//! The object stores of this process: their settings are read, and their one client made, when the first of them is needed.

use std::sync::{Arc, OnceLock};

use nebulakit_types::storage::Storage;

use crate::process::terminal;
use crate::services::config::LazyConfig;
use crate::services::env::Environment;
use crate::services::identity::Identity;

/// A [`Storage`] that is made when it is first asked for. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Stores(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: LazyConfig,
    environment: Environment,
    identity: Identity,
    storage: OnceLock<Storage>,
}

impl Stores {
    /// Stores as `config`, the clouds' own variables in `environment` and the execution's `identity` say.
    pub(crate) fn new(config: &LazyConfig, environment: &Environment, identity: &Identity) -> Self {
        let (config, environment, identity) = (config.clone(), environment.clone(), identity.clone());
        Self(Arc::new(Inner { config, environment, identity, storage: OnceLock::new() }))
    }

    /// The storage for any URL.
    pub(crate) fn all(&self) -> &Storage {
        let Inner { config, environment, identity, storage } = &*self.0;
        storage.get_or_init(|| {
            let storage = Storage::new(config.get_or_environment().storage_config(environment, identity));
            // A task that has waited for a transfer may print what came of it.
            storage.progress().when_done(terminal::clear);
            storage
        })
    }

    /// The storage, if anything has asked for it yet.
    pub(crate) fn if_made(&self) -> Option<&Storage> {
        self.0.storage.get()
    }
}

/// Whether this machine itself serves a URL, so that no settings are needed for it.
pub(crate) fn is_local(url: &str) -> bool {
    url.starts_with("file:") || !url.contains("://")
}
