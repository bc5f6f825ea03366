//! From a prefix to a directory.

use std::collections::HashMap;
use std::path::Path;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::super::handle::Storage;
use super::super::keys;
use super::super::local::Target;
use super::super::location::child_url;
use super::super::object::{Transferred, TreeOptions};
use super::super::page::Gap;
use super::super::shown::{shown, shown_path};
use super::super::words::doing;
use super::early::Early;
use super::listing::Keys;
use super::names::{Claim, Folders, Names};
use crate::{Error, ErrorKind, Result};

/// How many bytes the objects that are fetched at once have together (docs/performance.md, "Transfers").
const UNDER_WAY: u64 = 64 << 20;

/// The most bytes that one object counts as: larger ones are fetched in ranges.
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
    /// Keys are names that others gave. The whole listing is looked at before anything is written: a key that is not a relative path of plain
    /// names, one that needs a directory where another is a file, a marker that holds bytes, and two keys that the file system takes for the
    /// same are one error that names some of them and counts all. Those that the options' pattern leaves out are not looked at. Nothing is ever written
    /// outside of the directory. After an error of a transfer, what is whole stays.
    ///
    /// # Errors
    ///
    /// As [`Storage::download`] and [`Storage::list`]; [`ErrorKind::Url`] for keys that cannot be files here.
    pub async fn download_tree(&self, prefix: &str, directory: &Path, options: &TreeOptions) -> Result<Transferred> {
        let done = self.fetch_tree(prefix, directory, options).await;
        done.map_err(|error| doing(&format!("downloading `{}` to {}", shown(prefix), shown_path(directory)), error))
    }

    async fn fetch_tree(&self, prefix: &str, directory: &Path, options: &TreeOptions) -> Result<Transferred> {
        let (wanted, mut folders, mut here) = self.wanted(prefix, directory, options).await?;
        let turns = &Turns::of(options);
        let fetches = stream::iter(wanted).enumerate().map(|(place, claim)| {
            let (placed, bytes) = (folders.place(&claim), here.remove(&place));
            async move {
                let target = placed?;
                if claim.is_marker {
                    return Ok(Transferred::default());
                }
                if let Some(bytes) = bytes {
                    return self.keep(bytes, &target);
                }
                let _turn = turns.turn(claim.size).await;
                self.fetch_listed(&child_url(prefix, &claim.key), claim.size, &target).await
            }
        });
        let mut fetches = std::pin::pin!(fetches.buffer_unordered(options.at_once()));
        let mut total = Transferred::default();
        while let Some(fetched) = fetches.next().await {
            total += fetched?;
        }
        Ok(total)
    }

    /// Writes what has come already.
    fn keep(&self, bytes: Bytes, target: &Target) -> Result<Transferred> {
        let length = bytes.len() as u64;
        target.put(&[bytes])?;
        self.inner.progress.moved(length);
        self.inner.progress.done();
        Ok(Transferred { objects: 1, bytes: length })
    }

    /// All objects that are to be fetched, when each of them can be, and those that are here already, by their places.
    async fn wanted(&self, prefix: &str, directory: &Path, options: &TreeOptions) -> Result<(Vec<Claim>, Folders, HashMap<usize, Bytes>)> {
        let pattern = options.pattern()?;
        let is_wanted = |key: &str| pattern.as_ref().is_none_or(|pattern| pattern.matches(key));
        let mut names = Names::of(directory, Keys::of(self.is_local(prefix)))?;
        let _opening = self.inner.progress.opening();
        let mut found = self.found(prefix).await.map_err(|error| doing("listing", error))?;
        let mut early = Early::of(self, prefix, options.at_once());
        while let Some(found) = early.next(&mut found).await {
            match found {
                Ok((key, size)) => {
                    let marks = keys::is_marker(&key, size);
                    if is_wanted(key.strip_suffix('/').filter(|_| marks).unwrap_or(&key))
                        && let Some(place) = names.claim(key, size)
                    {
                        self.inner.progress.expect(1, size);
                        early.note(place, || child_url(prefix, names.key(place)), size);
                    }
                }
                Err(Gap { key: Some(key), error }) if is_wanted(&key) => names.refuse(key, chain(&error)),
                Err(Gap { key: Some(_), .. }) => {}
                Err(Gap { key: None, error }) => return Err(doing("listing", error)),
            }
        }
        let (wanted, folders) = names.settle(prefix)?;
        Ok((wanted, folders, early.finish().await))
    }

    async fn fetch_listed(&self, url: &str, size: u64, target: &Target) -> Result<Transferred> {
        match self.fetch(url, target, Some(size)).await? {
            bytes if bytes == size => Ok(Transferred { objects: 1, bytes }),
            bytes => {
                let text = format!("`{}` changed: it was listed with {size} bytes and came with {bytes}", shown(url));
                Err(Error::new(ErrorKind::Changed, text))
            }
        }
    }
}

/// An error with what is behind it.
fn chain(error: &Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
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

    /// Waits for the turn of an object of this many bytes.
    async fn turn(&self, size: u64) -> Option<SemaphorePermit<'_>> {
        match self {
            Self::Counted => None,
            // The semaphore is never closed.
            Self::Weighed(room) => room.acquire_many(size.clamp(1, MOST).div_ceil(UNIT) as u32).await.ok(),
        }
    }
}
