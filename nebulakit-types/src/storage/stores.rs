//! Which store serves a URL. Each kind that comes along has its line here.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::address::Address;
#[cfg(feature = "client")]
use super::budget::Budget;
#[cfg(feature = "cloud")]
use super::cloud::Clouds;
use super::config::StorageConfig;
use super::local::Local;
use super::location::{comes_along, split_scheme, unserved};
use super::memory::Memory;
use super::store::Store;
#[cfg(feature = "client")]
use super::transport::Connector;
use crate::{Error, ErrorKind, Result};

/// The stores of a [`Storage`](super::Storage), by their schemes.
pub(super) struct Stores {
    config: Arc<StorageConfig>,
    local: Arc<dyn Store>,
    by_scheme: HashMap<String, Arc<dyn Store>>,
}

impl Stores {
    /// The stores that come along, and those of the user, which take the place of the former where they have the same schemes.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for a scheme that two of the user's stores have, that is not one, or that is `file`.
    pub(super) fn new(
        config: Arc<StorageConfig>,
        #[cfg(feature = "client")] budget: &Arc<Budget>,
        own: Vec<Arc<dyn Store>>,
    ) -> Result<Self> {
        #[cfg(feature = "client")]
        let connector = Connector::new(config.clone(), budget.clone());
        #[cfg(feature = "cloud")]
        let cloud = |kind| Arc::new(Clouds::new(kind, config.clone(), connector.clone()));
        let come_along: Vec<Arc<dyn Store>> = vec![
            Arc::new(Local),
            Arc::new(Memory::default()),
            #[cfg(feature = "aws")]
            cloud(&super::aws::S3),
            #[cfg(feature = "gcp")]
            cloud(&super::gcp::GCS),
            #[cfg(feature = "azure")]
            cloud(&super::azure::AZURE),
            #[cfg(feature = "http")]
            Arc::new(super::web::Web::new(config.clone(), connector)),
        ];
        let mut stores = Self { config, local: come_along[0].clone(), by_scheme: HashMap::new() };
        for store in come_along {
            stores.by_scheme.extend(store.schemes().into_iter().map(|scheme| (scheme, store.clone())));
        }
        stores.add(own)?;
        Ok(stores)
    }

    fn add(&mut self, own: Vec<Arc<dyn Store>>) -> Result<()> {
        let mut taken: HashMap<String, Arc<dyn Store>> = HashMap::new();
        for store in own {
            let schemes = store.schemes();
            if schemes.is_empty() {
                return Err(Error::new(ErrorKind::Url, format!("the store {store:?} names no scheme")));
            }
            for scheme in schemes {
                let refused = |why: &str| Err(Error::new(ErrorKind::Url, format!("`{scheme}` cannot be the scheme of {store:?}: {why}")));
                let is_scheme = split_scheme(&format!("{scheme}://")).is_some() && !scheme.chars().any(|c| c.is_ascii_uppercase());
                if !is_scheme {
                    return refused("a scheme is a small letter, then small letters, digits, `+`, `-` and `.`");
                }
                if scheme == "file" {
                    return refused("files of this machine are where their paths say");
                }
                if let Some(other) = taken.insert(scheme.clone(), store.clone()) {
                    return refused(&format!("{other:?} has it"));
                }
            }
        }
        self.by_scheme.extend(taken);
        Ok(())
    }

    /// Where a URL leads.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] where no store serves it.
    pub(super) fn locate(&self, url: &str, deadline: Option<Instant>) -> Result<Place> {
        if url.is_empty() {
            return Err(Error::new(ErrorKind::Url, "the URL is empty"));
        }
        let target = self.config.aliases.target(url)?;
        let store = match split_scheme(target.as_deref().unwrap_or(url)) {
            None => &self.local,
            Some((scheme, _)) => {
                let found = self.by_scheme.get(scheme).or_else(|| self.by_scheme.get(&scheme.to_ascii_lowercase()));
                found.ok_or_else(|| unserved(url, scheme, self.others()))?
            }
        };
        Ok(Place { address: Address::new(url, target, deadline), store: store.clone() })
    }

    /// What is served besides what comes along, as messages name it.
    fn others(&self) -> impl Iterator<Item = String> + '_ {
        let mut own: Vec<_> = self.by_scheme.keys().filter(|scheme| !comes_along(scheme)).cloned().collect();
        own.sort();
        own.into_iter().chain(self.config.aliases.prefixes())
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_scheme.keys()).finish()
    }
}

/// Where a URL leads: a store, and a place in it.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) address: Address,
    pub(super) store: Arc<dyn Store>,
}
