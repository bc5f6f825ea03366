//! The clouds' stores, each made when a URL first leads to it and kept for the next; and what every operation on them has in common.

mod endpoints;
mod names;
mod objects;
mod parts;
mod streams;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use object_store::list::PaginatedListStore;
use object_store::{Error as StoreError, ObjectStore};

#[cfg(any(feature = "aws", feature = "gcp"))]
pub(super) use self::endpoints::check_bucket;
pub(super) use self::endpoints::endpoint_url;
#[cfg(feature = "aws")]
pub(super) use self::endpoints::{container_path, container_url};
#[cfg(any(feature = "aws", feature = "azure"))]
pub(super) use self::endpoints::{secret_url, service_url};
pub(super) use self::parts::{Part, Parts};
use super::fault::{NO_CREDENTIALS, absence, explain, no_bucket};
pub(super) use super::location::Place;
use super::location::{Cloud, shown};
use super::object::Found;
use super::transport::{Connector, Watch};
use super::{PutOptions, StorageConfig};
use crate::{Error, ErrorKind, Result};

/// What the store of every cloud can do.
pub(super) trait Objects: ObjectStore + PaginatedListStore {}

impl<T: ObjectStore + PaginatedListStore> Objects for T {}

/// A bucket's store.
#[derive(Clone)]
pub(super) struct Store {
    pub(super) objects: Arc<dyn Objects>,
    /// Where credentials are looked for, in order.
    pub(super) looked_for: &'static str,
    /// The region that requests are signed for, where the bucket may correct it.
    pub(super) region: Option<String>,
    /// Whether requests carry no credentials.
    pub(super) anonymous: bool,
    /// Whether bodies are hashed before they are sent, and so have to be in memory.
    pub(super) bodies_in_memory: bool,
}

/// What an operation gave, and where: what follows from it goes to the same store and onto the same record.
struct Done<T> {
    out: T,
    store: Store,
    watch: Watch,
}

/// How an operation ended.
enum Ended<T> {
    Done(Done<T>),
    /// The store says that the object is not there: as an error of whoever writes, and what it answered for whoever reads.
    Absent(Error, String),
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the objects: what their credentials show of themselves is not ours to decide.
        f.debug_struct("Store").field("region", &self.region).finish_non_exhaustive()
    }
}

/// A place that outlives the URL it was read from.
#[derive(Debug, Clone)]
struct Owned {
    url: String,
    cloud: Cloud,
    authority: String,
    key: String,
    deadline: Option<Instant>,
}

impl Place<'_> {
    fn kept(&self) -> Owned {
        Owned {
            url: self.url.to_owned(),
            cloud: self.cloud,
            authority: self.authority.to_owned(),
            key: self.key.clone().into_owned(),
            deadline: self.deadline,
        }
    }
}

impl Owned {
    fn place(&self) -> Place<'_> {
        Place { url: &self.url, cloud: self.cloud, authority: &self.authority, key: self.key.as_str().into(), deadline: self.deadline }
    }
}

impl<T> Ended<T> {
    /// What was done by whoever reads.
    fn found(self) -> Found<Done<T>> {
        match self {
            Self::Done(done) => Found::There(done),
            Self::Absent(_, end) => Found::Absent(end),
        }
    }

    /// The same by whoever writes, to whom what is not there is an error.
    fn there(self) -> Result<Done<T>> {
        match self {
            Self::Done(done) => Ok(done),
            Self::Absent(error, _) => Err(error),
        }
    }
}

#[derive(Debug)]
pub(super) struct Clouds {
    config: Arc<StorageConfig>,
    connector: Connector,
    stores: Mutex<HashMap<(Cloud, String), Store>>,
    /// Those that are read without credentials, there being none.
    open: Mutex<HashMap<(Cloud, String), Store>>,
}

impl Clouds {
    pub(super) fn new(config: Arc<StorageConfig>, connector: Connector) -> Self {
        Self { config, connector, stores: Mutex::default(), open: Mutex::default() }
    }

    /// What is wrong with a write before it is begun.
    pub(super) fn check_write(&self, place: &Place<'_>, options: &PutOptions) -> Result<()> {
        names::new_object_path(place)?;
        names::attributes(place, &self.config, options)?;
        self.store(place, None).map(drop)
    }

    /// Runs an operation that reads, if the object is there.
    ///
    /// What is refused with the credentials, or fails because there are none, is tried once more without: much that is public is so for
    /// everybody but those whose account forbids it (flytekit does the same).
    async fn read<T, F, O>(&self, place: &Place<'_>, operation: F) -> Result<Found<Done<T>>>
    where
        F: Fn(Arc<dyn Objects>) -> O,
        O: Future<Output = Result<T, StoreError>>,
    {
        let key = (place.cloud, place.authority.to_owned());
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(store) = open {
            return Ok(self.run_on(store, place, &operation).await?.found());
        }
        let refused = match self.store(place, None) {
            Ok(store) if store.anonymous => return Ok(self.run_on(store, place, &operation).await?.found()),
            Ok(store) => match self.run_on(store, place, &operation).await {
                Err(error) if error.kind() == ErrorKind::Denied => error,
                ended => return Ok(ended?.found()),
            },
            Err(error) if error.kind() == ErrorKind::Denied => error,
            Err(error) => return Err(error),
        };
        let store = self.make(place, None, true)?;
        let Ok(Ended::Done(done)) = self.run_on(store, place, &operation).await else {
            // What is said to somebody unknown is less than what was said before.
            return Err(refused);
        };
        if refused.message().contains(NO_CREDENTIALS) {
            // Looking for credentials takes seconds where there are none.
            self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(key, done.store.clone());
        }
        Ok(Found::There(done))
    }

    /// Runs an operation that writes.
    async fn write<T, F, O>(&self, place: &Place<'_>, operation: F) -> Result<Ended<T>>
    where
        F: Fn(Arc<dyn Objects>) -> O,
        O: Future<Output = Result<T, StoreError>>,
    {
        self.run_on(self.store(place, None)?, place, &operation).await
    }

    /// Runs an operation on a store. A bucket that says it is in another region is asked again, as there.
    async fn run_on<T, F, O>(&self, mut store: Store, place: &Place<'_>, operation: &F) -> Result<Ended<T>>
    where
        F: Fn(Arc<dyn Objects>) -> O,
        O: Future<Output = Result<T, StoreError>>,
    {
        let mut asked_elsewhere = false;
        loop {
            let watch = Watch::until(place.deadline);
            let error = match watch.of(operation(store.objects.clone())).await {
                Ok(out) => return Ok(Ended::Done(Done { out, store, watch })),
                Err(error) => error,
            };
            let there = watch.trace().region.clone();
            if let (Some(here), Some(there)) = (&store.region, &there)
                && here != there
                && !asked_elsewhere
            {
                // Once: what it says now is final.
                asked_elsewhere = true;
                store = if store.anonymous { self.make(place, Some(there), true)? } else { self.store(place, Some(there))? };
                continue;
            }
            let trace = watch.trace();
            let explained = explain(place, &store, &self.config, &error, &trace);
            let of_the_object = !trace.last.as_ref().is_some_and(|last| last.metadata || no_bucket(last));
            return if matches!(error, StoreError::NotFound { .. }) && of_the_object {
                Ok(Ended::Absent(explained, absence(&self.config, &trace)))
            } else {
                Err(explained)
            };
        }
    }

    /// The store of a bucket: the one that was made before, unless it is to be made for another region.
    fn store(&self, place: &Place<'_>, region: Option<&str>) -> Result<Store> {
        let key = (place.cloud, place.authority.to_owned());
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if region.is_none()
            && let Some(store) = stores.get(&key)
        {
            return Ok(store.clone());
        }
        let store = self.make(place, region, false)?;
        stores.insert(key, store.clone());
        Ok(store)
    }

    fn make(&self, place: &Place<'_>, region: Option<&str>, anonymous: bool) -> Result<Store> {
        let (config, connector) = (&*self.config, &self.connector);
        #[cfg(not(feature = "aws"))]
        let _ = region;
        match place.cloud {
            #[cfg(feature = "aws")]
            Cloud::S3 => super::aws::store(place, region, anonymous, config, connector),
            #[cfg(feature = "gcp")]
            Cloud::Gcs => super::gcp::store(place, anonymous, config, connector),
            #[cfg(feature = "azure")]
            Cloud::Azure => super::azure::store(place, anonymous, config, connector),
            #[allow(unreachable_patterns, reason = "which clouds are left depends on the features")]
            cloud => Err(Error::new(ErrorKind::Url, format!("`{}`: {cloud:?} is not in this program", shown(place.url)))),
        }
    }
}

/// Turns what a builder of `object_store` refuses into our error.
pub(super) fn refused(place: &Place<'_>, config: &StorageConfig, error: &StoreError) -> Error {
    let text = format!("`{}`: the store cannot be set up: {}", shown(place.url), super::transport::innermost(error));
    Error::new(ErrorKind::Denied, config.scrub(text))
}

/// Checks what will stand in a header of each request; `object_store` panics on what cannot.
#[cfg(any(feature = "aws", feature = "azure"))]
pub(super) fn check_header(place: &Place<'_>, name: &str, value: &str) -> Result<()> {
    if value.is_empty() || !value.chars().all(|c| c.is_ascii_graphic()) {
        let text = format!("`{}`: the {name} is empty or holds a blank, a line break or a character that is not ASCII", shown(place.url));
        return Err(Error::new(ErrorKind::Denied, text));
    }
    Ok(())
}
