//! What is said of objects and of trees of them: plain data.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use super::shown::shown;
use crate::{Error, ErrorKind, Result};

/// What the stored object says of itself besides its bytes, in stores that keep it; local files and memory do not.
#[derive(Debug, Clone, Default)]
pub struct PutOptions {
    /// The `Content-Type`.
    pub content_type: Option<String>,
    /// The `Content-Encoding`: how the bytes, which are stored as they are, were encoded. Of [`Storage::upload`](super::Storage::upload), a source whose name ends in
    /// `.gz` is marked `gzip` where this is absent; an empty text leaves it out.
    pub content_encoding: Option<String>,
    /// User metadata, over that of [`StorageConfig::metadata`](super::StorageConfig::metadata). Characters that no header can hold are percent-encoded; on Azure, whose
    /// names are identifiers, hyphens in names become underscores.
    pub metadata: BTreeMap<String, String>,
}

/// The facts of one object, as [`Storage::stat`](super::Storage::stat) and [`Reading::meta`](super::Reading::meta) give them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectMeta {
    /// The length of the whole object in bytes; [`ObjectMeta::UNKNOWN`] where an http server does not say.
    pub size: u64,
    /// What names this version of the object. Local files and memory have none.
    pub etag: Option<String>,
    /// When it was last written, as far as the store says.
    pub modified: Option<SystemTime>,
    /// The `Content-Type`.
    pub content_type: Option<String>,
    /// The `Content-Encoding`. The bytes are those that are stored: nothing is decoded on the way.
    pub content_encoding: Option<String>,
    /// User metadata. On Azure, names have underscores for hyphens.
    pub metadata: BTreeMap<String, String>,
}

impl ObjectMeta {
    /// The length of what comes from an http server that names none.
    pub const UNKNOWN: u64 = u64::MAX;

    /// The facts of an object of which nothing is known but its length in bytes.
    #[must_use]
    pub fn of_size(size: u64) -> Self {
        Self { size, ..Self::default() }
    }
}

/// An object found by [`Storage::list`](super::Storage::list) and its likes.
#[derive(Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// The whole URL.
    pub url: String,
    /// What follows the listed prefix and its slash.
    pub key: String,
    /// The object's length in bytes.
    pub size: u64,
}

impl fmt::Debug for ObjectInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, key, size } = self;
        f.debug_struct("ObjectInfo").field("url", &shown(url)).field("key", key).field("size", size).finish()
    }
}

/// One level below a prefix: [`Storage::list_level`](super::Storage::list_level).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Level {
    /// The objects whose keys have no further slash, in the order of their keys.
    pub objects: Vec<ObjectInfo>,
    /// The names of the prefixes below, without slashes, in order.
    pub prefixes: Vec<String>,
    /// What follows the listed prefix and its slash in keys that cannot be names of files: `/` where two slashes follow each other, `../`,
    /// names with control characters. Those that end in a slash stand for all keys below them.
    pub unreachable: Vec<String>,
}

/// How a tree is moved.
#[derive(Debug, Clone, Default)]
pub struct TreeOptions {
    /// How many objects are under way at once. 0 counts as 1. If absent, as many as the [`Storage`](super::Storage) has requests for; when
    /// they are downloaded, of large ones fewer: 64 MiB of them, where none counts as more than 8 MiB.
    pub concurrency: Option<usize>,
    /// Only what matches: `*` and `?` stand for anything but a slash, `**` for any number of levels, `[ab]` for one of these. It is matched
    /// against the key below the prefix, or the path below the directory.
    pub glob: Option<String>,
    /// What becomes of symbolic links in an uploaded directory.
    pub symlinks: Symlinks,
    /// What each uploaded object says of itself.
    pub put: PutOptions,
}

/// What becomes of symbolic links in an uploaded directory. None is ever passed over in silence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Symlinks {
    /// A link is an error that names it.
    #[default]
    Refuse,
    /// What it leads to is uploaded in its place. A circle, or a link that leads nowhere, is an error.
    Follow,
}

/// What was moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transferred {
    /// How many objects.
    pub objects: u64,
    /// Their bytes together.
    pub bytes: u64,
}

impl std::ops::AddAssign for Transferred {
    fn add_assign(&mut self, other: Self) {
        self.objects += other.objects;
        self.bytes += other.bytes;
    }
}

/// What a store says of an object that was asked for.
#[derive(Debug)]
pub enum Answer<T> {
    /// It is there.
    There(T),
    /// It is not there. The text is how a message about that ends: what was answered and how often it was asked for, as `: host answered 404`;
    /// it may be empty.
    Absent(String),
}

impl<T> Answer<T> {
    /// What there is, if there is something.
    pub fn of(found: Option<T>) -> Self {
        found.map_or_else(|| Self::Absent(String::new()), Self::There)
    }

    /// For whom it has to be there.
    pub(super) fn there(self, url: &str) -> Result<T> {
        match self {
            Self::There(found) => Ok(found),
            Self::Absent(end) => Err(Error::new(ErrorKind::NotFound, format!("nothing is stored at `{}`{end}", shown(url)))),
        }
    }

    /// What there is.
    pub fn if_there(self) -> Option<T> {
        match self {
            Self::There(found) => Some(found),
            Self::Absent(_) => None,
        }
    }
}
