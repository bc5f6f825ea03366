//! What lies below a prefix: all of it as a stream, or one level.

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};

#[cfg(feature = "http")]
use super::super::location::shown;
use super::super::location::{Location, child_url};
use super::super::object::Names;
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
        match Location::parse(prefix)? {
            Location::Local(path) => Ok(stream::iter(local::walk(&path)).boxed()),
            Location::Memory(key) => Ok(stream::iter(self.0.memory.list(key).into_iter().map(Ok)).boxed()),
            #[cfg(feature = "http")]
            Location::Web(_) => Err(unlisted(prefix)),
            #[cfg(feature = "cloud")]
            Location::Object { cloud, authority, key } => {
                let _request = self.0.budget.request().await;
                self.0.clouds.walk(&super::super::cloud::Place { url: prefix, cloud, authority, key }).await
            }
        }
    }

    /// Lists one level below a prefix: the objects there, and the names of the prefixes further down. The prefix ends at a slash, written or
    /// not; where nothing is, the level is empty.
    ///
    /// # Errors
    ///
    /// As [`Storage::list`].
    pub async fn list_level(&self, prefix: &str) -> Result<Level> {
        let (objects, mut prefixes) = self.level(prefix).await.map_err(|error| doing("listing", error))?;
        let info = |(key, size): (String, u64)| ObjectInfo { url: child_url(prefix, &key), key, size };
        let mut objects: Vec<_> = objects.into_iter().map(info).collect();
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        prefixes.sort();
        Ok(Level { objects, prefixes })
    }

    async fn level(&self, prefix: &str) -> Result<Names> {
        match Location::parse(prefix)? {
            Location::Local(path) => local::list_level(&path),
            Location::Memory(key) => {
                let (mut objects, mut prefixes) = (Vec::new(), Vec::<String>::new());
                for (key, size) in self.0.memory.list(key) {
                    match key.split_once('/') {
                        None => objects.push((key, size)),
                        Some((name, _)) if prefixes.iter().any(|prefix| prefix == name) => {}
                        Some((name, _)) => prefixes.push(name.to_owned()),
                    }
                }
                Ok((objects, prefixes))
            }
            #[cfg(feature = "http")]
            Location::Web(_) => Err(unlisted(prefix)),
            #[cfg(feature = "cloud")]
            Location::Object { cloud, authority, key } => {
                let _request = self.0.budget.request().await;
                self.0.clouds.list_level(&super::super::cloud::Place { url: prefix, cloud, authority, key }).await
            }
        }
    }
}

#[cfg(feature = "http")]
pub(in super::super) fn unlisted(prefix: &str) -> Error {
    Error::new(ErrorKind::Url, format!("`{}` cannot be listed: http has no listing", shown(prefix)))
}
