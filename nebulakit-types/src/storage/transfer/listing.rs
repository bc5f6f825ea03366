//! What lies below a prefix: all of it as a stream, or one level.

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};

#[cfg(feature = "http")]
use super::super::location::shown;
use super::super::location::{Location, child_url};
use super::super::object::Below;
use super::super::{Level, ObjectInfo, local};
use super::doing;
use crate::Result;
use crate::storage::Storage;
#[cfg(feature = "http")]
use crate::{Error, ErrorKind};

type Found = BoxStream<'static, Result<(String, u64)>>;

impl Storage {
    /// Lists the objects below a prefix, however deep, as they are found: a page at a time, in the store's own order. Otherwise as
    /// [`Storage::list`]. It begins when it is polled and stops when it is dropped.
    ///
    /// Directories are no objects: those that hold no file do not show, nor do the nameless markers by which some tools make a prefix look
    /// like a directory.
    pub fn walk(&self, prefix: &str) -> impl Stream<Item = Result<ObjectInfo>> + Send + 'static + use<> {
        let (storage, prefix) = (self.clone(), prefix.to_owned());
        let begin = async move {
            let found = storage.found(&prefix).await?;
            let info = move |(key, size): (String, u64)| ObjectInfo { url: child_url(&prefix, &key), key, size };
            Ok(found.map_ok(info))
        };
        stream::once(begin).try_flatten().map_err(|error| doing("listing", error))
    }

    async fn found(&self, prefix: &str) -> Result<Found> {
        match self.locate(prefix)? {
            Location::Local(path) => Ok(stream::iter(local::walk(&path)).boxed()),
            Location::Memory(key) => Ok(stream::iter(self.inner.memory.list(&key).into_iter().map(Ok)).boxed()),
            #[cfg(feature = "http")]
            Location::Web(_) => Err(unlisted(prefix)),
            #[cfg(feature = "cloud")]
            Location::Object(place) => self.inner.clouds.walk(&place).await,
        }
    }

    /// Lists one level below a prefix: the objects there, and the names of the prefixes further down. The prefix ends at a slash, written or
    /// not; where nothing is, the level is empty.
    ///
    /// # Errors
    ///
    /// As [`Storage::list`].
    pub async fn list_level(&self, prefix: &str) -> Result<Level> {
        let mut level = Level::default();
        let mut found = std::pin::pin!(self.walk_level(prefix));
        while let Some(found) = found.try_next().await? {
            match found {
                Below::Object(key, size) => level.objects.push(ObjectInfo { url: child_url(prefix, &key), key, size }),
                Below::Prefix(name) => level.prefixes.push(name),
            }
        }
        level.objects.sort_by(|a, b| a.key.cmp(&b.key));
        level.prefixes.sort();
        Ok(level)
    }

    /// The same as a stream, a page at a time, in the store's own order.
    pub(crate) fn walk_level(&self, prefix: &str) -> impl Stream<Item = Result<Below>> + Send + 'static + use<> {
        let (storage, prefix) = (self.clone(), prefix.to_owned());
        let begin = async move { storage.level(&prefix).await };
        stream::once(begin).try_flatten().map_err(|error| doing("listing", error))
    }

    async fn level(&self, prefix: &str) -> Result<BoxStream<'static, Result<Below>>> {
        match self.locate(prefix)? {
            Location::Local(path) => Ok(stream::iter(local::level(&path)?.into_iter().map(Ok)).boxed()),
            Location::Memory(key) => {
                let mut level = Vec::new();
                for (key, size) in self.inner.memory.list(&key) {
                    let below = match key.split_once('/') {
                        None => Below::Object(key, size),
                        Some((name, _)) => Below::Prefix(name.to_owned()),
                    };
                    if !level.contains(&below) {
                        level.push(below);
                    }
                }
                Ok(stream::iter(level.into_iter().map(Ok)).boxed())
            }
            #[cfg(feature = "http")]
            Location::Web(_) => Err(unlisted(prefix)),
            #[cfg(feature = "cloud")]
            Location::Object(place) => self.inner.clouds.level(&place).await,
        }
    }
}

#[cfg(feature = "http")]
pub(in super::super) fn unlisted(prefix: &str) -> Error {
    Error::new(ErrorKind::Url, format!("`{}` cannot be listed: http has no listing", shown(prefix)))
}
