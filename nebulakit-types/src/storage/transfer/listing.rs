//! What lies below a prefix: all of it as a stream, or one level.

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};

use super::super::handle::Storage;
use super::super::location::child_url;
use super::super::object::{Level, ObjectInfo};
use super::super::page::{Below, Depth, Gap, Page};
use super::super::stores::Located;
use super::super::words::doing;
use super::super::{keys, local};
use crate::{Error, Result};

/// Keys and sizes as they stand in the store; what cannot be listed of it is an error among them.
type Found = BoxStream<'static, Result<(String, u64), Gap>>;

/// The same of one level.
type FoundBelow = BoxStream<'static, Result<Below, Gap>>;

impl Storage {
    /// Lists the objects below a prefix, however deep, as they are found: a page at a time, in the store's own order. Otherwise as
    /// [`Storage::list`]. It begins when it is polled and stops when it is dropped.
    ///
    /// Directories are not objects: empty ones do not show, nor do the markers by which some tools make a prefix look like a
    /// directory (empty objects whose keys end in a slash).
    ///
    /// A key that cannot be the name of a file is one error that names it ([`ErrorKind::Url`](crate::ErrorKind)), and the others
    /// follow: two slashes in a row, `.` or `..` between slashes, a control character, a slash at the end of an object that holds bytes. So
    /// is what this machine cannot read of a local directory, such as a link that leads nowhere.
    pub fn walk(&self, prefix: &str) -> impl Stream<Item = Result<ObjectInfo>> + Send + 'static + use<> {
        let (storage, prefix) = (self.clone(), prefix.to_owned());
        let begin = async move {
            let keys = Keys::of(storage.is_local(&prefix));
            let found = storage.found(&prefix).await?;
            let info = move |found: Result<(String, u64), Gap>| {
                let (key, size) = match found {
                    Ok(found) => found,
                    Err(gap) => return Some(Err(gap.error)),
                };
                match keys.fault(&key, size) {
                    Some(why) => Some(Err(keys::unlisted(&prefix, &key, &why))),
                    None if keys::is_marker(&key, size) => None,
                    None => Some(Ok(ObjectInfo { url: child_url(&prefix, &key), key, size })),
                }
            };
            Ok(found.filter_map(move |found| std::future::ready(info(found))))
        };
        stream::once(begin).try_flatten().map_err(|error| doing("listing", error))
    }

    /// The same as [`Storage::walk`] at once, in the order of the keys: what can be files, and what is in the way of the rest.
    ///
    /// # Errors
    ///
    /// As [`Storage::list`], where the listing ends early.
    #[cfg(feature = "schema")]
    pub(crate) async fn sorted(&self, prefix: &str) -> Result<(Vec<ObjectInfo>, Vec<Gap>)> {
        let keys = Keys::of(self.is_local(prefix));
        let (mut objects, mut gaps) = (Vec::new(), Vec::new());
        let mut found = self.found(prefix).await.map_err(|error| doing("listing", error))?;
        while let Some(found) = found.next().await {
            match found {
                Ok((key, size)) => match keys.fault(&key, size) {
                    Some(why) => gaps.push(Gap { error: keys::unlisted(prefix, &key, &why), key: Some(key) }),
                    None if keys::is_marker(&key, size) => {}
                    None => objects.push(ObjectInfo { url: child_url(prefix, &key), key, size }),
                },
                Err(Gap { key: None, error }) => return Err(doing("listing", error)),
                Err(gap) => gaps.push(gap),
            }
        }
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        Ok((objects, gaps))
    }

    /// All that is below a prefix, as the store has it.
    pub(in super::super) async fn found(&self, prefix: &str) -> Result<Found> {
        let place = self.locate(prefix)?;
        if let Some(path) = place.store.file(&place.address)? {
            return Ok(stream::iter(local::walk(&path)).boxed());
        }
        let pages = self.pages(place, Depth::All).await?;
        Ok(pages.map_ok(|page| stream::iter(page.objects.into_iter().map(Ok::<_, Error>))).try_flatten().map_err(Gap::from).boxed())
    }

    /// The pages of a listing, each by a request of the budget's. The first is fetched at once.
    async fn pages(&self, place: Located, depth: Depth) -> Result<impl Stream<Item = Result<Page>> + Send + 'static + use<>> {
        let first = self.page(&place, depth, None).await?;
        let storage = self.clone();
        Ok(stream::try_unfold(Some(Next::Here(first)), move |next| {
            let (storage, place) = (storage.clone(), place.clone());
            async move {
                let mut page = match next {
                    Some(Next::Here(page)) => page,
                    Some(Next::At(token)) => storage.page(&place, depth, Some(&token)).await?,
                    None => return Ok(None),
                };
                let next = page.next.take().map(Next::At);
                Ok(Some((page, next)))
            }
        }))
    }

    async fn page(&self, place: &Located, depth: Depth, token: Option<&str>) -> Result<Page> {
        let _request = self.request(place).await?;
        self.ask(place, || place.store.list(&place.address, depth, token)).await
    }

    /// Whether a URL leads to this machine, where any name is that of a file.
    pub(in super::super) fn is_local(&self, url: &str) -> bool {
        self.local_path(url).is_some()
    }

    /// Lists one level below a prefix: the objects there, and the names of the prefixes further down. The prefix ends at a slash, written or
    /// not; where nothing is, the level is empty. Keys that cannot be names of files are in [`Level::unreachable`].
    ///
    /// # Errors
    ///
    /// As [`Storage::list`].
    pub async fn list_level(&self, prefix: &str) -> Result<Level> {
        let keys = Keys::of(self.is_local(prefix));
        let mut level = Level::default();
        let mut found = self.level(prefix).await.map_err(|error| doing("listing", error))?;
        while let Some(found) = found.try_next().await.map_err(|gap| doing("listing", gap.error))? {
            match found {
                found if keys.fault_below(&found).is_some() => level.unreachable.push(found.into_key()),
                Below::Object(key, size) if keys::is_marker(&key, size) => {}
                Below::Object(key, size) => level.objects.push(ObjectInfo { url: child_url(prefix, &key), key, size }),
                Below::Prefix(name) => level.prefixes.push(name),
            }
        }
        level.objects.sort_by(|a, b| a.key.cmp(&b.key));
        level.prefixes.sort();
        level.unreachable.sort();
        Ok(level)
    }

    /// The same as a stream, a page at a time, in the store's own order, with an error for each key that cannot be a name.
    pub(crate) fn walk_level(&self, prefix: &str) -> impl Stream<Item = Result<Below>> + Send + 'static + use<> {
        let (storage, prefix) = (self.clone(), prefix.to_owned());
        let begin = async move {
            let keys = Keys::of(storage.is_local(&prefix));
            let found = storage.level(&prefix).await?;
            let judged = move |found: Result<Below, Gap>| {
                let found = match found {
                    Ok(found) => found,
                    Err(gap) => return Some(Err(gap.error)),
                };
                match keys.fault_below(&found) {
                    Some(why) => Some(Err(keys::unlisted(&prefix, &found.into_key(), &why))),
                    None if matches!(&found, Below::Object(key, size) if keys::is_marker(key, *size)) => None,
                    None => Some(Ok(found)),
                }
            };
            Ok(found.filter_map(move |found| std::future::ready(judged(found))))
        };
        stream::once(begin).try_flatten().map_err(|error| doing("listing", error))
    }

    async fn level(&self, prefix: &str) -> Result<FoundBelow> {
        let place = self.locate(prefix)?;
        if let Some(path) = place.store.file(&place.address)? {
            return Ok(stream::iter(local::level(&path)?).boxed());
        }
        let pages = self.pages(place, Depth::One).await?;
        let mut last = None;
        let below = move |mut page: Page| {
            // Some stores name a prefix with each page that has keys below it.
            page.prefixes.retain(|prefix| Some(prefix) != last.as_ref());
            last = page.prefixes.last().cloned().or(last.take());
            let objects = page.objects.into_iter().map(|(key, size)| Below::Object(key, size));
            stream::iter(objects.chain(page.prefixes.into_iter().map(Below::Prefix)).map(Ok::<_, Error>).collect::<Vec<_>>())
        };
        Ok(pages.map_ok(below).try_flatten().map_err(Gap::from).boxed())
    }
}

/// Where a listing stands.
enum Next {
    Here(Page),
    At(String),
}

/// What keys are judged by.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keys {
    /// Names of files, which they are.
    Names,
    /// Any text.
    Texts,
}

impl Keys {
    pub(super) fn of(is_local: bool) -> Self {
        if is_local { Self::Names } else { Self::Texts }
    }

    /// Why a key cannot be the name of a file.
    pub(super) fn fault(self, key: &str, size: u64) -> Option<String> {
        match self {
            Self::Names => None,
            Self::Texts => keys::fault(key, size),
        }
    }

    fn fault_below(self, found: &Below) -> Option<String> {
        match (self, found) {
            (Self::Names, _) => None,
            (Self::Texts, Below::Object(key, size)) => keys::fault(key, *size),
            (Self::Texts, Below::Prefix(name)) => keys::folder_fault(name),
        }
    }
}
