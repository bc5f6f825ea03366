//! [`Directory`]: many files below one prefix of an object store, read where they are.

mod blocking;
mod builder;
mod listing;

use crate::convert::kind::Kind;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::OnceCell;

pub use self::blocking::{BlockingDirectory, BlockingDirectoryBuilder, BlockingListing};
pub use self::builder::DirectoryBuilder;
pub use self::listing::{Entry, Listing};
use crate::convert::blob::{DIRECTORY, Reference};
use crate::convert::msgpack::{Packer, Unpacker};
use crate::convert::reader::LiteralRef;
use crate::convert::writer::Encoder;
use crate::data::{Destination, Local, PathKind, Placed, Source, check, check_directory, check_kind, copy_of, text, workspace};
use crate::dialect::FileShape;
use crate::file::{Any, File, Format};
use crate::outbox::{Outbox, Transfer};
use crate::storage::{Storage, Symlinks, Transferred, TreeOptions, child_url, leading_out, name_fault, shown};
use crate::workspace::Workspace;
use crate::{AwaitOrBlocking, Dialect, Error, ErrorKind, LiteralType, NebulaType, Result};

/// A directory that travels between tasks: Python's `FlyteDirectory`.
///
/// Making one does no I/O. One that came in as an input is read where it is, file by file ([`list`](Self::list), [`walk`](Self::walk),
/// [`file`](Self::file)) or downloaded; returned from a task it goes out as the URI that it came with, and nothing is copied. One from a
/// path is stored under the raw-output prefix after the task's function has returned.
///
/// Object stores know no empty directories: those of a path are not stored.
pub struct Directory<F = Any> {
    placed: Placed,
    /// How it is stored.
    options: TreeOptions,
    workspace: Option<Workspace>,
    /// Where it was downloaded to; shared by clones.
    local: Arc<OnceCell<Local>>,
    format: PhantomData<fn() -> F>,
}

impl<F> Directory<F> {
    fn new(source: Source) -> Self {
        let options = TreeOptions::default();
        Self { placed: Placed::new(source), options, workspace: None, local: Arc::default(), format: PhantomData }
    }

    /// A directory of this machine, to be stored when it is returned from a task.
    #[must_use]
    pub fn from_path(path: impl Into<PathBuf>) -> Self {
        Self::new(Source::Path(path.into()))
    }

    /// The directory at a URI (or a path that is the same for every task), which stays where it is.
    #[must_use]
    pub fn from_uri(uri: impl Into<String>) -> Self {
        Self { workspace: Workspace::current(), ..Self::new(Source::Uri(uri.into())) }
    }

    /// Stores the directory at `url` instead of below the raw-output prefix (`remote_directory` of flytekit).
    #[must_use]
    pub fn stored_at(mut self, url: impl Into<String>) -> Self {
        self.placed.destination = Destination::Url(url.into());
        self
    }

    /// Leaves a directory of this machine where it is, for tasks that share a file system (`remote_directory=False` of flytekit).
    #[must_use]
    pub fn in_place(mut self) -> Self {
        self.placed.destination = Destination::Stay;
        self
    }

    /// Stores what symbolic links lead to; without this, a link in the directory is an error.
    #[must_use]
    pub fn following_symlinks(mut self) -> Self {
        self.options.symlinks = Symlinks::Follow;
        self
    }

    /// Stores the directory as `options` say: how many files at once, which of them, and what each says of itself.
    ///
    /// ```
    /// # use nebulakit_types::{Directory, storage::TreeOptions};
    /// let one_by_one = TreeOptions { concurrency: Some(1), glob: Some("**/*.csv".to_owned()), ..TreeOptions::default() };
    /// let directory: Directory = Directory::from_path("tables").stored_as(one_by_one);
    /// ```
    #[must_use]
    pub fn stored_as(mut self, options: TreeOptions) -> Self {
        self.options = options;
        self
    }

    /// The same directory, read through `workspace`.
    #[must_use]
    pub fn within(mut self, workspace: impl Into<Workspace>) -> Self {
        self.workspace = Some(workspace.into());
        self
    }

    /// The URI, if the directory is in a store or has been sent to one.
    #[must_use]
    pub fn uri(&self) -> Option<&str> {
        self.placed.uri()
    }

    /// The directory's name: the last segment of its URI or path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.placed.name()
    }

    fn workspace(&self, url: &str) -> Result<Workspace> {
        workspace(self.workspace.as_ref(), Some(url))
    }

    fn url(&self) -> Result<String> {
        match &self.placed.source {
            Source::Uri(uri) => Ok(uri.clone()),
            Source::Path(path) => text(path),
            Source::Bytes(name, _) => Ok(name.clone()),
        }
    }

    fn entry(&self, url: String) -> File {
        let file = File::from_uri(url);
        match &self.workspace {
            Some(workspace) => file.within(workspace),
            None => file,
        }
    }

    /// The file at `name` below the directory; whether it is there shows when it is read.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for a name that leads out of the directory.
    pub fn file(&self, name: &str) -> Result<File> {
        if name.split('/').any(str::is_empty) || leading_out(name).is_some() {
            return Err(Error::new(ErrorKind::Url, format!("`{name}` is not the name of a file below `{}`", self.name())));
        }
        Ok(self.entry(child_url(&self.url()?, name)))
    }

    /// Downloads all files into the directory `path` of this machine. Each appears whole or not at all, and none before the whole listing
    /// has been looked at.
    ///
    /// In code that is not async: `directory.blocking().download(path)`.
    ///
    /// # Errors
    /// Those of the store and of the file system; [`ErrorKind::Url`] for keys that would leave `path`, or that no file can have, all of them
    /// by name.
    pub fn download(&self, path: impl AsRef<Path>) -> AwaitOrBlocking<'_, Transferred> {
        self.fetch(path.as_ref().to_owned(), TreeOptions::default())
    }

    /// Downloads the files whose names below the directory match `glob`, such as `2024/**/*.csv`; the others are not looked at.
    ///
    /// In code that is not async: `directory.blocking().download_matching(glob, path)`.
    ///
    /// # Errors
    /// As [`Directory::download`], and for a glob that is none.
    pub fn download_matching(&self, glob: &str, path: impl AsRef<Path>) -> AwaitOrBlocking<'_, Transferred> {
        self.fetch(path.as_ref().to_owned(), TreeOptions { glob: Some(glob.to_owned()), ..TreeOptions::default() })
    }

    /// Downloads as `options` say.
    ///
    /// In code that is not async: `directory.blocking().download_with(path, options)`.
    ///
    /// # Errors
    /// As [`Directory::download`].
    pub fn download_with(&self, path: impl AsRef<Path>, options: &TreeOptions) -> AwaitOrBlocking<'_, Transferred> {
        self.fetch(path.as_ref().to_owned(), options.clone())
    }

    fn fetch(&self, path: PathBuf, options: TreeOptions) -> AwaitOrBlocking<'_, Transferred> {
        AwaitOrBlocking::new(async move {
            let url = self.url()?;
            let workspace = self.workspace(&url)?;
            check_directory(&url, workspace.storage())?;
            let moved = workspace.storage().download_tree(&url, &path, &options).await?;
            if moved.objects == 0 {
                no_file(workspace.storage(), &url).await?;
            }
            Ok(moved)
        })
    }

    /// The directory's path on this machine: its own if it is here, else that of a copy in the workspace's scratch folder, which is
    /// downloaded once for this value and its clones. Outside of a task the folder is this value's own, and goes with its last clone.
    ///
    /// In code that is not async: `directory.blocking().path()`.
    ///
    /// # Errors
    /// Those of [`Directory::download`].
    pub fn path(&self) -> AwaitOrBlocking<'_, &Path> {
        AwaitOrBlocking::new(async move {
            let copy = || async {
                let url = self.url()?;
                let workspace = self.workspace(&url)?;
                copy_of(Some(&url), self.name(), PathKind::Directory, workspace, async |path: &Path| self.download(path).await.map(drop))
                    .await
            };
            Ok(self.local.get_or_try_init(copy).await?.path())
        })
    }

    fn written(&self, outbox: &mut Outbox) -> Result<Reference> {
        let upload = |path: PathBuf, url: String| {
            check(&path, PathKind::Directory)?;
            let what = path.display().to_string();
            let options = self.options.clone();
            Ok(Transfer::custom(what, move |storage| async move {
                storage.upload_named_tree(&path, &url, &options, name_fault).await.map(drop)
            }))
        };
        Ok(Reference { uri: self.placed.send(outbox, || Ok(String::new()), upload)?, ..Reference::default() })
    }

    fn read(reference: Reference, workspace: Option<&Workspace>) -> Result<Self> {
        // Of a task's inputs; elsewhere nothing is looked at before it is read.
        workspace.map_or(Ok(()), |_| check_kind(&reference.uri, PathKind::Directory))?;
        Ok(Self { workspace: workspace.cloned().or_else(Workspace::current), ..Self::new(Source::Uri(reference.uri)) })
    }
}

/// Whether an object stands where a directory seems to be empty, which stores do not tell by themselves.
async fn no_file(storage: &Storage, url: &str) -> Result<()> {
    // Where it cannot be told, nothing is known but that the directory is empty.
    if url.ends_with('/') || storage.local_path(url).is_some() || !storage.exists(url).await.unwrap_or(false) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Mismatch, format!("`{}` is a file, a directory is expected", shown(url))))
}

impl<F: Format> NebulaType for Directory<F> {
    const TAG: &'static str = "FlyteDirectory";
    const KIND: Kind = Kind::Blob;

    fn tag(dialect: &Dialect) -> &'static str {
        if dialect.files == FileShape::Flyte1 { Self::TAG } else { "Dir" }
    }

    fn literal_type(dialect: &Dialect) -> LiteralType {
        DIRECTORY.literal_type(F::NAME, dialect)
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        let reference = self.written(encoder.outbox())?;
        DIRECTORY.encode(reference, F::NAME, encoder);
        Ok(())
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        Self::read(DIRECTORY.decode(literal)?, literal.references().workspace())
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        let reference = self.written(packer.outbox())?;
        DIRECTORY.pack(&reference, self.name(), packer)
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        Self::read(DIRECTORY.unpack(unpacker)?, unpacker.references().workspace())
    }

    fn schema(_: &Dialect) -> serde_json::Value {
        DIRECTORY.schema()
    }
}

impl<F> Clone for Directory<F> {
    fn clone(&self) -> Self {
        Self {
            placed: self.placed.clone(),
            options: self.options.clone(),
            workspace: self.workspace.clone(),
            local: self.local.clone(),
            format: PhantomData,
        }
    }
}

impl<F> fmt::Debug for Directory<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Directory");
        match &self.placed.source {
            Source::Path(path) => shown.field("path", path),
            Source::Uri(uri) | Source::Bytes(uri, _) => shown.field("uri", &crate::storage::shown(uri)),
        };
        shown.finish()
    }
}
