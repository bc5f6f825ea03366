//! From a file to a cloud: one request when small, parts side by side when large.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered};
use futures_util::{FutureExt as _, StreamExt as _};

use super::super::cloud::{Part, Parts, Place};
use super::super::local;
use super::super::location::shown_path;
use super::super::transport::{Body, Unreadable};
use super::upload::read;
use super::{PART, PARTS_AT_FIRST, PARTS_AT_MOST, PIECE};
use crate::storage::{ObjectMeta, PutOptions, Storage};
use crate::{Error, ErrorKind, Result};

/// Files up to this size are read at once, before anything is sent.
const READ_AT_ONCE: u64 = 128 << 10;

/// Files up to this size are sent in one request.
const ONE_REQUEST: u64 = 2 * PART;

/// No store takes more parts than this for one object (S3's limit; Google's is the same, Azure's is higher).
pub(super) const MOST_PARTS: u64 = 10_000;

/// The file that is sent.
pub(super) struct Source {
    file: Arc<File>,
    path: Arc<Path>,
    meta: ObjectMeta,
}

impl Source {
    pub(super) fn new(file: File, path: &Path, meta: ObjectMeta) -> Self {
        Self { file: Arc::new(file), path: path.into(), meta }
    }

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

impl Storage {
    pub(super) async fn send_remote(&self, source: &Source, place: &Place<'_>, options: &PutOptions) -> Result<()> {
        let (size, clouds) = (source.meta.size, &self.inner.clouds);
        let in_memory = clouds.bodies_in_memory(place)?;
        if size > ONE_REQUEST {
            return self.send_parts(source, place, options, in_memory).await;
        }
        if size <= READ_AT_ONCE || in_memory {
            let _memory = self.room(place.url, size as usize).await?;
            let _request = self.slot(place.url).await?;
            clouds.put(place, vec![read(&source.file, &source.path, 0, size)?], options).await?;
        } else {
            let _request = self.slot(place.url).await?;
            clouds.put_streamed(place, source.body(0, size), options).await?;
        }
        self.inner.progress.moved(size);
        source.check()
    }

    async fn send_parts(&self, source: &Source, place: &Place<'_>, options: &PutOptions, in_memory: bool) -> Result<()> {
        let request = self.slot(place.url).await?;
        let mut parts = self.inner.clouds.begin_parts(place, options).await?;
        drop(request);
        let sent = match self.send_all(source, place.url, &mut parts, in_memory).await {
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

    async fn send_all(&self, source: &Source, url: &str, parts: &mut Parts, in_memory: bool) -> Result<()> {
        let size = source.meta.size;
        let length = PART.max(size.div_ceil(MOST_PARTS).next_multiple_of(1 << 20));
        let mut rest = (0..size).step_by(length as usize).map(|start| (start, (start + length).min(size))).peekable();
        let mut active: FuturesUnordered<BoxFuture<'_, Result<u64>>> = FuturesUnordered::new();
        let mut allowed = PARTS_AT_FIRST;
        loop {
            while active.len() < allowed
                && let Some((start, end)) = rest.peek().copied()
            {
                let held = (end - start) as usize;
                let memory = match in_memory {
                    false => None,
                    // What is under way moves only when it is polled: who has some of it does not wait here.
                    true if active.is_empty() => self.room(url, held).await?,
                    true => match self.inner.budget.memory_now(held) {
                        None => break,
                        some => some,
                    },
                };
                rest.next();
                let part = match in_memory {
                    true => Part::Held(vec![read(&source.file, &source.path, start, end)?]),
                    false => Part::Streamed(source.body(start, end)),
                };
                let sending = parts.send(part);
                let send = async move {
                    let _memory = memory;
                    let _request = self.slot(url).await?;
                    sending.await.map(|()| end - start)
                };
                active.push(send.boxed());
            }
            match active.next().await {
                Some(sent) => self.inner.progress.moved(sent?),
                None => return Ok(()),
            }
            allowed = (allowed + 1).min(PARTS_AT_MOST);
        }
    }
}
