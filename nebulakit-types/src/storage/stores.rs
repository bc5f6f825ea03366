//! Which store serves a URL. Each kind that comes along has its line here.

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
use super::store_set::StoreSet;
#[cfg(feature = "client")]
use super::transport::Connector;
use crate::{Error, ErrorKind, Result};

/// The stores of a [`Storage`](super::Storage), by their schemes.
pub(super) struct Stores {
    config: Arc<StorageConfig>,
    local: Arc<dyn Store>,
    /// By their schemes; the first that fits is taken.
    by_scheme: Vec<(String, Arc<dyn Store>)>,
}

impl Stores {
    /// The stores that come along, and those of the user, which take the place of the former where they have the same schemes.
    pub(super) fn new(config: Arc<StorageConfig>, #[cfg(feature = "client")] budget: &Arc<Budget>, own: StoreSet) -> Self {
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
        let local = come_along[0].clone();
        let mut by_scheme = own.0;
        for store in come_along {
            by_scheme.extend(store.schemes().into_iter().map(|scheme| (scheme, store.clone())));
        }
        Self { config, local, by_scheme }
    }

    /// Where a URL leads.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] where no store serves it.
    pub(super) fn locate(&self, url: &str, deadline: Option<Instant>) -> Result<Located> {
        if url.is_empty() {
            return Err(Error::new(ErrorKind::Url, "the URL is empty"));
        }
        let target = self.config.aliases.target(url)?;
        let store = match split_scheme(target.as_deref().unwrap_or(url)) {
            None => &self.local,
            Some((scheme, _)) => {
                let found = self.by_scheme.iter().find(|(known, _)| known.eq_ignore_ascii_case(scheme));
                found.map(|(_, store)| store).ok_or_else(|| unserved(url, scheme, self.others()))?
            }
        };
        Ok(Located { address: Address::new(url, target, deadline), store: store.clone() })
    }

    /// What is served besides what comes along, as messages name it.
    fn others(&self) -> impl Iterator<Item = String> + '_ {
        let own = self.by_scheme.iter().map(|(scheme, _)| scheme).filter(|scheme| !comes_along(scheme));
        own.cloned().chain(self.config.aliases.prefixes())
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_scheme.iter().map(|(scheme, _)| scheme)).finish()
    }
}

/// Where a URL leads: a store, and a place in it.
#[derive(Debug, Clone)]
pub(super) struct Located {
    pub(super) address: Address,
    pub(super) store: Arc<dyn Store>,
}
