//! From a prefix to a directory.

use std::path::Path;
use std::task::Poll;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::super::local;
use super::super::location::{shown, shown_path};
use super::super::object::Found;
use super::names::Names;
use super::{AT_ONCE, ONE_TRY, doing};
use crate::storage::{ObjectInfo, Storage, Transferred, TreeOptions};
use crate::{Error, ErrorKind, Result};

/// Objects of so many bytes together are fetched at once (docs/performance.md, "Transfers").
const UNDER_WAY: u64 = 64 << 20;

/// An object counts as so many bytes at most: larger ones are fetched in ranges.
const MOST: u64 = 8 << 20;

/// What is counted with.
const UNIT: u64 = 64 << 10;

impl Storage {
    /// Fetches all objects below a prefix into a directory, many at a time, and says how many there were. The directory is made; what is in
    /// it stays, but for files of the same names. Where nothing is below the prefix, nothing is fetched.
    ///
    /// Object stores have no directories, so empty ones do not come over. The markers that some tools put in their place (empty objects
    /// whose keys end in a slash) become directories.
    ///
    /// Keys are names that others gave. One that is no relative path of plain names, one that needs a directory where another is a file, and
    /// two that the file system takes for the same are errors that name them; nothing is ever written outside of the directory. After an
    /// error, what is whole stays.
    ///
    /// # Errors
    ///
    /// As [`Storage::download`] and [`Storage::list`]; [`ErrorKind::Url`] for keys that cannot be files here.
    pub async fn download_tree(&self, prefix: &str, directory: &Path, options: &TreeOptions) -> Result<Transferred> {
        let done = self.fetch_tree(prefix, directory, options).await;
        done.map_err(|error| doing(&format!("downloading `{}` to {}", shown(prefix), shown_path(directory)), error))
    }

    async fn fetch_tree(&self, prefix: &str, directory: &Path, options: &TreeOptions) -> Result<Transferred> {
        let pattern = options.pattern()?;
        let mut names = Names::of(directory)?;
        let turns = &Turns::of(options);
        let mut opening = Some(self.inner.progress.opening());
        let end = stream::poll_fn(move |_| {
            opening.take();
            Poll::Ready(None)
        });
        let objects = self.walk(prefix).chain(end);
        let wanted = objects.try_filter(|object| std::future::ready(pattern.as_ref().is_none_or(|pattern| pattern.matches(&object.key))));
        let fetches = wanted.map(|found| {
            let claimed = found.and_then(|object| {
                let marker = object.size == 0 && object.key.ends_with('/');
                let path = names.claim(object.key.strip_suffix('/').filter(|_| marker).unwrap_or(&object.key))?;
                self.inner.progress.expect(1, object.size);
                Ok((object, path, marker))
            });
            async move {
                let (object, path, marker) = claimed?;
                let _turn = turns.turn(object.size).await;
                self.fetch_listed(&object, &path, marker).await
            }
        });
        let mut fetches = std::pin::pin!(fetches.buffer_unordered(options.at_once()));
        let mut total = Transferred::default();
        while let Some(fetched) = fetches.next().await {
            total += fetched?;
        }
        Ok(total)
    }

    async fn fetch_listed(&self, object: &ObjectInfo, path: &Path, marker: bool) -> Result<Transferred> {
        let done = if marker { Found::here(None).there(&object.url) } else { self.fetch(&object.url, path, Some(object.size)).await };
        match done {
            Ok(bytes) if bytes == object.size => Ok(Transferred { objects: 1, bytes }),
            Ok(bytes) => {
                let text =
                    format!("`{}` changed: it was listed with {} bytes and came with {bytes}{ONE_TRY}", shown(&object.url), object.size);
                Err(Error::new(ErrorKind::Changed, text))
            }
            // The client strips the slash from the key of a marker, so that nothing is where it seems to be.
            Err(error) if error.kind() == ErrorKind::NotFound && object.size == 0 => {
                std::fs::create_dir_all(path).map_err(|error| local::fault("create the directory", path, error))?;
                Ok(Transferred::default())
            }
            Err(_) if path.is_dir() => {
                let text = format!(
                    "the key {:?} cannot be the file {}: a directory is there, for keys that begin with {:?} or from before",
                    object.key,
                    shown_path(path),
                    format!("{}/", object.key),
                );
                Err(Error::new(ErrorKind::Url, text))
            }
            Err(error) => Err(error),
        }
    }
}

/// How many objects are fetched at once: as many as their sizes let be useful, or as many as the caller says.
///
/// Small objects wait for answers, and many side by side hide that. Large ones fill the line with a few; more connections only keep more
/// buffers, which leave the processor's caches before they are used again.
enum Turns {
    Counted,
    Weighed(Semaphore),
}

impl Turns {
    fn of(options: &TreeOptions) -> Self {
        match options.concurrency {
            Some(_) => Self::Counted,
            None => Self::Weighed(Semaphore::new((UNDER_WAY / UNIT) as usize)),
        }
    }

    /// Waits for the turn of an object of so many bytes.
    async fn turn(&self, size: u64) -> Option<SemaphorePermit<'_>> {
        match self {
            Self::Counted => None,
            // The semaphore is never closed.
            Self::Weighed(room) => room.acquire_many(size.clamp(1, MOST).div_ceil(UNIT) as u32).await.ok(),
        }
    }
}

/// A pattern of keys.
pub(super) struct Pattern(glob::Pattern);

impl Pattern {
    pub(super) fn matches(&self, key: &str) -> bool {
        let options = glob::MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };
        self.0.matches_with(key, options)
    }
}

impl TreeOptions {
    pub(super) fn pattern(&self) -> Result<Option<Pattern>> {
        let Some(text) = &self.glob else { return Ok(None) };
        let pattern = glob::Pattern::new(text);
        pattern
            .map(|pattern| Some(Pattern(pattern)))
            .map_err(|error| Error::new(ErrorKind::Mismatch, format!("`{text}` is no pattern: {} at character {}", error.msg, error.pos)))
    }

    pub(super) fn at_once(&self) -> usize {
        self.concurrency.unwrap_or(AT_ONCE).max(1)
    }
}
