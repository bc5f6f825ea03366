//! The object stores of this process, as its settings say.

use std::sync::Arc;

#[cfg(doc)]
use nebulakit_types::ErrorKind;
use nebulakit_types::Result;
use nebulakit_types::storage::{Storage, Store, StoreSet};

use crate::process::terminal;
use crate::services::config::LazyConfig;
use crate::services::env::Environment;
use crate::services::identity::Identity;
use crate::services::stores::Stores;

/// A store of the user's own: what `nebulakit::main!(stores = [..])` makes of each.
#[derive(Debug)]
pub struct OwnStore(#[doc(hidden)] pub fn() -> Arc<dyn Store>);

inventory::collect!(OwnStore);

/// A store, for an [`OwnStore`]; what is not one is an error where it is written.
pub fn own_store(store: impl Store) -> Arc<dyn Store> {
    Arc::new(store)
}

impl OwnStore {
    /// All that the program names.
    ///
    /// # Errors
    /// When they cannot be served side by side.
    pub(crate) fn all() -> Result<StoreSet> {
        StoreSet::new(inventory::iter::<Self>().map(|own| (own.0)()))
    }
}

/// Stores as `config`, the clouds' own variables in `environment` and the execution's `identity` say, and the program's `own`.
pub(crate) fn of_process(own: StoreSet, config: &LazyConfig, environment: &Environment, identity: &Identity) -> Stores {
    let (config, environment, identity) = (config.clone(), environment.clone(), identity.clone());
    Stores::new(move || {
        let storage = Storage::with_stores(config.get_or_environment().storage_config(&environment, &identity), own.clone());
        // A task that has waited for a transfer may print what came of it.
        storage.progress().when_done(terminal::clear);
        storage
    })
}

/// The object stores as this process's environment and configuration files say: what a test against a real store hands to
/// [`ContextBuilder::storage`](crate::ContextBuilder::storage).
///
/// A task container has it already, as [`Context::storage`](crate::Context::storage).
///
/// # Errors
/// [`ErrorKind::Url`] when [`main!`](crate::main) was given stores that cannot be served side by side.
pub fn from_environment() -> Result<Storage> {
    let environment = Environment::from_process();
    Ok(of_process(OwnStore::all()?, &LazyConfig::new(&environment), &environment, &Identity::new(&environment)).all().clone())
}

/// Whether this machine itself serves a URL, so that no settings are needed for it.
pub(crate) fn is_local(url: &str) -> bool {
    url.starts_with("file:") || !url.contains("://")
}
