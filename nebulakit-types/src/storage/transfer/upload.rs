//! From a file to a store.

use std::fs::File;
use std::path::Path;

use bytes::Bytes;

use super::super::content::Payload;
use super::super::handle::Storage;
use super::super::local::{self, Folder, Target};
use super::super::object::{ObjectMeta, PutOptions};
use super::super::shown::shown_path;
use super::super::words::doing;
use super::file_part::read;
use super::remote_up::SentFile;
use crate::{Error, ErrorKind, Result};

impl Storage {
    /// Stores a local file and gives its length. A link is followed: the caller named it.
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
        let sent = self.send(&Named { path, within: None }, url, options, false).await;
        // Where the file itself is at fault, it is named already.
        let name = shown_path(path);
        let says_all = |error: &Error| local::cannot(error).is_some_and(|what| what.contains(&name));
        sent.map_err(|error| if says_all(&error) { error } else { doing(&format!("uploading {name}"), error) })
    }

    /// Stores bytes of this process, counted as an upload is. [`Storage::put`], which the small files of a task's contract go by, counts none.
    pub(crate) async fn upload_bytes(&self, url: &str, bytes: Bytes, options: &PutOptions) -> Result<()> {
        let length = bytes.len() as u64;
        self.inner.progress.expect(1, length);
        self.put(url, vec![bytes], options).await?;
        self.inner.progress.moved(length);
        self.inner.progress.done();
        Ok(())
    }

    /// The same for a file that may have been counted already.
    pub(super) async fn send(&self, named: &Named<'_>, url: &str, options: &PutOptions, listed: bool) -> Result<u64> {
        let path = named.path;
        let place = self.locate(url)?;
        let to = place.store.file(&place.address)?;
        let Some((file, meta)) = named.open()? else {
            return Err(Error::new(ErrorKind::NotFound, format!("there is no file {}", shown_path(path))));
        };
        let size = meta.size;
        let listed = listed.then_some(size);
        if let Some(to) = to {
            return self.copy(local::OpenFile { file, meta, path: path.to_owned() }, Target::at(&to), listed).await;
        }
        self.expected(listed, size);
        if place.store.is_remote() {
            let gzip = path.extension().is_some_and(|extension| extension == "gz") && options.content_encoding.is_none();
            let marked = gzip.then(|| PutOptions { content_encoding: Some("gzip".to_owned()), ..options.clone() });
            self.send_remote(&SentFile::new(file, path, meta), &place, marked.as_ref().unwrap_or(options)).await?;
        } else {
            let whole = Payload::from(vec![read(&file, path, 0, size)?]);
            self.ask(&place, || place.store.put(&place.address, whole.clone(), options)).await?;
            self.inner.progress.moved(size);
        }
        self.inner.progress.done();
        Ok(size)
    }
}

/// A file to be sent.
pub(super) struct Named<'a> {
    pub(super) path: &'a Path,
    /// The directory that it was found in, where links are refused: it is opened there, and through no link.
    pub(super) within: Option<&'a Folder>,
}

impl Named<'_> {
    fn open(&self) -> Result<Option<(File, ObjectMeta)>> {
        match (self.within, self.path.file_name()) {
            (Some(folder), Some(name)) => local::open_in(folder, name),
            _ => local::open(self.path),
        }
    }
}
