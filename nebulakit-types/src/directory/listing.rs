//! What a directory holds, as it is found.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream, Stream, StreamExt as _, TryStreamExt as _};

use super::{Directory, no_file};
use crate::data::check_directory;
use crate::file::File;
use crate::storage::{Below, ObjectInfo, Storage, child_url};
use crate::{AwaitOrBlocking, Error, ErrorKind, Result};

/// What is found in a directory: a file, or with [`Directory::list`] a directory in it.
///
/// ```
/// # use nebulakit_types::{Directory, workspace::Workspace};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir().unwrap();
/// # let workspace = Workspace::local(folder.path());
/// let builder = Directory::<nebulakit_types::file::Any>::create(&workspace)?;
/// builder.put("2026/a.csv", "1,2").await?;
/// let directory = builder.finish();
/// let mut found = directory.walk()?;
/// while let Some(entry) = found.try_next().await? {
///     assert_eq!((&*entry.name, entry.size), ("2026/a.csv", 3));
///     assert_eq!(entry.file()?.read_to_string().await?, "1,2");
/// }
/// # Ok::<(), nebulakit_types::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Entry {
    /// Its name below the directory that was listed, with `/` between the segments.
    pub name: String,
    /// The length of a file in bytes; 0 of a directory.
    pub size: u64,
    item: Item,
}

#[derive(Debug, Clone)]
enum Item {
    File(File),
    Directory(Directory),
}

impl<F> Directory<F> {
    /// What stands directly in the directory, as the store lists it; of this machine, files first, in the order of their names.
    ///
    /// A key that cannot be the name of a file, such as `a//b`, is an error that names it, and what follows it comes after: who asks again
    /// gets it. A directory that is not in its store is empty, as object stores do not tell the two apart; one that is not on this machine
    /// is an error, and so is a file in its place.
    ///
    /// In code that is not async: `directory.blocking().list()`.
    ///
    /// # Errors
    /// For a path that is not UTF-8; the stream has the errors of the store.
    pub fn list(&self) -> Result<Listing> {
        let url = self.url()?;
        let workspace = self.workspace(&url)?;
        let below = url.clone();
        let found = workspace.storage().walk_level(&url);
        let storage = workspace.storage().clone();
        let entry = move |found| match found {
            Below::Object(name, size) => Entry::of_file(File::from_uri(child_url(&below, &name)).within(&workspace), name, size),
            Below::Prefix(name) => Entry::of_directory(Directory::from_uri(child_url(&below, &name)).within(&workspace), name),
        };
        Ok(Listing::of(storage, url, found.map_ok(entry)))
    }

    /// All files below the directory, however deep, as the store lists them; of this machine, in the order of their names, with links
    /// followed. Otherwise as [`Directory::list`].
    ///
    /// In code that is not async: `directory.blocking().walk()`.
    ///
    /// # Errors
    /// For a path that is not UTF-8; the stream has the errors of the store.
    pub fn walk(&self) -> Result<Listing> {
        let url = self.url()?;
        let workspace = self.workspace(&url)?;
        let found = workspace.storage().walk(&url);
        let storage = workspace.storage().clone();
        let entry = move |ObjectInfo { url, key, size }| Entry::of_file(File::from_uri(url).within(&workspace), key, size);
        Ok(Listing::of(storage, url, found.map_ok(entry)))
    }
}

impl Entry {
    fn of_file(file: File, name: String, size: u64) -> Self {
        Self { name, size, item: Item::File(file) }
    }

    fn of_directory(directory: Directory, name: String) -> Self {
        Self { name, size: 0, item: Item::Directory(directory) }
    }

    /// Whether it is a directory. [`Directory::walk`] finds none.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        matches!(self.item, Item::Directory(_))
    }

    /// The file.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] of a directory.
    pub fn file(&self) -> Result<&File> {
        match &self.item {
            Item::File(file) => Ok(file),
            Item::Directory(_) => Err(Error::new(ErrorKind::Mismatch, format!("`{}` is a directory, a file is expected", self.name))),
        }
    }

    /// The directory.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] of a file.
    pub fn directory(&self) -> Result<&Directory> {
        match &self.item {
            Item::Directory(directory) => Ok(directory),
            Item::File(_) => Err(Error::new(ErrorKind::Mismatch, format!("`{}` is a file, a directory is expected", self.name))),
        }
    }
}

/// The entries of a directory, a page of the store's listing at a time; a [`Stream`] too. Dropped, it asks for no more.
pub struct Listing(BoxStream<'static, Result<Entry>>);

impl Listing {
    fn of(storage: Storage, url: String, found: impl Stream<Item = Result<Entry>> + Send + 'static) -> Self {
        let any = Arc::new(AtomicBool::new(false));
        let seen = any.clone();
        let found = found.inspect(move |_| seen.store(true, Relaxed));
        let begin = {
            let (storage, url) = (storage.clone(), url.clone());
            async move { check_directory(&url, &storage).map(|()| found) }
        };
        let end = async move { if any.load(Relaxed) { None } else { no_file(&storage, &url).await.err().map(Err) } };
        // A directory that is not there has been answered, and there is nothing to look for behind it.
        let checked = stream::once(begin).try_flatten();
        Self(checked.chain(stream::once(end).filter_map(std::future::ready)).boxed())
    }

    /// The next one; [`None`] at the end.
    ///
    /// In code that is not async, `directory.blocking().list()` and `.walk()` are iterators.
    ///
    /// # Errors
    /// Those of the store. One that stands for a single key that cannot be the name of a file names it, and what follows comes next.
    pub fn try_next(&mut self) -> AwaitOrBlocking<'_, Option<Entry>> {
        AwaitOrBlocking::new(async move { self.0.next().await.transpose() })
    }
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing").finish_non_exhaustive()
    }
}

impl Stream for Listing {
    type Item = Result<Entry>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}
