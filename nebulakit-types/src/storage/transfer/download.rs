//! From a store to a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

use super::super::budget::Request;
use super::super::local::{self, Partial};
use super::super::location::{Location, shown, shown_path};
use super::pieces::Pieces;
use super::{Opened, PART, PARTS_AT_FIRST, PARTS_AT_MOST, Wanted, doing, nothing};
use crate::storage::{ObjectMeta, Storage};
use crate::{Error, ErrorKind, Result};

/// Smaller files are copied where they stand; larger ones take long enough to be worth a thread.
const COPIED_HERE: u64 = 4 << 20;

impl Storage {
    /// Fetches an object into a local file and gives its length. Missing directories are made; what was at the path is replaced.
    ///
    /// Large objects come in several ranges at a time, all of one version. The file appears under its name when it is whole: until then it
    /// lies beside it under a temporary name, which begins with `.nebulakit-partial-` and is removed if the download fails or is dropped.
    ///
    /// # Errors
    ///
    /// As [`Storage::get`] and [`Storage::read`], and [`ErrorKind::Io`] or [`ErrorKind::Denied`] where the file cannot be written.
    pub async fn download(&self, url: &str, path: &Path) -> Result<u64> {
        let done = self.fetch(url, path, None).await;
        done.map_err(|error| doing(&format!("downloading to {}", shown_path(path)), error))
    }

    /// The same, of an object whose size is known from a listing.
    pub(super) async fn fetch(&self, url: &str, path: &Path, size: Option<u64>) -> Result<u64> {
        match Location::parse(url)? {
            Location::Local(from) => self.copy(from, path.to_owned(), size).await,
            Location::Memory(key) => {
                let bytes = self.0.memory.get(key).ok_or_else(|| nothing(url))?;
                let length = bytes.len() as u64;
                self.expected(size, length);
                local::put(path, &[bytes])?;
                self.0.progress.moved(length);
                self.0.progress.done();
                Ok(length)
            }
            #[cfg(feature = "client")]
            _ => self.fetch_remote(url, path, size).await,
        }
    }

    /// Counts what was not counted when it was listed.
    pub(super) fn expected(&self, listed: Option<u64>, length: u64) {
        if listed.is_none() {
            self.expected(listed, length);
        }
    }

    #[cfg(feature = "client")]
    async fn fetch_remote(&self, url: &str, path: &Path, listed: Option<u64>) -> Result<u64> {
        let opening = listed.is_none().then(|| self.0.progress.opening());
        let request = self.0.budget.request().await;
        // What is known to be small needs no range.
        let wanted = if listed.is_some_and(|size| size <= PART) { Wanted::All } else { Wanted::First(PART) };
        let opened = self.open_start(url, &wanted).await?;
        let size = opened.meta.size;
        if size != ObjectMeta::UNKNOWN {
            self.expected(listed, size);
        }
        drop(opening);
        let version = opened.meta.etag.clone();
        let partial = Partial::beside(path)?;
        let length = match (opened.range.end, &version) {
            (end, _) if end == size => self.pump(url, opened, &partial, request).await?,
            (_, Some(version)) => self.fetch_ranges(url, opened, version, &partial, request).await?,
            // Ranges that cannot be shown to be of one version are not put together.
            (_, None) => {
                let opened = self.open(url, &Wanted::All, None).await?.ok_or_else(|| nothing(url))?;
                self.pump(url, opened, &partial, request).await?
            }
        };
        if size == ObjectMeta::UNKNOWN {
            self.expected(listed, length);
        }
        partial.publish()?;
        self.0.progress.done();
        Ok(length)
    }

    /// Writes what comes of one range, and gives where it ended.
    #[cfg(feature = "client")]
    async fn pump(&self, url: &str, opened: Opened, partial: &Partial, request: Request) -> Result<u64> {
        let mut pieces = Pieces::new(self.clone(), url, opened, true);
        let mut end = pieces.range().start;
        while let Some((at, piece)) = pieces.next().await? {
            partial.write_at(&piece, at)?;
            end = at + piece.len() as u64;
            self.0.progress.moved(piece.len() as u64);
        }
        drop(request);
        Ok(end)
    }

    #[cfg(feature = "client")]
    async fn fetch_ranges(&self, url: &str, first: Opened, version: &str, partial: &Partial, request: Request) -> Result<u64> {
        let size = first.meta.size;
        let mut rest = (first.range.end..size).step_by(PART as usize).map(|start| start..(start + PART).min(size));
        let mut active: FuturesUnordered<BoxFuture<'_, Result<u64>>> = FuturesUnordered::new();
        active.push(self.pump(url, first, partial, request).boxed());
        let mut allowed = PARTS_AT_FIRST;
        loop {
            while active.len() < allowed
                && let Some(range) = rest.next()
            {
                let fetch = async move {
                    let request = self.0.budget.request().await;
                    let opened = self.open(url, &Wanted::Range(range.clone()), Some(version)).await?;
                    let opened = opened
                        .filter(|opened| opened.range == range && opened.meta.size == size && opened.meta.etag.as_deref() == Some(version));
                    let changed = || Error::new(ErrorKind::Changed, format!("`{}`: the object changed while it was read", shown(url)));
                    self.pump(url, opened.ok_or_else(changed)?, partial, request).await
                };
                active.push(fetch.boxed());
            }
            match active.next().await {
                Some(done) => done.map(drop)?,
                None => return Ok(size),
            }
            allowed = (allowed + 1).min(PARTS_AT_MOST);
        }
    }

    /// From one file of this machine to another.
    pub(super) async fn copy(&self, from: PathBuf, to: PathBuf, listed: Option<u64>) -> Result<u64> {
        let length = local::stat(&from)?.map_or(0, |meta| meta.size);
        self.expected(listed, length);
        let stop = Arc::new(AtomicBool::new(false));
        let (progress, asked) = (self.0.progress.clone(), stop.clone());
        let copy = move || local::copy(&from, &to, &|| asked.load(Relaxed), &|bytes| progress.moved(bytes));
        let copied = match tokio::runtime::Handle::try_current() {
            Ok(runtime) if length > COPIED_HERE => {
                let _stops = Stops(stop);
                let copied = runtime.spawn_blocking(copy).await;
                copied.map_err(|error| Error::new(ErrorKind::Io, format!("the copy did not finish: {error}")))?
            }
            _ => copy(),
        }?;
        self.0.progress.done();
        Ok(copied)
    }
}

/// Tells a thread to stop, when dropped.
struct Stops(Arc<AtomicBool>);

impl Drop for Stops {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}
