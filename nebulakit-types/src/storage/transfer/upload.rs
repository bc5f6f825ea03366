//! From a file to a store.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
#[cfg(feature = "cloud")]
use futures_util::stream::{self, FuturesUnordered};
#[cfg(feature = "cloud")]
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture};

#[cfg(feature = "cloud")]
use super::super::cloud::{Part, Parts, Place};
use super::super::local;
use super::super::location::{Location, shown_path};
#[cfg(feature = "cloud")]
use super::super::transport::{Body, Unreadable};
use super::doing;
#[cfg(feature = "cloud")]
use super::{PART, PARTS_AT_FIRST, PARTS_AT_MOST, PIECE};
use crate::storage::{ObjectMeta, PutOptions, Storage};
use crate::{Error, ErrorKind, Result};

/// Files up to this size are read at once, before anything is sent.
#[cfg(feature = "cloud")]
const READ_AT_ONCE: u64 = 128 << 10;

/// Files up to this size are sent in one request.
#[cfg(feature = "cloud")]
const ONE_REQUEST: u64 = 2 * PART;

/// No store takes more parts than this for one object (S3's limit; Google's is the same, Azure's is higher).
#[cfg(feature = "cloud")]
pub(super) const MOST_PARTS: u64 = 10_000;

impl Storage {
    /// Stores a local file and gives its length. A link is followed: it is named by whoever calls.
    ///
    /// Large files go in parts, several at a time, and are read while they are sent; the object is visible when all are there. Where the
    /// upload fails or is dropped, its parts are given back. A file that changes while it is read is [`ErrorKind::Changed`].
    ///
    /// Lengths are always checked. Payloads are not hashed: see `AWS_UNSIGNED_PAYLOAD` and `AWS_CHECKSUM_ALGORITHM` for S3, with which each
    /// part is held in memory.
    ///
    /// # Errors
    ///
    /// As [`Storage::put`]; [`ErrorKind::NotFound`] if there is no such file.
    pub async fn upload(&self, path: &Path, url: &str, options: &PutOptions) -> Result<u64> {
        let sent = self.send(path, url, options, false).await;
        sent.map_err(|error| doing(&format!("uploading {}", shown_path(path)), error))
    }

    /// The same for a file that may have been counted already.
    pub(super) async fn send(&self, path: &Path, url: &str, options: &PutOptions, listed: bool) -> Result<u64> {
        let location = Location::parse(url)?;
        let Some((file, meta)) = local::open(path)? else {
            return Err(Error::new(ErrorKind::NotFound, format!("there is no file {}", shown_path(path))));
        };
        let size = meta.size;
        let listed = listed.then_some(size);
        match location {
            Location::Local(to) => return self.copy(path.to_owned(), to, listed).await,
            Location::Memory(key) => {
                self.expected(listed, size);
                let bytes = read(&file, path, 0, size)?;
                self.0.memory.put(key, vec![bytes]);
                self.0.progress.moved(size);
            }
            #[cfg(feature = "http")]
            Location::Web(_) => return Err(super::super::read_only(url)),
            #[cfg(feature = "cloud")]
            Location::Object { cloud, authority, key } => {
                self.expected(listed, size);
                let gzip = path.extension().is_some_and(|extension| extension == "gz") && options.content_encoding.is_none();
                let marked = gzip.then(|| PutOptions { content_encoding: Some("gzip".to_owned()), ..options.clone() });
                let place = Place { url, cloud, authority, key };
                let source = Source { file: Arc::new(file), path: path.into(), meta };
                self.send_remote(&source, &place, marked.as_ref().unwrap_or(options)).await?;
            }
        }
        #[cfg(not(feature = "cloud"))]
        let _ = options;
        self.0.progress.done();
        Ok(size)
    }
}

/// A range of a file that must not have changed.
fn read(file: &File, path: &Path, start: u64, end: u64) -> Result<Bytes> {
    let length = usize::try_from(end - start).map_err(|error| Error::new(ErrorKind::OutOfRange, error.to_string()))?;
    let bytes = local::read_at(file, start, length).map_err(|error| local::fault("read", path, error))?;
    if bytes.len() < length {
        return Err(Error::new(ErrorKind::Changed, shrank(path, end, start + bytes.len() as u64)));
    }
    Ok(bytes)
}

fn shrank(path: &Path, size: u64, now: u64) -> String {
    format!("{} changed while it was read: it had {size} bytes at least, then {now}", shown_path(path))
}

/// The file that is sent.
#[cfg(feature = "cloud")]
struct Source {
    file: Arc<File>,
    path: Arc<Path>,
    meta: ObjectMeta,
}

#[cfg(feature = "cloud")]
impl Source {
    /// A range of it, read while it is sent.
    fn body(&self, start: u64, end: u64) -> Body {
        let (file, path) = (self.file.clone(), self.path.clone());
        let begin = move || {
            let (file, path) = (file.clone(), path.clone());
            let pieces = stream::unfold(start, move |at| {
                let next = (at < end).then(|| {
                    let to = (at + PIECE).min(end);
                    (read(&file, &path, at, to).map_err(|error| Unreadable(error.message().to_owned())), to)
                });
                std::future::ready(next)
            });
            pieces.boxed()
        };
        Body { length: end - start, begin: Arc::new(begin) }
    }

    /// What is wrong if it is no longer the file that it was.
    fn check(&self) -> Result<()> {
        let now = self.file.metadata().map_err(|error| local::fault("look at", &self.path, error))?;
        if now.len() == self.meta.size && now.modified().ok() == self.meta.modified {
            return Ok(());
        }
        let text = format!("{} changed while it was read: it had {} bytes, then {}", shown_path(&self.path), self.meta.size, now.len());
        Err(Error::new(ErrorKind::Changed, text))
    }
}

#[cfg(feature = "cloud")]
impl Storage {
    async fn send_remote(&self, source: &Source, place: &Place<'_>, options: &PutOptions) -> Result<()> {
        let (size, clouds) = (source.meta.size, &self.0.clouds);
        let in_memory = clouds.bodies_in_memory(place)?;
        if size > ONE_REQUEST {
            return self.send_parts(source, place, options, in_memory).await;
        }
        if size <= READ_AT_ONCE || in_memory {
            let _memory = self.0.budget.memory(size as usize).await;
            let _request = self.0.budget.request().await;
            clouds.put(place, vec![read(&source.file, &source.path, 0, size)?], options).await?;
        } else {
            let _request = self.0.budget.request().await;
            clouds.put_streamed(place, source.body(0, size), options).await?;
        }
        self.0.progress.moved(size);
        source.check()
    }

    async fn send_parts(&self, source: &Source, place: &Place<'_>, options: &PutOptions, in_memory: bool) -> Result<()> {
        let request = self.0.budget.request().await;
        let mut parts = self.0.clouds.begin_parts(place, options).await?;
        drop(request);
        let sent = match self.send_all(source, &mut parts, in_memory).await {
            Ok(()) => source.check(),
            Err(error) => Err(error),
        };
        match sent {
            Ok(()) => parts.complete().await,
            Err(error) => {
                parts.abort().await;
                Err(error)
            }
        }
    }

    async fn send_all(&self, source: &Source, parts: &mut Parts, in_memory: bool) -> Result<()> {
        let size = source.meta.size;
        let length = PART.max(size.div_ceil(MOST_PARTS).next_multiple_of(1 << 20));
        let mut rest = (0..size).step_by(length as usize).map(|start| (start, (start + length).min(size)));
        let mut active: FuturesUnordered<BoxFuture<'_, Result<u64>>> = FuturesUnordered::new();
        let mut allowed = PARTS_AT_FIRST;
        loop {
            while active.len() < allowed
                && let Some((start, end)) = rest.next()
            {
                let memory = if in_memory { self.0.budget.memory((end - start) as usize).await } else { None };
                let part = match in_memory {
                    true => Part::Held(vec![read(&source.file, &source.path, start, end)?]),
                    false => Part::Streamed(source.body(start, end)),
                };
                let sending = parts.send(part);
                let send = async move {
                    let _memory = memory;
                    let _request = self.0.budget.request().await;
                    sending.await.map(|()| end - start)
                };
                active.push(send.boxed());
            }
            match active.next().await {
                Some(sent) => self.0.progress.moved(sent?),
                None => return Ok(()),
            }
            allowed = (allowed + 1).min(PARTS_AT_MOST);
        }
    }
}
