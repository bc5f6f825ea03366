//! What is said of objects and of trees of them: plain data.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use super::location::shown;
use crate::{Error, ErrorKind, Result};

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
    pub put: super::PutOptions,
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

/// What was looked for.
#[derive(Debug)]
pub(super) enum Found<T> {
    There(T),
    /// It is not there: what was answered and how often it was asked for, as the end of a message.
    Absent(String),
}

impl<T> Found<T> {
    /// What this machine has or has not.
    pub(super) fn here(found: Option<T>) -> Self {
        found.map_or_else(|| Self::Absent(String::new()), Self::There)
    }

    /// For whom it has to be there.
    pub(super) fn there(self, url: &str) -> Result<T> {
        match self {
            Self::There(found) => Ok(found),
            Self::Absent(end) => Err(Error::new(ErrorKind::NotFound, format!("nothing is stored at `{}`{end}", shown(url)))),
        }
    }

    pub(super) fn if_there(self) -> Option<T> {
        match self {
            Self::There(found) => Some(found),
            Self::Absent(_) => None,
        }
    }
}

/// What stands directly below a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Below {
    /// An object: its name and its length in bytes.
    Object(String, u64),
    /// The name of a prefix with more below it, without the slash.
    Prefix(String),
}

impl Below {
    /// What follows the listed prefix, verbatim.
    pub(super) fn into_key(self) -> String {
        match self {
            Self::Object(key, _) => key,
            Self::Prefix(name) => name + "/",
        }
    }
}

/// What a listing could not give.
#[derive(Debug)]
pub(crate) struct Gap {
    /// What it is of, as a key below the listed prefix; without one the listing ends here.
    pub(crate) key: Option<String>,
    pub(crate) error: Error,
}

impl Gap {
    pub(super) fn at(key: String, error: Error) -> Self {
        Self { key: Some(key), error }
    }
}

impl From<Error> for Gap {
    fn from(error: Error) -> Self {
        Self { key: None, error }
    }
}
