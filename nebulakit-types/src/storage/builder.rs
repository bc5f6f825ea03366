//! A storage with stores of one's own.

use std::sync::Arc;

use super::config::StorageConfig;
use super::handle::Storage;
use super::store::Store;
use super::store_set::StoreSet;
use crate::Result;

/// Makes a [`Storage`]: [`Storage::builder`].
#[derive(Debug, Default)]
pub struct StorageBuilder {
    config: StorageConfig,
    stores: Vec<Arc<dyn Store>>,
}

impl Storage {
    /// Begins a storage that has stores of one's own besides those that come along.
    #[must_use]
    pub fn builder() -> StorageBuilder {
        StorageBuilder::default()
    }
}

impl StorageBuilder {
    /// How the stores that come along are reached, and how often those of one's own are asked again.
    #[must_use]
    pub fn config(mut self, config: StorageConfig) -> Self {
        self.config = config;
        self
    }

    /// A store, which serves the schemes that it names: also those of a store that comes along, in whose place it then is.
    #[must_use]
    pub fn store(self, store: impl Store) -> Self {
        self.stores([Arc::new(store) as Arc<dyn Store>])
    }

    /// The same for several.
    #[must_use]
    pub fn stores(mut self, stores: impl IntoIterator<Item = Arc<dyn Store>>) -> Self {
        self.stores.extend(stores);
        self
    }

    /// The storage. No I/O, no client: those come with the first URL that needs them.
    ///
    /// # Errors
    /// [`ErrorKind::Url`](crate::ErrorKind::Url) for a scheme that two of the stores have, that is not one, or that is `file`.
    pub fn build(self) -> Result<Storage> {
        Ok(Storage::with_stores(self.config, StoreSet::new(self.stores)?))
    }
}
