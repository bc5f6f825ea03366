//! Writing a file straight to the store.

use std::io;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

use super::File;
use crate::blocking::wait;
use crate::data::{options_for, stored_name};
use crate::storage::ObjectWriter;
use crate::workspace::Workspace;
use crate::{AwaitOrBlocking, Error, ErrorKind, Result};

/// A file on its way to the store; see [`File::create`].
#[derive(Debug)]
#[must_use = "the file is there for others only when `finish` has returned"]
pub struct FileWriter<F = super::Any> {
    object: ObjectWriter,
    file: File<F>,
}

impl<F> File<F> {
    /// Begins a file called `name` that is streamed to the store while it is written, in bounded memory and without touching the disk.
    ///
    /// It is there for others when [`FileWriter::finish`] returns; one that is dropped before is not there at all.
    ///
    /// In code that is not async, `File::create(&ctx, name)?.blocking()` is a [`std::io::Write`].
    ///
    /// # Errors
    /// When the workspace has no place for data, [`ErrorKind::Name`] for a name that stores do not take, and those of the store.
    pub fn create(workspace: impl AsRef<Workspace>, name: &str) -> Result<FileWriter<F>> {
        FileWriter::create(workspace.as_ref(), name)
    }

    /// A file called `name` with the bytes of `stream`, stored as they come.
    ///
    /// # Errors
    /// Those of the stream and of the store.
    pub async fn from_stream<B, E>(
        workspace: impl AsRef<Workspace>,
        name: &str,
        stream: impl Stream<Item = std::result::Result<B, E>>,
    ) -> Result<Self>
    where
        B: Into<Bytes>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut writer = Self::create(workspace, name)?;
        let mut stream = std::pin::pin!(stream);
        while let Some(bytes) = stream.next().await {
            let broken = |error: E| Error::new(ErrorKind::Io, format!("the stream for `{name}` broke off")).with_source(error);
            writer.write(bytes.map_err(broken)?).await?;
        }
        writer.finish().await
    }
}

impl<F> FileWriter<F> {
    fn create(workspace: &Workspace, name: &str) -> Result<Self> {
        let url = workspace.fresh_url(&stored_name(name)?).ok_or_else(|| {
            Error::new(ErrorKind::Url, format!("there is no place to store `{name}`: the workspace has no raw-output prefix"))
        })?;
        Self::create_at(workspace, url)
    }

    pub(crate) fn create_at(workspace: &Workspace, url: String) -> Result<Self> {
        let object = workspace.storage().begin(&url, &options_for(&url))?;
        Ok(Self { object, file: File::from_uri(url).within(workspace) })
    }

    /// Appends bytes. Waits when the store is slower than the writer.
    ///
    /// In code that is not async: `File::create(..)?.blocking()` is a [`std::io::Write`].
    ///
    /// # Errors
    /// Those of the store; nothing is published after one.
    pub fn write(&mut self, bytes: impl Into<Bytes>) -> AwaitOrBlocking<'_, ()> {
        let bytes = bytes.into();
        AwaitOrBlocking::new(async move { self.object.write(bytes).await })
    }

    /// Publishes the file. When this returns, it is there for every reader.
    ///
    /// In code that is not async: `file.blocking().finish()`.
    ///
    /// # Errors
    /// Those of the store; no file is left then.
    pub fn finish<'a>(self) -> AwaitOrBlocking<'a, File<F>>
    where
        F: 'a,
    {
        AwaitOrBlocking::new(async move {
            self.object.finish().await?;
            Ok(self.file)
        })
    }

    /// Gives the file up; what was sent of it is removed.
    ///
    /// In code that is not async: `file.blocking().abort()`.
    ///
    /// # Errors
    /// Those of the store.
    pub fn abort<'a>(self) -> AwaitOrBlocking<'a, ()>
    where
        F: 'a,
    {
        AwaitOrBlocking::new(async move { self.object.abort().await })
    }

    /// The same for code that is not async: a [`std::io::Write`].
    pub fn blocking(self) -> BlockingWriter<F> {
        BlockingWriter(self)
    }
}

/// A [`FileWriter`] for code that is not async. Small writes are best put through a [`std::io::BufWriter`].
///
/// # Panics
/// All calls, in async code.
#[derive(Debug)]
#[must_use = "the file is there for others only when `finish` has returned"]
pub struct BlockingWriter<F = super::Any>(FileWriter<F>);

impl<F> BlockingWriter<F> {
    /// As [`FileWriter::finish`].
    ///
    /// # Errors
    /// As there.
    pub fn finish(self) -> Result<File<F>> {
        wait(self.0.finish())
    }

    /// As [`FileWriter::abort`].
    ///
    /// # Errors
    /// As there.
    pub fn abort(self) -> Result<()> {
        wait(self.0.abort())
    }
}

impl<F> io::Write for BlockingWriter<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        wait(self.0.write(Bytes::copy_from_slice(bytes))).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    /// Nothing is published before [`BlockingWriter::finish`].
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
