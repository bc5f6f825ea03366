//! What every operation on a cloud has in common: the bucket's store, credentials or none, another region.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use object_store::Error as StoreError;

use super::super::config::StorageConfig;
use super::super::fault::absence;
use super::super::object::Answer;
use super::super::transport::{Connector, Watch};
use super::bucket::{Bucket, Kind, Making, Objects, Place};
use super::fault::{NO_CREDENTIALS, explain, no_bucket};
use crate::{Error, ErrorKind, Result};

/// What an operation gave, and where: what follows from it goes to the same store and onto the same record.
pub(super) struct Done<T> {
    pub(super) out: T,
    pub(super) store: Bucket,
    pub(super) watch: Watch,
}

/// How an operation ended.
pub(super) enum Ended<T> {
    Done(Done<T>),
    /// The store says that the object is not there: the error for a write, and what it answered for a read.
    Absent(Error, String),
}

impl<T> Ended<T> {
    /// The result of a read.
    fn found(self) -> Answer<Done<T>> {
        match self {
            Self::Done(done) => Answer::There(done),
            Self::Absent(_, end) => Answer::Absent(end),
        }
    }

    /// The result of a write, where a missing object is an error.
    pub(super) fn there(self) -> Result<Done<T>> {
        match self {
            Self::Done(done) => Ok(done),
            Self::Absent(error, _) => Err(error),
        }
    }
}

/// The buckets of a cloud.
#[derive(Debug)]
pub(super) struct Requests {
    pub(super) kind: &'static Kind,
    pub(super) config: Arc<StorageConfig>,
    pub(super) connector: Connector,
    buckets: Mutex<HashMap<String, Bucket>>,
    /// Those that are read without credentials, there being none.
    open: Mutex<HashMap<String, Bucket>>,
}

impl Requests {
    pub(super) fn new(kind: &'static Kind, config: Arc<StorageConfig>, connector: Connector) -> Self {
        Self { kind, config, connector, buckets: Mutex::default(), open: Mutex::default() }
    }

    /// Runs an operation that reads, if the object is there.
    ///
    /// What is refused with the credentials, or fails because there are none, is tried once more without: much that is public is so for
    /// everybody but those whose account forbids it (flytekit does the same).
    pub(super) async fn read<T, F, O>(&self, place: &Place<'_>, operation: F) -> Result<Answer<Done<T>>>
    where
        F: Fn(Arc<dyn Objects>) -> O,
        O: Future<Output = Result<T, StoreError>>,
    {
        let key = place.authority.to_owned();
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
        Ok(Answer::There(done))
    }

    /// Runs an operation that writes.
    pub(super) async fn write<T, F, O>(&self, place: &Place<'_>, operation: F) -> Result<Ended<T>>
    where
        F: Fn(Arc<dyn Objects>) -> O,
        O: Future<Output = Result<T, StoreError>>,
    {
        self.run_on(self.store(place, None)?, place, &operation).await
    }

    /// Runs an operation on a store. A bucket that says it is in another region is asked again, as there.
    async fn run_on<T, F, O>(&self, mut store: Bucket, place: &Place<'_>, operation: &F) -> Result<Ended<T>>
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
            let explained = explain(self.kind, place, &store, &self.config, &error, &trace);
            let of_the_object = !trace.last.as_ref().is_some_and(|last| last.metadata || no_bucket(last));
            return if matches!(error, StoreError::NotFound { .. }) && of_the_object {
                Ok(Ended::Absent(explained, absence(&self.config, &trace)))
            } else {
                Err(explained)
            };
        }
    }

    /// The store of a bucket: the one that was made before, unless it is to be made for another region.
    pub(super) fn store(&self, place: &Place<'_>, region: Option<&str>) -> Result<Bucket> {
        let key = place.authority.to_owned();
        let mut stores = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if region.is_none()
            && let Some(store) = stores.get(&key)
        {
            return Ok(store.clone());
        }
        let store = self.make(place, region, false)?;
        stores.insert(key, store.clone());
        Ok(store)
    }

    fn make(&self, place: &Place<'_>, region: Option<&str>, anonymous: bool) -> Result<Bucket> {
        (self.kind.make)(&Making { place, region, anonymous, config: &self.config, connector: &self.connector })
    }
}
