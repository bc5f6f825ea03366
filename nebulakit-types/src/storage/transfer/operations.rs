//! Whole objects, their facts, and lists of them.

use bytes::Bytes;
use futures_util::TryStreamExt as _;

use super::super::content::{Extent, Payload, joined};
use super::super::handle::Storage;
use super::super::keys::{exact_url, is_marker};
use super::super::location::child_url;
use super::super::object::{Answer, ObjectInfo, ObjectMeta, PutOptions};
use super::super::store::Resilience;
use super::super::words::doing;
use super::pieces::Pieces;
#[cfg(doc)]
use crate::ErrorKind;
use crate::Result;

impl Storage {
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
        self.whole(url).await.map(Answer::if_there).map_err(|error| doing("fetching", error))
    }

    pub(super) async fn whole(&self, url: &str) -> Result<Answer<Bytes>> {
        let place = self.locate(url)?;
        let _request = self.request(&place).await?;
        if place.store.resilience() != Resilience::None {
            return place.store.get_whole(&place.address).await;
        }
        // What breaks off is continued.
        match self.open(&place, &Extent::All, None).await? {
            Answer::There(opened) => {
                let mut pieces = Pieces::new(self.clone(), place, opened, false);
                let mut whole = Vec::new();
                while let Some((_, piece)) = pieces.next().await? {
                    whole.push(piece);
                }
                Ok(Answer::There(joined(whole)))
            }
            Answer::Absent(end) => Ok(Answer::Absent(end)),
        }
    }

    /// Stores an object, replacing what was there. The parts are written one after the other, without being copied together.
    ///
    /// Readers see the whole object or what was there before. When this returns, the object is there for every reader: in object
    /// stores by their promise, in the file system because the finished file is renamed into place. Missing directories are created.
    ///
    /// # Errors
    ///
    /// As [`Storage::get`]; http(s) is [`ErrorKind::Url`], metadata whose names no header can hold [`ErrorKind::Unencodable`].
    pub async fn put(&self, url: &str, parts: Vec<Bytes>, options: &PutOptions) -> Result<()> {
        let place = self.locate(url)?;
        let _request = self.request(&place).await.map_err(|error| doing("storing", error))?;
        let whole = Payload::from(parts);
        let put = self.ask(&place, || place.store.put(&place.address, whole.clone(), options)).await;
        put.map_err(|error| doing("storing", error))
    }

    /// Stores an object if there is none yet, and says whether it did. Of all that try at once, on whichever machine, one does.
    ///
    /// An answer that was lost may make it `false` for the one that did: who has to know reads what is there.
    ///
    /// # Errors
    ///
    /// As [`Storage::get`]; [`ErrorKind::Io`] where the store knows no such request: http(s), files of this machine, a store of one's own that does not say how.
    pub async fn put_new(&self, url: &str, parts: Vec<Bytes>, options: &PutOptions) -> Result<bool> {
        let place = self.locate(url)?;
        let _request = self.request(&place).await.map_err(|error| doing("storing", error))?;
        let whole = Payload::from(parts);
        // Not asked again here: what was created by a request without an answer would seem to be another's.
        let created = self.ask_once(&place, place.store.put_new(&place.address, whole, options)).await;
        created.map_err(|error| doing("storing", error))
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
        self.facts(url).await.map(Answer::if_there).map_err(|error| doing("looking for", error))
    }

    /// The same, for whom it is an error that there is none.
    pub(crate) async fn stat_existing(&self, url: &str) -> Result<ObjectMeta> {
        self.facts(url).await.and_then(|found| found.there(url)).map_err(|error| doing("looking for", error))
    }

    pub(super) async fn facts(&self, url: &str) -> Result<Answer<ObjectMeta>> {
        let place = self.locate(url)?;
        let _request = self.request(&place).await?;
        self.ask(&place, || place.store.head(&place.address)).await
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
        found.retain(|(key, size)| !is_marker(key, *size));
        found.sort();
        let url = |key: &str| if self.is_local(prefix) { child_url(prefix, key) } else { exact_url(prefix, key) };
        Ok(found.into_iter().map(|(key, size)| ObjectInfo { url: url(&key), key, size }).collect())
    }

    /// Deletes an object. One that is not there counts as deleted.
    ///
    /// # Errors
    ///
    /// As [`Storage::get`]; http(s) is [`ErrorKind::Url`].
    pub async fn delete(&self, url: &str) -> Result<()> {
        let place = self.locate(url)?;
        let _request = self.request(&place).await.map_err(|error| doing("deleting", error))?;
        let deleted = self.ask(&place, || place.store.delete(&place.address)).await;
        deleted.map_err(|error| doing("deleting", error))
    }
}
