//! Directories for code that is not async.

use std::path::Path;

use bytes::Bytes;

use super::{Directory, DirectoryBuilder, Entry, Listing};
use crate::Result;
use crate::blocking::wait;
use crate::file::BlockingWriter;
use crate::storage::{Transferred, TreeOptions};

impl<F> Directory<F> {
    /// The same calls for code that is not async, such as a task that is a plain `fn`: each waits, and gives its result at once.
    #[must_use]
    pub fn blocking(&self) -> BlockingDirectory<'_, F> {
        BlockingDirectory(self)
    }
}

/// The calls of a [`Directory`] for code that is not async, such as a task that is a plain `fn`; see [`Directory::blocking`].
///
/// # Panics
/// All of them, in async code.
#[derive(Debug)]
pub struct BlockingDirectory<'a, F>(&'a Directory<F>);

impl<'a, F> BlockingDirectory<'a, F> {
    /// As [`Directory::list`]: an iterator.
    ///
    /// # Errors
    /// As there.
    pub fn list(&self) -> Result<BlockingListing> {
        self.0.list().map(BlockingListing)
    }

    /// As [`Directory::walk`]: an iterator.
    ///
    /// # Errors
    /// As there.
    pub fn walk(&self) -> Result<BlockingListing> {
        self.0.walk().map(BlockingListing)
    }

    /// As [`Directory::download`].
    ///
    /// # Errors
    /// As there.
    pub fn download(&self, path: impl AsRef<Path>) -> Result<Transferred> {
        wait(self.0.download(path))
    }

    /// As [`Directory::download_matching`].
    ///
    /// # Errors
    /// As there.
    pub fn download_matching(&self, glob: &str, path: impl AsRef<Path>) -> Result<Transferred> {
        wait(self.0.download_matching(glob, path))
    }

    /// As [`Directory::download_with`].
    ///
    /// # Errors
    /// As there.
    pub fn download_with(&self, path: impl AsRef<Path>, options: &TreeOptions) -> Result<Transferred> {
        wait(self.0.download_with(path, options))
    }

    /// As [`Directory::path`].
    ///
    /// # Errors
    /// As there.
    pub fn path(&self) -> Result<&'a Path> {
        wait(self.0.path())
    }
}

/// A [`Listing`] for code that is not async: an iterator, which lists a page at a time. An error that stands for a single key names it, and
/// the next entries follow.
#[derive(Debug)]
pub struct BlockingListing(Listing);

impl Iterator for BlockingListing {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        wait(self.0.try_next()).transpose()
    }
}

impl<F> DirectoryBuilder<F> {
    /// The same for code that is not async: `Directory::create(&ctx)?.blocking()`.
    pub fn blocking(self) -> BlockingDirectoryBuilder<F> {
        BlockingDirectoryBuilder(self)
    }
}

/// A [`DirectoryBuilder`] for code that is not async; see [`DirectoryBuilder::blocking`].
///
/// # Panics
/// All calls but `finish`, in async code.
#[derive(Debug)]
#[must_use = "the directory is what `finish` gives"]
pub struct BlockingDirectoryBuilder<F = crate::file::Any>(DirectoryBuilder<F>);

impl<F> BlockingDirectoryBuilder<F> {
    /// As [`DirectoryBuilder::create`]: a [`std::io::Write`].
    ///
    /// # Errors
    /// As there.
    pub fn create(&self, name: &str) -> Result<BlockingWriter> {
        self.0.create(name).map(crate::file::FileWriter::blocking)
    }

    /// As [`DirectoryBuilder::put`].
    ///
    /// # Errors
    /// As there.
    pub fn put(&self, name: &str, bytes: impl Into<Bytes>) -> Result<()> {
        wait(self.0.put(name, bytes))
    }

    /// As [`DirectoryBuilder::add`].
    ///
    /// # Errors
    /// As there.
    pub fn add(&self, name: &str, path: impl AsRef<Path>) -> Result<u64> {
        wait(self.0.add(name, path))
    }

    /// As [`DirectoryBuilder::finish`].
    #[must_use]
    pub fn finish(self) -> Directory<F> {
        self.0.finish()
    }
}
