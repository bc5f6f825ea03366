//! A directory that is stored file by file.

use std::fmt;
use std::path::Path;

use bytes::Bytes;

use super::Directory;
use crate::data::{check_name_below, options_for};
use crate::file::{Any, FileWriter};
use crate::storage::{child_url, local_path, shown};
use crate::workspace::Workspace;
use crate::{AwaitOrBlocking, Error, ErrorKind, Result};

/// A directory on its way to the store; see [`Directory::create`]. Its files can be written at the same time.
#[must_use = "the directory is what `finish` gives"]
pub struct DirectoryBuilder<F = Any> {
    directory: Directory<F>,
    workspace: Workspace,
    url: String,
}

impl<F> fmt::Debug for DirectoryBuilder<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectoryBuilder").field("url", &shown(&self.url)).finish_non_exhaustive()
    }
}

impl<F> Directory<F> {
    /// Begins a directory whose files are streamed to the store one by one, without a copy on this machine.
    ///
    /// In code that is not async: `Directory::create(&ctx)?.blocking()`.
    ///
    /// # Errors
    /// When the workspace has no place for data.
    pub fn create(workspace: impl AsRef<Workspace>) -> Result<DirectoryBuilder<F>> {
        DirectoryBuilder::new(workspace.as_ref())
    }
}

impl<F> DirectoryBuilder<F> {
    fn new(workspace: &Workspace) -> Result<Self> {
        let url = workspace
            .fresh_url("")
            .ok_or_else(|| Error::new(ErrorKind::Url, "there is no place to store a directory: the workspace has no raw-output prefix"))?;
        Ok(Self { directory: Directory::from_uri(url.clone()).within(workspace), workspace: workspace.clone(), url })
    }

    /// Begins the file `name`, with `/` between the segments; it is there when [`FileWriter::finish`] returns.
    ///
    /// In code that is not async: `builder.blocking().create(name)`.
    ///
    /// # Errors
    /// [`ErrorKind::Name`] for a name that leads out of the directory or that stores do not take, and those of the store.
    pub fn create(&self, name: &str) -> Result<FileWriter> {
        FileWriter::create_at(&self.workspace, self.place(name)?)
    }

    /// Stores a file with these contents.
    ///
    /// In code that is not async: `builder.blocking().put(name, bytes)`.
    ///
    /// # Errors
    /// As [`DirectoryBuilder::create`].
    pub fn put(&self, name: &str, bytes: impl Into<Bytes>) -> AwaitOrBlocking<'_, ()> {
        let (place, bytes, options) = (self.place(name), bytes.into(), options_for(name));
        AwaitOrBlocking::new(async move { self.workspace.storage().upload_bytes(&place?, bytes, &options).await })
    }

    /// Stores a copy of a file of this machine.
    ///
    /// In code that is not async: `builder.blocking().add(name, path)`.
    ///
    /// # Errors
    /// As [`DirectoryBuilder::create`], and those of the file system.
    pub fn add(&self, name: &str, path: impl AsRef<Path>) -> AwaitOrBlocking<'_, u64> {
        let (place, path, options) = (self.place(name), path.as_ref().to_owned(), options_for(name));
        AwaitOrBlocking::new(async move { self.workspace.storage().upload(&path, &place?, &options).await })
    }

    /// The directory, with the files that have been finished by now.
    #[must_use]
    pub fn finish(self) -> Directory<F> {
        if let Some(path) = local_path(&self.url) {
            // Where directories are something, an empty one is there too. Where it cannot be, its reader says so.
            let _ = std::fs::create_dir_all(path);
        }
        self.directory
    }

    fn place(&self, name: &str) -> Result<String> {
        check_name_below(name)?;
        Ok(child_url(&self.url, name))
    }
}
