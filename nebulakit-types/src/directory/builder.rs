//! A directory that is stored file by file.

use std::path::Path;

use bytes::Bytes;

use super::Directory;
use crate::data::options_for;
use crate::file::{Any, FileWriter};
use crate::storage::child_url;
use crate::workspace::Workspace;
use crate::{Error, ErrorKind, Result};

/// A directory on its way to the store; see [`Directory::create`]. Its files can be written at the same time.
#[derive(Debug)]
#[must_use = "the directory is what `finish` gives"]
pub struct DirectoryBuilder<F = Any> {
    directory: Directory<F>,
    workspace: Workspace,
    url: String,
}

impl<F> DirectoryBuilder<F> {
    pub(super) fn new(workspace: &Workspace) -> Result<Self> {
        let url = workspace
            .fresh_url("")
            .ok_or_else(|| Error::new(ErrorKind::Url, "there is no place to store a directory: the workspace has no raw-output prefix"))?;
        Ok(Self { directory: Directory::from_uri(url.clone()).within(workspace), workspace: workspace.clone(), url })
    }

    /// Begins the file `name`, with `/` between the segments; it is there when [`FileWriter::finish`] returns.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for a name that leads out of the directory, and those of the store.
    pub async fn create(&self, name: &str) -> Result<FileWriter> {
        FileWriter::create_at(&self.workspace, self.place(name)?).await
    }

    /// Stores a file with these contents.
    ///
    /// # Errors
    /// As [`DirectoryBuilder::create`].
    pub async fn put(&self, name: &str, bytes: impl Into<Bytes>) -> Result<()> {
        self.workspace.storage().upload_bytes(&self.place(name)?, bytes.into(), &options_for(name)).await
    }

    /// Stores a copy of a file of this machine.
    ///
    /// # Errors
    /// As [`DirectoryBuilder::create`], and those of the file system.
    pub async fn add(&self, name: &str, path: impl AsRef<Path>) -> Result<u64> {
        self.workspace.storage().upload(path.as_ref(), &self.place(name)?, &options_for(name)).await
    }

    /// The directory, with the files that have been finished by now.
    #[must_use]
    pub fn finish(self) -> Directory<F> {
        self.directory
    }

    fn place(&self, name: &str) -> Result<String> {
        if name.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(Error::new(ErrorKind::Url, format!("`{name}` is no name of a file below a directory")));
        }
        Ok(child_url(&self.url, name))
    }
}
