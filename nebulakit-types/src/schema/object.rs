//! One object of a table, read by ranges.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use futures_util::Stream;

use crate::storage::{Storage, shown};
use crate::{Bytes, Result};

/// One object of a table: a file, or what an object store calls so.
#[derive(Clone)]
pub struct TableObject {
    storage: Storage,
    url: String,
    size: u64,
}

impl fmt::Debug for TableObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableObject").field("url", &shown(&self.url)).field("size", &self.size).finish_non_exhaustive()
    }
}

impl TableObject {
    pub(super) fn new(storage: &Storage, url: &str, size: u64) -> Self {
        Self { storage: storage.clone(), url: url.to_owned(), size }
    }

    /// The object at `url`, if there is one.
    pub(super) async fn find(storage: &Storage, url: &str) -> Result<Option<Self>> {
        let found = storage.stat(url).await?;
        Ok(found.map(|found| Self::new(storage, url, found.size)))
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its length in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads a range of bytes.
    ///
    /// # Errors
    /// As [`Storage::get`], and when the object is shorter.
    pub async fn read_range(&self, range: Range<u64>) -> Result<Bytes> {
        self.storage.read_range(&self.url, range).await
    }

    /// Reads ranges of bytes, near ones together and far ones in parallel.
    ///
    /// # Errors
    /// As [`TableObject::read_range`].
    pub async fn read_ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.storage.read_ranges(&self.url, ranges).await
    }

    /// Reads everything from the beginning to the end.
    ///
    /// # Errors
    /// As [`Storage::get`].
    pub async fn stream(&self) -> Result<impl Stream<Item = Result<Bytes>> + Send + Unpin + 'static> {
        self.storage.read(&self.url, ..).await
    }

    /// What a block of the table may become, where that is set.
    pub(super) fn block_limit(&self) -> Option<u64> {
        self.storage.table_block()
    }

    /// The file, where it is one of this machine.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.storage.local_path(&self.url)
    }
}
