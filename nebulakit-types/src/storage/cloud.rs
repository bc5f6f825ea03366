//! The clouds' stores, each made when a URL first leads to it and kept for the next; and what every operation on them has in common.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::path::{Path, PathPart};
use object_store::{Attribute, Attributes, DynObjectStore, Error as StoreError, ObjectStoreExt as _, PutPayload};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::fault::{explain, no_bucket};
use super::location::{Cloud, shown};
use super::transport::{Connector, Trace};
use super::{PutOptions, StorageConfig};
use crate::{Error, ErrorKind, Result};

/// What a header cannot hold, and `%`, so that it can be undone.
const NO_HEADER: &AsciiSet = &CONTROLS.add(b'%');

/// A URL that leads to a cloud.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) url: &'a str,
    pub(super) cloud: Cloud,
    pub(super) authority: &'a str,
    pub(super) key: &'a str,
}

/// A bucket's store.
#[derive(Clone)]
pub(super) struct Store {
    pub(super) objects: Arc<DynObjectStore>,
    /// Where credentials are looked for, in order.
    pub(super) looked_for: &'static str,
    /// The region that requests are signed for, where the bucket may correct it.
    pub(super) region: Option<String>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the objects: what their credentials show of themselves is not ours to decide.
        f.debug_struct("Store").field("region", &self.region).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(super) struct Clouds {
    config: Arc<StorageConfig>,
    connector: Connector,
    stores: Mutex<HashMap<(Cloud, String), Store>>,
}

impl Clouds {
    pub(super) fn new(config: Arc<StorageConfig>, connector: Connector) -> Self {
        Self { config, connector, stores: Mutex::default() }
    }

    pub(super) async fn get(&self, place: &Place<'_>) -> Result<Option<Bytes>> {
        let path = object_path(place)?;
        let read = |objects: Arc<DynObjectStore>| {
            let path = path.clone();
            async move {
                let found = objects.get(&path).await?;
                let size = found.range.end - found.range.start;
                Ok((size, found.bytes().await?))
            }
        };
        let Some((size, bytes)) = self.run(place, read).await? else { return Ok(None) };
        if bytes.len() as u64 != size {
            let text = format!("`{}`: the store said {size} bytes and sent {}", shown(place.url), bytes.len());
            return Err(Error::new(ErrorKind::Unavailable, text));
        }
        Ok(Some(bytes))
    }

    pub(super) async fn put(&self, place: &Place<'_>, parts: Vec<Bytes>, options: &PutOptions) -> Result<()> {
        let path = object_path(place)?;
        let options = object_store::PutOptions { attributes: self.attributes(place, options)?, ..Default::default() };
        let payload = PutPayload::from_iter(parts.into_iter().filter(|part| !part.is_empty()));
        let write = |objects: Arc<DynObjectStore>| {
            let (path, payload, options) = (path.clone(), payload.clone(), options.clone());
            async move { objects.put_opts(&path, payload, options).await }
        };
        match self.run(place, write).await? {
            Some(_) => Ok(()),
            None => Err(Error::new(ErrorKind::NotFound, format!("`{}`: the store answered 404 to a write", shown(place.url)))),
        }
    }

    pub(super) async fn exists(&self, place: &Place<'_>) -> Result<bool> {
        let path = object_path(place)?;
        let look = |objects: Arc<DynObjectStore>| {
            let path = path.clone();
            async move { objects.head(&path).await }
        };
        Ok(self.run(place, look).await?.is_some())
    }

    pub(super) async fn delete(&self, place: &Place<'_>) -> Result<()> {
        let path = object_path(place)?;
        let delete = |objects: Arc<DynObjectStore>| {
            let path = path.clone();
            async move { objects.delete(&path).await }
        };
        // One that was not there is deleted too.
        self.run(place, delete).await.map(drop)
    }

    pub(super) async fn list(&self, place: &Place<'_>) -> Result<Vec<(String, u64)>> {
        let prefix = key_path(place, place.key.trim_end_matches('/'))?;
        let all = |objects: Arc<DynObjectStore>| {
            let prefix = (!prefix.is_root()).then(|| prefix.clone());
            async move { objects.list(prefix.as_ref()).try_collect::<Vec<_>>().await }
        };
        let below = |location: &Path| {
            let key = location.as_ref();
            if prefix.is_root() { Some(key.to_owned()) } else { key.strip_prefix(prefix.as_ref())?.strip_prefix('/').map(str::to_owned) }
        };
        let found = self.run(place, all).await?.unwrap_or_default();
        // What remains nameless is a marker by which some tools make a prefix look like a directory.
        Ok(found.into_iter().filter_map(|object| Some((below(&object.location)?, object.size))).collect())
    }

    /// Runs an operation; `None` if the object is not there. A bucket that says it is in another region is asked again, as there.
    async fn run<T, F, O>(&self, place: &Place<'_>, operation: F) -> Result<Option<T>>
    where
        F: Fn(Arc<DynObjectStore>) -> O,
        O: Future<Output = Result<T, StoreError>>,
    {
        let mut store = self.store(place, None)?;
        loop {
            let (out, trace) = Trace::of(operation(store.objects.clone())).await;
            let error = match out {
                Ok(out) => return Ok(Some(out)),
                Err(error) => error,
            };
            if let (Some(here), Some(there)) = (&store.region, &trace.region)
                && here != there
            {
                store = self.store(place, Some(there))?;
                // Once: what it says now is final.
                store.region = None;
                continue;
            }
            if matches!(error, StoreError::NotFound { .. }) && !trace.last.as_ref().is_some_and(|last| last.metadata || no_bucket(last)) {
                return Ok(None);
            }
            return Err(explain(place, &store, &self.config, &error, &trace));
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
        let store = match place.cloud {
            #[cfg(feature = "aws")]
            Cloud::S3 => super::aws::store(place, region, &self.config, &self.connector)?,
            #[cfg(feature = "gcp")]
            Cloud::Gcs => super::gcp::store(place, &self.config, &self.connector)?,
            #[cfg(feature = "azure")]
            Cloud::Azure => super::azure::store(place, &self.config, &self.connector)?,
            #[allow(unreachable_patterns, reason = "which clouds are left depends on the features")]
            cloud => return Err(Error::new(ErrorKind::Url, format!("`{}`: {cloud:?} is not in this program", place.url))),
        };
        stores.insert(key, store.clone());
        Ok(store)
    }

    fn attributes(&self, place: &Place<'_>, options: &PutOptions) -> Result<Attributes> {
        let header = |text: &str| utf8_percent_encode(text, NO_HEADER).to_string();
        let mut attributes = Attributes::new();
        if let Some(content_type) = &options.content_type {
            attributes.insert(Attribute::ContentType, header(content_type).into());
        }
        for (name, value) in self.config.metadata.iter().chain(&options.metadata) {
            let name = if place.cloud == Cloud::Azure { name.replace('-', "_") } else { name.clone() };
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
                let text = format!("`{name}` cannot name metadata of an object: letters, digits, `-`, `_` and `.` can");
                return Err(Error::new(ErrorKind::Unencodable, text));
            }
            attributes.insert(Attribute::Metadata(name.into()), header(value).into());
        }
        Ok(attributes)
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

/// Reads an endpoint: a scheme, a host, perhaps a port and a path.
pub(super) fn endpoint_url(endpoint: &str) -> Result<url::Url> {
    let fault = |why: &str| Error::new(ErrorKind::Url, format!("the endpoint `{}` {why}", shown(endpoint)));
    let url = url::Url::parse(endpoint).map_err(|error| fault(&format!("is no URL: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fault("holds a user name or a password; credentials have settings of their own"));
    }
    match url.scheme() {
        "http" | "https" if url.has_host() && url.query().is_none() && url.fragment().is_none() => Ok(url),
        "http" | "https" => Err(fault("must be a host, perhaps with a port and a path, and nothing after it")),
        _ => Err(fault("must begin with `https://` or `http://`")),
    }
}

fn object_path(place: &Place<'_>) -> Result<Path> {
    if place.key.is_empty() {
        return Err(Error::new(ErrorKind::Url, format!("`{}` names a bucket, not an object in it", shown(place.url))));
    }
    key_path(place, place.key)
}

/// The key, verbatim. `Path::from` would escape some characters and drop empty segments, and so name another object.
fn key_path(place: &Place<'_>, key: &str) -> Result<Path> {
    let fault = |why: &str| Error::new(ErrorKind::Url, format!("`{}`: {why}", shown(place.url)));
    if key.starts_with('/') {
        return Err(fault("keys that begin with a slash cannot be reached"));
    }
    key.split('/').filter(|_| !key.is_empty()).try_fold(Path::ROOT, |path, segment| {
        let segment = PathPart::parse(segment)
            .map_err(|_| fault("a key with a control character, or with `.` or `..` between slashes, cannot be reached"))?;
        Ok(path.join(segment))
    })
}
