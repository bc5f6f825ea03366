//! [`File`]: a file in an object store, read where it is.

mod format;
mod reader;
mod writer;

use crate::convert::kind::Kind;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeBounds;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::OnceCell;

pub use self::format::{Any, Csv, Format, Html, Jpeg, Json, JsonLines, Parquet, Pdf, Png, TarGz, Text, Zip};
pub use self::reader::{BlockingFile, FileReader};
pub use self::writer::{BlockingWriter, FileWriter};
use crate::convert::blob::{FILE, Reference};
use crate::convert::msgpack::{Packer, Unpacker};
use crate::convert::reader::{LiteralRef, LiteralView, PYTHON_PICKLE};
use crate::convert::writer::Encoder;
use crate::data::{Destination, Local, PathKind, Placed, Source, check, check_kind, copy_of, options_for, stored_name, text, workspace};
use crate::dialect::FileShape;
use crate::outbox::{Outbox, Transfer};
use crate::storage::{ObjectMeta, PutOptions, Reading, shown};
use crate::workspace::Workspace;
use crate::{AwaitOrBlocking, Dialect, Error, ErrorKind, LiteralType, NebulaType, Result};

/// How much [`File::read_bytes`] and [`File::read_to_string`] take into memory: 256 MiB.
pub const READ_LIMIT: u64 = 256 * 1024 * 1024;

/// A file that travels between tasks: Python's `FlyteFile`, or with a [`Format`] `FlyteFile["csv"]`.
///
/// Making one does no I/O. One that came in as an input is read where it is: [`open`](Self::open) streams it, [`path`](Self::path)
/// downloads it when that is first asked for; returned from a task it goes out as the URI that it came with, and nothing is copied.
/// One from a path or from bytes is stored under the raw-output prefix after the task's function has returned, together with all other
/// data and before the outputs; so the file has to be there until then ([`Workspace::scratch`] is a good place for it).
///
/// ```
/// # use nebulakit_types::{file::File, workspace::Workspace};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let folder = tempfile::tempdir().unwrap();
/// # let workspace = Workspace::local(folder.path());
/// let mut report = File::create(&workspace, "report.txt")?;
/// report.write("42 rows\n").await?;
/// let report: File = report.finish().await?;
/// assert_eq!(report.read_to_string().await?, "42 rows\n");
/// # Ok::<(), nebulakit_types::Error>(()) }).unwrap();
/// ```
pub struct File<F = Any> {
    placed: Placed,
    metadata: BTreeMap<String, String>,
    workspace: Option<Workspace>,
    /// Where it was downloaded to; shared by clones.
    local: Arc<OnceCell<Local>>,
    format: PhantomData<fn() -> F>,
}

impl<F> File<F> {
    fn new(source: Source) -> Self {
        let placed = Placed::new(source);
        Self { placed, metadata: BTreeMap::new(), workspace: None, local: Arc::default(), format: PhantomData }
    }

    /// A file of this machine, to be stored when it is returned from a task.
    #[must_use]
    pub fn from_path(path: impl Into<PathBuf>) -> Self {
        Self::new(Source::Path(path.into()))
    }

    /// The file at a URI (or a path that is the same for every task), which stays where it is.
    ///
    /// Made in a task's own code, it is opened through the task's stores, wherever it is moved. Made elsewhere, in a plain `tokio::spawn`, a
    /// thread or a program without tasks, it opens by itself only on this machine; a remote one needs [`within`](Self::within).
    #[must_use]
    pub fn from_uri(uri: impl Into<String>) -> Self {
        Self { workspace: Workspace::current(), ..Self::new(Source::Uri(uri.into())) }
    }

    /// A file called `name` with these contents, to be stored when it is returned from a task.
    #[must_use]
    pub fn from_bytes(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self::new(Source::Bytes(name.into(), bytes.into()))
    }

    /// Stores the file at `url` instead of below the raw-output prefix (`remote_path` of flytekit).
    #[must_use]
    pub fn stored_at(mut self, url: impl Into<String>) -> Self {
        self.placed.destination = Destination::Url(url.into());
        self
    }

    /// Leaves a file of this machine where it is, for tasks that share a file system (`remote_path=False` of flytekit).
    #[must_use]
    pub fn in_place(mut self) -> Self {
        self.placed.destination = Destination::Stay;
        self
    }

    /// Notes something beside the file, in the literal.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// The same file, read through `workspace`.
    #[must_use]
    pub fn within(mut self, workspace: impl Into<Workspace>) -> Self {
        self.workspace = Some(workspace.into());
        self
    }

    /// The same file, taken for one of another format.
    #[must_use]
    pub fn cast<G>(self) -> File<G> {
        let Self { placed, metadata, workspace, local, .. } = self;
        File { placed, metadata, workspace, local, format: PhantomData }
    }

    /// The URI, if the file is in a store or has been sent to one.
    #[must_use]
    pub fn uri(&self) -> Option<&str> {
        self.placed.uri()
    }

    /// The file's name: the last segment of its URI or path, of a web address without its query.
    #[must_use]
    pub fn name(&self) -> &str {
        self.placed.name()
    }

    /// What was noted beside the file.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    fn workspace(&self, url: Option<&str>) -> Result<Workspace> {
        workspace(self.workspace.as_ref(), url)
    }

    /// The URL by which the file is read; [`None`] for one in memory.
    fn url(&self) -> Result<Option<String>> {
        Ok(match &self.placed.source {
            Source::Uri(uri) => Some(uri.clone()),
            Source::Path(path) => Some(text(path)?),
            Source::Bytes(..) => None,
        })
    }

    /// What the store says of the file. One request.
    ///
    /// In code that is not async: `file.blocking().stat()`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if it is not there, and those of the store.
    pub fn stat(&self) -> AwaitOrBlocking<'_, ObjectMeta> {
        AwaitOrBlocking::new(async move {
            let Some(url) = self.url()? else { return Ok(ObjectMeta { size: self.in_memory().len() as u64, ..ObjectMeta::default() }) };
            self.workspace(Some(&url))?.storage().stat_existing(&url).await
        })
    }

    /// The file's length in bytes.
    ///
    /// In code that is not async: `file.blocking().size()`.
    ///
    /// # Errors
    /// Those of [`File::stat`].
    pub fn size(&self) -> AwaitOrBlocking<'_, u64> {
        AwaitOrBlocking::new(async move {
            match self.stat().await?.size {
                ObjectMeta::UNKNOWN => Err(Error::new(ErrorKind::Io, format!("the server does not say how long `{}` is", self.name()))),
                size => Ok(size),
            }
        })
    }

    fn in_memory(&self) -> &Bytes {
        static NONE: Bytes = Bytes::new();
        if let Source::Bytes(_, bytes) = &self.placed.source { bytes } else { &NONE }
    }

    /// Streams the file, or the part of it from one byte to another. One request; what breaks is resumed where it broke.
    ///
    /// In code that is not async: `file.blocking().open()` reads it from its beginning, and `file.blocking().range(..)` a part`.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if it is not there, and those of the store.
    pub fn stream(&self, range: impl RangeBounds<u64> + Send) -> AwaitOrBlocking<'_, Reading> {
        let range = (range.start_bound().cloned(), range.end_bound().cloned());
        AwaitOrBlocking::new(async move {
            match self.url()? {
                Some(url) => self.workspace(Some(&url))?.storage().read(&url, range).await,
                None => Ok(Reading::of_bytes(self.in_memory(), range)),
            }
        })
    }

    /// The bytes of a part of the file.
    ///
    /// In code that is not async: `file.blocking().range(0..1024)`.
    ///
    /// # Errors
    /// Those of [`File::stream`]; [`ErrorKind::OutOfRange`] when the file ends before the range does.
    pub fn range(&self, range: std::ops::Range<u64>) -> AwaitOrBlocking<'_, Bytes> {
        AwaitOrBlocking::new(async move {
            let wanted = range.end.saturating_sub(range.start);
            let bytes = collect(self.stream(range.clone()).await?, wanted, self.name()).await?;
            if (bytes.len() as u64) < wanted {
                let message = format!("`{}`: the bytes {range:?} were asked for, and there are only {} of them", self.name(), bytes.len());
                return Err(Error::new(ErrorKind::OutOfRange, message));
            }
            Ok(bytes)
        })
    }

    /// The whole file, if it is not larger than [`READ_LIMIT`].
    ///
    /// In code that is not async: `file.blocking().read_bytes()`.
    ///
    /// # Errors
    /// Those of [`File::stream`]; [`ErrorKind::OutOfRange`] when the file is larger.
    pub fn read_bytes(&self) -> AwaitOrBlocking<'_, Bytes> {
        AwaitOrBlocking::new(async move { self.read_up_to(READ_LIMIT).await })
    }

    /// The whole file, if it is not larger than `limit` bytes.
    ///
    /// In code that is not async: `file.blocking().read_up_to(limit)`.
    ///
    /// # Errors
    /// Those of [`File::stream`]; [`ErrorKind::OutOfRange`] when the file is larger.
    pub fn read_up_to(&self, limit: u64) -> AwaitOrBlocking<'_, Bytes> {
        AwaitOrBlocking::new(async move {
            let reading = self.stream(..).await?;
            let size = reading.meta().size;
            if size > limit && size != ObjectMeta::UNKNOWN {
                let message = format!(
                    "`{}` has {size} bytes and is read whole only up to {limit}; read it as a stream, in ranges, or with a higher limit",
                    self.name()
                );
                return Err(Error::new(ErrorKind::OutOfRange, message));
            }
            collect(reading, limit, self.name()).await
        })
    }

    /// The whole file as text, if it is not larger than [`READ_LIMIT`].
    ///
    /// In code that is not async: `file.blocking().read_to_string()`.
    ///
    /// # Errors
    /// Those of [`File::read_bytes`]; [`ErrorKind::Mismatch`] when it is not UTF-8.
    pub fn read_to_string(&self) -> AwaitOrBlocking<'_, String> {
        AwaitOrBlocking::new(async move {
            let bytes = self.read_bytes().await?;
            String::from_utf8(bytes.into()).map_err(|error| {
                let message = format!("`{}` is not UTF-8 text, at byte {}", self.name(), error.utf8_error().valid_up_to());
                Error::new(ErrorKind::Mismatch, message)
            })
        })
    }

    /// Downloads the file to `path`, by parallel ranges where it is large. It appears there whole or not at all. Returns its length.
    ///
    /// In code that is not async: `file.blocking().download(path)`.
    ///
    /// # Errors
    /// Those of the store and of the file system.
    pub fn download(&self, path: impl AsRef<Path>) -> AwaitOrBlocking<'_, u64> {
        let path = path.as_ref().to_owned();
        AwaitOrBlocking::new(async move {
            match self.url()? {
                Some(url) => self.workspace(Some(&url))?.storage().download(&url, &path).await,
                None => {
                    let bytes = self.in_memory().clone();
                    self.workspace(None)?.storage().upload_bytes(&text(&path)?, bytes.clone(), &PutOptions::default()).await?;
                    Ok(bytes.len() as u64)
                }
            }
        })
    }

    /// The file's path on this machine: its own if it is here, else that of a copy in the workspace's scratch folder, which is downloaded
    /// once for this value and its clones. Outside of a task the folder is this value's own, and goes with its last clone.
    ///
    /// In code that is not async: `file.blocking().path()`.
    ///
    /// # Errors
    /// Those of [`File::download`].
    pub fn path(&self) -> AwaitOrBlocking<'_, &Path> {
        AwaitOrBlocking::new(async move {
            let copy = || async {
                let url = self.url()?;
                let workspace = self.workspace(url.as_deref())?;
                copy_of(url.as_deref(), self.name(), PathKind::File, workspace, async |path: &Path| self.download(path).await.map(drop))
                    .await
            };
            Ok(self.local.get_or_try_init(copy).await?.path())
        })
    }
}

async fn collect(mut reading: Reading, most: u64, name: &str) -> Result<Bytes> {
    let range = reading.range();
    let length = if range.end == ObjectMeta::UNKNOWN { 0 } else { range.end - range.start };
    // Grown piece by piece, all of it would be copied about twice. The length is what the store says, and may be untrue.
    let mut whole = Vec::with_capacity(length.min(most).min(READ_LIMIT) as usize);
    while let Some(bytes) = reading.next().await {
        let bytes = bytes?;
        if whole.len() as u64 + bytes.len() as u64 > most {
            return Err(Error::new(ErrorKind::OutOfRange, format!("`{name}` is longer than {most} bytes")));
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(whole.into())
}

impl<F> File<F> {
    fn written(&self, outbox: &mut Outbox) -> Result<Reference> {
        let upload = |path: PathBuf, url: String| {
            check(&path, PathKind::File)?;
            let what = path.display().to_string();
            Ok(Transfer::custom(what, move |storage| async move { storage.upload(&path, &url, &options_for(&url)).await.map(drop) }))
        };
        Ok(Reference { uri: self.placed.send(outbox, || stored_name(self.name()), upload)?, metadata: self.metadata.clone() })
    }

    fn read(reference: Reference, workspace: Option<&Workspace>) -> Result<Self> {
        let Reference { uri, metadata } = reference;
        // Of a task's inputs; elsewhere nothing is looked at before it is read.
        workspace.map_or(Ok(()), |_| check_kind(&uri, PathKind::File))?;
        Ok(Self { metadata, workspace: workspace.cloned().or_else(Workspace::current), ..Self::new(Source::Uri(uri)) })
    }
}

impl<F: Format> NebulaType for File<F> {
    const TAG: &'static str = "FlyteFilePath";
    const KIND: Kind = Kind::Blob;

    fn tag(dialect: &Dialect) -> &'static str {
        if dialect.files == FileShape::Flyte1 { Self::TAG } else { "File" }
    }

    fn literal_type(dialect: &Dialect) -> LiteralType {
        FILE.literal_type(F::NAME, dialect)
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        let reference = self.written(encoder.outbox())?;
        FILE.encode(reference, F::NAME, encoder);
        Ok(())
    }

    /// A small pickle lies in its literal.
    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        if let (PYTHON_PICKLE, LiteralView::Binary(bytes, "")) = (F::NAME, literal.view()?) {
            let file = Self::from_bytes("pickle", bytes.to_vec());
            return Ok(Self { workspace: literal.references().workspace().cloned(), ..file });
        }
        Self::read(FILE.decode(literal)?, literal.references().workspace())
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        let reference = self.written(packer.outbox())?;
        FILE.pack(&reference, self.name(), packer)
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        Self::read(FILE.unpack(unpacker)?, unpacker.references().workspace())
    }

    fn schema(_: &Dialect) -> serde_json::Value {
        FILE.schema()
    }
}

impl<F> Clone for File<F> {
    fn clone(&self) -> Self {
        Self {
            placed: self.placed.clone(),
            metadata: self.metadata.clone(),
            workspace: self.workspace.clone(),
            local: self.local.clone(),
            format: PhantomData,
        }
    }
}

impl<F> fmt::Debug for File<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("File");
        match &self.placed.source {
            Source::Uri(uri) => fields.field("uri", &shown(uri)),
            Source::Path(path) => fields.field("path", path),
            Source::Bytes(name, bytes) => fields.field("name", name).field("size", &bytes.len()),
        };
        fields.field("metadata", &self.metadata).finish()
    }
}
