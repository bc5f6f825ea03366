//! From a file to a cloud: one request when small, parts side by side when large.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered};
use futures_util::{FutureExt as _, StreamExt as _};

use super::super::content::Payload;
use super::super::handle::Storage;
use super::super::local::{self, PIECE};
use super::super::object::{ObjectMeta, PutOptions};
use super::super::shown::shown_path;
use super::super::store::Upload;
use super::super::stores::Located;
use super::file_part::read;
use super::limits::{MOST_PARTS, PART, PARTS_AT_FIRST, PARTS_AT_MOST};
use crate::{Error, ErrorKind, Result};

/// Files up to this size are read at once, before anything is sent.
const READ_AT_ONCE: u64 = 128 << 10;

/// Files up to this size are sent in one request.
const ONE_REQUEST: u64 = 2 * PART;

/// The file that is sent.
pub(super) struct SentFile {
    file: Arc<File>,
    path: Arc<Path>,
    meta: ObjectMeta,
}

impl SentFile {
    pub(super) fn new(file: File, path: &Path, meta: ObjectMeta) -> Self {
        Self { file: Arc::new(file), path: path.into(), meta }
    }

    /// A range of it, read while it is sent.
    fn payload(&self, start: u64, end: u64) -> Payload {
        let (file, path) = (self.file.clone(), self.path.clone());
        let begin = move || {
            let (file, path) = (file.clone(), path.clone());
            let pieces = stream::unfold(start, move |at| {
                let next = (at < end).then(|| {
                    let to = (at + PIECE).min(end);
                    (read(&file, &path, at, to), to)
                });
                std::future::ready(next)
            });
            pieces.boxed()
        };
        Payload::streamed(end - start, Arc::new(begin))
    }

    /// Fails if the file changed since it was opened.
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
    pub(super) async fn send_remote(&self, source: &SentFile, place: &Located, options: &PutOptions) -> Result<()> {
        let (size, url) = (source.meta.size, place.address.url());
        place.store.check_write(&place.address, options)?;
        let in_memory = place.store.wants_memory(&place.address)?;
        if size > ONE_REQUEST {
            return self.send_parts(source, place, options, in_memory).await;
        }
        let (_memory, whole);
        let _request;
        if size <= READ_AT_ONCE || in_memory {
            _memory = self.room(url, size as usize).await?;
            _request = self.slot(url).await?;
            whole = Payload::from(vec![read(&source.file, &source.path, 0, size)?]);
        } else {
            _request = self.slot(url).await?;
            whole = source.payload(0, size);
        }
        self.ask(place, || place.store.put(&place.address, whole.clone(), options)).await?;
        self.inner.progress.moved(size);
        source.check()
    }

    async fn send_parts(&self, source: &SentFile, place: &Located, options: &PutOptions, in_memory: bool) -> Result<()> {
        let upload = self.begin_parts(place, options).await?;
        let sent = match self.send_all(source, place, &*upload, in_memory).await {
            Ok(()) => source.check(),
            Err(error) => Err(error),
        };
        match sent {
            Ok(()) => self.finish_parts(place, &*upload).await,
            Err(error) => {
                self.abort_parts(&*upload).await;
                Err(error)
            }
        }
    }

    async fn send_all(&self, source: &SentFile, place: &Located, upload: &dyn Upload, in_memory: bool) -> Result<()> {
        let (url, size) = (place.address.url(), source.meta.size);
        let length = PART.max(size.div_ceil(MOST_PARTS.into()).next_multiple_of(1 << 20));
        let mut rest = (0..size).step_by(length as usize).map(|start| (start, (start + length).min(size))).peekable();
        let mut active: FuturesUnordered<BoxFuture<'_, Result<u64>>> = FuturesUnordered::new();
        let mut allowed = PARTS_AT_FIRST;
        let mut number = 0;
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
                    true => Payload::from(vec![read(&source.file, &source.path, start, end)?]),
                    false => source.payload(start, end),
                };
                // Begun here: parts are sent in their order.
                let sending = upload.part(number, part.clone());
                let send = async move {
                    let _memory = memory;
                    let _request = self.slot(url).await?;
                    self.ask_first(place, sending, || upload.part(number, part.clone())).await?;
                    Ok(end - start)
                };
                number += 1;
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
