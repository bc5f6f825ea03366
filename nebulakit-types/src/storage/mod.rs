//! From a URL to its bytes: one door to local files, S3, Google Cloud Storage, Azure Blob Storage, http(s) and memory.
//!
//! A [`Storage`] is told everything by its [`StorageConfig`] and reads no environment. Making one does no I/O; a store is made when a URL
//! first leads to it and kept for the next. This module is the only place that names `object_store`, and it is in the tree only with one of the
//! features `aws`, `gcp`, `azure` and `http`; local paths and `memory://` need none of them.
//!
//! | URL | served by |
//! |---|---|
//! | a path, `file:///path` (percent-decoded) | `std::fs`, on the calling thread |
//! | `memory://key` | this [`Storage`] and its clones, for tests |
//! | `s3://bucket/key`, `s3a://` | feature `aws` |
//! | `gs://bucket/key`, `gcs://` | feature `gcp` |
//! | `abfs://container@account.dfs.core.windows.net/key`, `abfs://container/key`, `abfss://`, `az://`, `wasb://`, `wasbs://` | feature `azure` |
//! | `http://`, `https://` (read only) | feature `http` |
//!
//! A [`Registry`] in the configuration has other stores serve other URLs, by the longest prefix that is registered.
//!
//! Credentials go to the hosts that the configuration names, and to the clouds' own; `docs/data.md` has a table of them. Redirects of the clouds
//! are errors; those of web addresses are followed without what was meant for the first host, and not to what only this machine reaches.
//!
//! The clouds need a tokio runtime with I/O and time; the rest runs under any executor.

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "azure")]
mod azure;
#[cfg(feature = "client")]
mod budget;
#[cfg(feature = "client")]
mod checksum;
#[cfg(feature = "cloud")]
mod cloud;
mod config;
#[cfg(feature = "client")]
mod fault;
#[cfg(feature = "gcp")]
mod gcp;
mod keys;
mod local;
mod location;
mod memory;
mod object;
mod progress;
mod registry;
#[cfg(feature = "client")]
mod roots;
mod shown;
mod transfer;
#[cfg(feature = "client")]
mod transport;
#[cfg(feature = "http")]
mod web;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures_util::TryStreamExt as _;

pub use self::config::{AddressingStyle, AzureConfig, Environment, GcsConfig, S3Config, StorageConfig};
pub(crate) use self::keys::{leading_out, name_fault};
pub(crate) use self::local::kind_of;
#[cfg(feature = "schema")]
pub(crate) use self::local::read_at;
pub use self::local::{open_file, read_file};
use self::location::Location;
pub(crate) use self::location::local_path;
pub use self::location::{child_url, join};
pub(crate) use self::object::Below;
use self::object::Found;
#[cfg(feature = "schema")]
pub(crate) use self::object::Gap;
pub use self::object::{Level, ObjectInfo, ObjectMeta, Symlinks, Transferred, TreeOptions};
pub use self::progress::{Counts, Progress};
pub use self::registry::Registry;
pub use self::shown::{shown, shown_in};
pub(crate) use self::shown::{shown_path, without_query};
use self::transfer::doing;
pub use self::transfer::{ObjectWriter, Reading};
use crate::Result;
#[cfg(feature = "http")]
use crate::{Error, ErrorKind};

/// What the stored object says of itself besides its bytes, in stores that keep it; local files and memory do not.
#[derive(Debug, Clone, Default)]
pub struct PutOptions {
    /// The `Content-Type`.
    pub content_type: Option<String>,
    /// The `Content-Encoding`: how the bytes, which are stored as they are, were encoded. Of [`Storage::upload`], a source whose name ends in
    /// `.gz` is marked `gzip` where this is absent; an empty text leaves it out.
    pub content_encoding: Option<String>,
    /// User metadata, over that of [`StorageConfig::metadata`]. Characters that no header can hold are percent-encoded; on Azure, whose
    /// names are identifiers, hyphens in names become underscores.
    pub metadata: BTreeMap<String, String>,
}

/// Where URLs lead. Cheap to clone; clones share their stores, their connections and their memory.
///
/// ```
/// # use nebulakit_types::storage::{PutOptions, Storage};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let storage = Storage::memory();
/// storage.put("memory://run/outputs.pb", vec!["by".into(), "tes".into()], &PutOptions::default()).await?;
/// assert_eq!(storage.get("memory://run/outputs.pb").await?, "bytes");
/// # Ok::<(), nebulakit_types::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Storage {
    inner: Arc<Inner>,
    /// When what is begun with it has to be over.
    deadline: Option<Instant>,
}

#[derive(Debug)]
struct Inner {
    memory: memory::Memory,
    #[cfg(feature = "client")]
    budget: Arc<budget::Budget>,
    progress: Progress,
    #[cfg(feature = "cloud")]
    clouds: cloud::Clouds,
    #[cfg(feature = "http")]
    connector: transport::Connector,
    config: Arc<StorageConfig>,
}

impl Default for Storage {
    fn default() -> Self {
        Self::new(StorageConfig::default())
    }
}

impl Storage {
    /// Makes a storage. No I/O, no client: those come with the first URL that needs them.
    #[must_use]
    pub fn new(config: StorageConfig) -> Self {
        let config = Arc::new(config);
        #[cfg(feature = "client")]
        let budget = Arc::new(budget::Budget::default());
        #[cfg(feature = "client")]
        let connector = transport::Connector::new(config.clone(), budget.clone());
        let inner = Arc::new(Inner {
            memory: memory::Memory::default(),
            #[cfg(feature = "client")]
            budget,
            progress: Progress::default(),
            #[cfg(feature = "cloud")]
            clouds: cloud::Clouds::new(config.clone(), connector.clone()),
            #[cfg(feature = "http")]
            connector,
            config,
        });
        Self { inner, deadline: None }
    }

    /// The same storage, all of whose transfers are over by a deadline. Those that are not through by then are given up like any that fail,
    /// with an error that says so; what they have sent of an object is taken back, in the background.
    ///
    /// It binds what is begun with this storage and its clones, and not what others do with the stores that they share. What the file system
    /// of this machine does in one call is not interrupted.
    #[must_use]
    pub fn until(&self, deadline: impl Into<Option<Instant>>) -> Self {
        Self { inner: self.inner.clone(), deadline: deadline.into() }
    }

    /// Makes a storage for tests, with an empty `memory://` of its own.
    #[must_use]
    pub fn memory() -> Self {
        Self::default()
    }

    /// Makes a storage that reaches only this machine: files, and an empty `memory://` of its own.
    #[must_use]
    pub fn local() -> Self {
        Self::new(StorageConfig { only_local: true, ..StorageConfig::default() })
    }

    /// Fetches a whole object. Its length is checked against what the store said.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such object (or no such bucket, which the message tells apart), [`ErrorKind::Denied`] if the
    /// store refuses, no credentials were found or they do not belong to its host, [`ErrorKind::Unavailable`] if it does not answer or its answer breaks off until the
    /// retries are used up, [`ErrorKind::Url`] if no store of this program serves the URL, [`ErrorKind::Io`] for the rest.
    pub async fn get(&self, url: &str) -> Result<Bytes> {
        self.whole(url).await.and_then(|found| found.there(url)).map_err(|error| doing("fetching", error))
    }

    /// Fetches a whole object, or `None` if there is none. A missing bucket is an error.
    ///
    /// # Errors
    ///
    /// As [`Storage::get`].
    pub async fn get_if_exists(&self, url: &str) -> Result<Option<Bytes>> {
        self.whole(url).await.map(Found::if_there).map_err(|error| doing("fetching", error))
    }

    async fn whole(&self, url: &str) -> Result<Found<Bytes>> {
        let _request = self.request(url).await?;
        match self.locate(url)? {
            Location::Local(path) => local::get(&path).map(Found::here),
            Location::Memory(key) => Ok(Found::here(self.inner.memory.get(&key))),
            #[cfg(feature = "http")]
            Location::Web(url) => web::get(&self.inner.config, &self.inner.connector, &url, self.deadline).await,
            #[cfg(feature = "cloud")]
            Location::Object(place) => self.inner.clouds.get(&place).await,
        }
    }

    /// Stores an object, replacing what was there. The parts are written one after the other, without being copied together.
    ///
    /// Whoever reads sees the whole object or what was there before. When this returns, the object is there for every reader: in object
    /// stores by their promise, in the file system because the finished file is renamed into place. Missing directories are created.
    ///
    /// # Errors
    ///
    /// As [`Storage::get`]; http(s) is [`ErrorKind::Url`], metadata whose names no header can hold [`ErrorKind::Unencodable`].
    pub async fn put(&self, url: &str, parts: Vec<Bytes>, options: &PutOptions) -> Result<()> {
        #[cfg(not(feature = "cloud"))]
        let _ = options;
        let _request = self.request(url).await.map_err(|error| doing("storing", error))?;
        match self.locate(url)? {
            Location::Local(path) => local::put(&path, &parts).map_err(|error| doing("storing", error)),
            Location::Memory(key) => {
                self.inner.memory.put(&key, parts);
                Ok(())
            }
            #[cfg(feature = "http")]
            Location::Web(_) => Err(read_only(url)),
            #[cfg(feature = "cloud")]
            Location::Object(place) => {
                let put = self.inner.clouds.put(&place, parts, options).await;
                put.map_err(|error| doing("storing", error))
            }
        }
    }

    /// Says whether there is an object. A directory is none.
    ///
    /// # Errors
    ///
    /// As [`Storage::get`].
    pub async fn exists(&self, url: &str) -> Result<bool> {
        Ok(self.stat(url).await?.is_some())
    }

    /// The facts of an object, or `None` if there is none. One request.
    ///
    /// # Errors
    ///
    /// As [`Storage::get`].
    pub async fn stat(&self, url: &str) -> Result<Option<ObjectMeta>> {
        self.facts(url).await.map(Found::if_there).map_err(|error| doing("looking for", error))
    }

    /// The same, for whom it is an error that there is none.
    pub(crate) async fn stat_existing(&self, url: &str) -> Result<ObjectMeta> {
        self.facts(url).await.and_then(|found| found.there(url)).map_err(|error| doing("looking for", error))
    }

    async fn facts(&self, url: &str) -> Result<Found<ObjectMeta>> {
        let _request = self.request(url).await?;
        match self.locate(url)? {
            Location::Local(path) => local::stat(&path).map(Found::here),
            Location::Memory(key) => {
                let bytes = self.inner.memory.get(&key);
                Ok(Found::here(bytes.map(|bytes| ObjectMeta { size: bytes.len() as u64, ..ObjectMeta::default() })))
            }
            #[cfg(feature = "http")]
            Location::Web(url) => web::stat(&self.inner.config, &self.inner.connector, &url, self.deadline).await,
            #[cfg(feature = "cloud")]
            Location::Object(place) => self.inner.clouds.stat(&place).await,
        }
    }

    /// Whether this program has a store for a URL. Nothing is asked of it.
    #[must_use]
    pub fn serves(&self, url: &str) -> bool {
        self.locate(url).is_ok()
    }

    /// What a block of a table may become, where that is set.
    #[cfg(feature = "schema")]
    pub(crate) fn table_block(&self) -> Option<u64> {
        self.inner.config.table_block
    }

    /// The file of this machine that a URL leads to, if it leads to one.
    pub(crate) fn local_path(&self, url: &str) -> Option<std::path::PathBuf> {
        match self.locate(url) {
            Ok(Location::Local(path)) => Some(path),
            _ => None,
        }
    }

    /// What follows the transfers of this storage and its clones.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.inner.progress.clone()
    }

    /// Lists the objects below a prefix, however deep, in the order of their keys. The prefix ends at a slash, written or not; where nothing
    /// is, the list is empty. In the file system links are followed, but for one that leads back to a directory that it lies in.
    ///
    /// A key that cannot be the name of a file (two slashes in a row, `.` or `..` between slashes, a control character) is listed as it
    /// stands: do not make paths of keys. [`Storage::walk`] gives an error for each of those.
    ///
    /// # Errors
    ///
    /// As [`Storage::get`]; http(s), which has no listing, is [`ErrorKind::Url`].
    pub async fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>> {
        let found = self.found(prefix).await.map_err(|error| doing("listing", error))?;
        let mut found: Vec<_> = found.try_collect().await.map_err(|gap| doing("listing", gap.error))?;
        found.retain(|(key, size)| !keys::is_marker(key, *size));
        found.sort();
        let url = |key: &str| if self.is_local(prefix) { child_url(prefix, key) } else { keys::exact_url(prefix, key) };
        Ok(found.into_iter().map(|(key, size)| ObjectInfo { url: url(&key), key, size }).collect())
    }

    /// Deletes an object. One that is not there counts as deleted.
    ///
    /// # Errors
    ///
    /// As [`Storage::get`]; http(s) is [`ErrorKind::Url`].
    pub async fn delete(&self, url: &str) -> Result<()> {
        let _request = self.request(url).await.map_err(|error| doing("deleting", error))?;
        match self.locate(url)? {
            Location::Local(path) => local::delete(&path).map_err(|error| doing("deleting", error)),
            Location::Memory(key) => {
                self.inner.memory.delete(&key);
                Ok(())
            }
            #[cfg(feature = "http")]
            Location::Web(_) => Err(read_only(url)),
            #[cfg(feature = "cloud")]
            Location::Object(place) => {
                let deleted = self.inner.clouds.delete(&place).await;
                deleted.map_err(|error| doing("deleting", error))
            }
        }
    }
}

/// Makes ring (or aws-lc-rs, with the feature `tls-aws-lc`) the process's provider of cryptography for rustls, unless there is one already.
///
/// The stores do not depend on it; a program's own HTTPS client may, where two providers are linked and neither is the default.
///
/// The stores trust the CA certificates of the first of these that is there, read when a connection first needs them:
/// [`StorageConfig::ca_bundle`], `AWS_CA_BUNDLE`, `SSL_CERT_FILE`, `SSL_CERT_DIR` (a folder of certificates), those compiled in by the
/// feature `embedded-roots`, the bundle file of the distribution.
pub fn install_crypto_provider() {
    #[cfg(feature = "client")]
    roots::install();
}

impl Storage {
    fn locate<'a>(&'a self, url: &'a str) -> Result<Location<'a>> {
        #[allow(unused_mut, reason = "clouds keep deadlines")]
        let mut location = self.inner.config.registry.locate(url)?;
        #[cfg(feature = "cloud")]
        if let Location::Object(place) = &mut location {
            place.deadline = self.deadline;
        }
        if !matches!(location, Location::Local(_) | Location::Memory(_)) {
            if self.inner.config.only_local {
                return Err(location::out_of_reach(url));
            }
            self.inner.progress.goes_out();
        }
        Ok(location)
    }

    /// Waits for the right to a request, where a URL leads to one.
    #[cfg(feature = "client")]
    async fn request(&self, url: &str) -> Result<Option<budget::Request>> {
        match self.locate(url) {
            Ok(Location::Local(_) | Location::Memory(_)) | Err(_) => Ok(None),
            #[allow(unreachable_patterns, reason = "which stores are left depends on the features")]
            Ok(_) => self.slot(url).await.map(Some),
        }
    }

    /// What is on this machine takes none.
    #[cfg(not(feature = "client"))]
    async fn request(&self, _url: &str) -> Result<Option<Bytes>> {
        Ok(None)
    }

    /// Waits for the right to a request.
    #[cfg(feature = "client")]
    async fn slot(&self, url: &str) -> Result<budget::Request> {
        self.inner.budget.request_until(self.deadline).await.ok_or_else(|| transfer::crowded(url))
    }

    /// Waits for the right to hold so many bytes.
    #[cfg(feature = "cloud")]
    async fn room(&self, url: &str, bytes: usize) -> Result<Option<tokio::sync::OwnedSemaphorePermit>> {
        match self.deadline {
            None => Ok(self.inner.budget.memory(bytes).await),
            Some(deadline) => {
                tokio::time::timeout_at(deadline.into(), self.inner.budget.memory(bytes)).await.map_err(|_| transfer::crowded(url))
            }
        }
    }

    /// Whether bodies from there are retried here alone, and not by the client below as well.
    fn retries_bodies(&self, url: &str) -> bool {
        match self.locate(url) {
            #[cfg(feature = "http")]
            Ok(Location::Web(_)) => true,
            _ => false,
        }
    }

    /// Whether the deadline has passed.
    fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Waits before a body that broke off for the nth time is asked for again, but not beyond the deadline.
    #[cfg(feature = "client")]
    async fn wait(&self, breaks: u32) {
        let wait = transport::Backoff::after(&self.inner.config, breaks).wait();
        match self.deadline {
            Some(deadline) => drop(tokio::time::timeout_at(deadline.into(), wait).await),
            None => wait.await,
        }
    }

    #[cfg(not(feature = "client"))]
    async fn wait(&self, _breaks: u32) {}
}

#[cfg(feature = "http")]
fn read_only(url: &str) -> Error {
    Error::new(ErrorKind::Url, format!("`{}` cannot be written: http is for reading", shown(url)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_can_move_between_threads() {
        fn send<T: Send>(_: T) {}
        let storage = Storage::memory();
        let options = PutOptions::default();
        send(storage.get("memory://a"));
        send(storage.get_if_exists("memory://a"));
        send(storage.put("memory://a", Vec::new(), &options));
        send(storage.exists("memory://a"));
        send(storage.list("memory://a"));
        send(storage.delete("memory://a"));
    }
}
