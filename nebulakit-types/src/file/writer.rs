//! Writing a file straight to the store.

use std::io;

use bytes::Bytes;

use super::File;
use crate::blocking::wait;
use crate::data::{options_for, stored_name};
use crate::storage::ObjectWriter;
use crate::workspace::Workspace;
use crate::{Error, ErrorKind, Result};

/// A file on its way to the store; see [`File::create`].
#[derive(Debug)]
#[must_use = "the file is there for others only when `finish` has returned"]
pub struct FileWriter<F = super::Any> {
    object: ObjectWriter,
    file: File<F>,
}

impl<F> FileWriter<F> {
    pub(super) async fn create(workspace: &Workspace, name: &str) -> Result<Self> {
        let url = workspace.fresh_url(&stored_name(name)).ok_or_else(|| {
            Error::new(ErrorKind::Url, format!("there is no place to store `{name}`: the workspace has no raw-output prefix"))
        })?;
        Self::create_at(workspace, url).await
    }

    pub(crate) async fn create_at(workspace: &Workspace, url: String) -> Result<Self> {
        let object = workspace.storage().create(&url, &options_for(&url)).await?;
        Ok(Self { object, file: File::from_uri(url).within(workspace) })
    }

    /// Appends bytes. Waits when the store is slower than the writer.
    ///
    /// # Errors
    /// Those of the store; nothing is published after one.
    pub async fn write(&mut self, bytes: impl Into<Bytes>) -> Result<()> {
        self.object.write(bytes.into()).await
    }

    /// Publishes the file. When this returns, it is there for every reader.
    ///
    /// # Errors
    /// Those of the store; then there is no file.
    pub async fn finish(self) -> Result<File<F>> {
        self.object.finish().await?;
        Ok(self.file)
    }

    /// Gives the file up; what was sent of it is removed.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn abort(self) -> Result<()> {
        self.object.abort().await
    }

    /// The same for code that blocks: a [`std::io::Write`].
    pub fn blocking(self) -> BlockingWriter<F> {
        BlockingWriter(self)
    }
}

/// A [`FileWriter`] for code that blocks. Small writes are best put through a [`std::io::BufWriter`].
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
