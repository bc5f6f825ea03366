//! What a format of tables is: how its objects are opened, read in runs, and written.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, StreamExt as _};

use super::filter::{Bound, Filter};
use super::object::TableObject;
use super::places::{Places, place_of};
use crate::{Bytes, Error, ErrorKind, Result};

/// Maximum rows per batch, unless the caller asks for another size.
const BATCH: usize = 32 * 1024;

/// Maximum bytes of memory for runs that are read ahead: 64 MiB.
pub(super) const BUDGET: u64 = 64 * 1024 * 1024;

/// A format that tables are stored in.
///
/// [`register`](super::register) makes one known by its name; tables whose literal or type says that name are then read and written with it.
pub trait TableFormat: Send + Sync + 'static {
    /// What literals call the format, in small letters; case does not matter where it is read.
    fn name(&self) -> &str;

    /// The name of the one object of a table that is written.
    fn object_name(&self) -> &str {
        "00000"
    }

    /// Opens an object for reading: as much of it as is needed to know its columns. `declared` are the columns of a typed table, for
    /// formats that do not store types.
    fn open(&self, object: TableObject, declared: Option<SchemaRef>) -> BoxFuture<'static, Result<Arc<dyn TablePart>>>;

    /// Begins a new object with these columns, compressed in that way, or as the format is by default.
    ///
    /// # Errors
    /// When the format has no form for a column, or does not know the compression.
    fn encoder(&self, schema: SchemaRef, compression: Option<Compression>) -> Result<Box<dyn TableEncoder>>;
}

/// An object of a table that has been opened.
pub trait TablePart: Send + Sync {
    /// Its columns.
    fn schema(&self) -> SchemaRef;

    /// How many rows it has, where that is known without reading them.
    fn num_rows(&self) -> Option<u64>;

    /// The batches of rows that were asked for, in runs that can be read side by side; run after run, they are the rows in their order.
    ///
    /// # Errors
    /// When something is asked for that the object does not have.
    fn read(&self, request: &Arc<ReadRequest>) -> Result<Vec<Run>>;
}

/// Some batches of an object, read when they are polled for.
pub struct Run {
    pub(super) weight: u64,
    pub(super) work: Work,
}

/// What is done for a run.
pub(super) enum Work {
    /// Its bytes are fetched first, which tell what it weighs when it is decoded.
    Fetch(Fetch),
    /// It is read.
    Read(Start),
}

/// Makes what brings the bytes of a run.
type Fetch = Box<dyn FnOnce() -> BoxFuture<'static, Result<Run>> + Send>;

/// Makes the stream of a run.
type Start = Box<dyn FnOnce() -> BoxStream<'static, Result<RecordBatch>> + Send>;

impl Run {
    /// A run whose stream is made when its turn comes, or a little before; it takes little memory.
    pub fn new(start: impl FnOnce() -> BoxStream<'static, Result<RecordBatch>> + Send + 'static) -> Self {
        Self::weighing(0, start)
    }

    /// A run that takes about `bytes` of memory while it is read; the larger it is, the fewer are read in parallel.
    pub fn weighing(bytes: u64, start: impl FnOnce() -> BoxStream<'static, Result<RecordBatch>> + Send + 'static) -> Self {
        Self { weight: bytes, work: Work::Read(Box::new(start)) }
    }

    /// A run of which `bytes` are fetched before it is known how much memory it takes.
    pub(super) fn fetching(bytes: u64, fetch: impl FnOnce() -> BoxFuture<'static, Result<Self>> + Send + 'static) -> Self {
        Self { weight: bytes, work: Work::Fetch(Box::new(fetch)) }
    }

    /// The run whose batches `finish` changes.
    pub(super) fn map(self, finish: impl Fn(RecordBatch) -> Result<RecordBatch> + Send + 'static) -> Self {
        let work = match self.work {
            Work::Read(start) => Work::Read(Box::new(move || start().map(move |batch| finish(batch?)).boxed())),
            Work::Fetch(fetch) => Work::Fetch(Box::new(move || async move { Ok(fetch().await?.map(finish)) }.boxed())),
        };
        Self { weight: self.weight, work }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("weight", &self.weight).finish_non_exhaustive()
    }
}

/// How the bytes of a table are made fewer; which formats know which is said at [`SchemaWriter::compressed`](super::SchemaWriter::compressed).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    None,
    /// Quick, and what Parquet has by default.
    Snappy,
    /// Quick: raw blocks of LZ4 in Parquet, frames in Arrow IPC.
    Lz4,
    /// Smaller and slower, from level 1 to 22.
    Zstd(u8),
}

impl Compression {
    /// What a format says of a compression that it does not know.
    pub(super) fn unknown_to(self, format: &str, known: &str) -> Error {
        Error::new(ErrorKind::Unencodable, format!("{format} is not compressed by {self:?}: {known}"))
    }
}

/// Writes batches as the bytes of one object.
pub trait TableEncoder: Send {
    /// Takes batches, and gives the bytes that are finished by now. All batches have the columns of the schema that the object was begun
    /// with.
    ///
    /// # Errors
    /// When a value has no form.
    fn write(&mut self, batches: &[RecordBatch]) -> Result<Vec<Bytes>>;

    /// Gives the rest.
    ///
    /// # Errors
    /// As [`TableEncoder::write`].
    fn finish(self: Box<Self>) -> Result<Vec<Bytes>>;
}

/// What is asked of a table: columns, rows, and how many of those at a time.
#[derive(Debug, Clone)]
pub struct ReadRequest {
    pub(super) columns: Option<Vec<String>>,
    pub(super) filter: Option<Filter>,
    pub(super) batch_size: Option<usize>,
}

impl ReadRequest {
    /// The columns to be given, in this order; [`None`] for all.
    #[must_use]
    pub fn columns(&self) -> Option<&[String]> {
        self.columns.as_deref()
    }

    /// Which rows are wanted; [`None`] for all.
    #[must_use]
    pub fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// At most how many rows a batch has.
    #[must_use]
    pub fn batch_size(&self) -> usize {
        self.batch_size.unwrap_or(BATCH)
    }

    /// The indices in `schema` of the columns that have to be read, for themselves or for the filter, in the order of `schema`.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] for a column that is not there.
    pub fn needed(&self, schema: &SchemaRef) -> Result<Vec<usize>> {
        let Some(columns) = &self.columns else { return Ok((0..schema.fields().len()).collect()) };
        let filtered = self.filter.iter().flat_map(|filter| filter.columns());
        let names = columns.iter().map(String::as_str).chain(filtered);
        let places = Places::of(schema);
        let mut indices = names.map(|name| places.place(name)).collect::<Result<Vec<_>>>()?;
        indices.sort_unstable();
        indices.dedup();
        Ok(indices)
    }

    /// What is left of a batch of the needed columns: the wanted rows, with the wanted columns in their order.
    ///
    /// # Errors
    /// Those of [`Filter::apply`].
    pub fn finish(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        match &self.filter {
            Some(filter) => self.project(&filter.apply(batch)?),
            None => self.project(batch),
        }
    }

    /// The wanted columns of a batch, in their order.
    pub(super) fn project(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let Some(columns) = &self.columns else { return Ok(batch.clone()) };
        let schema = batch.schema();
        let places = Places::of(&schema);
        let indices = columns.iter().map(|name| places.place(name)).collect::<Result<Vec<_>>>()?;
        batch.project(&indices).map_err(|error| Error::new(ErrorKind::Corrupt, "the columns make no batch").with_source(error))
    }

    /// The filter, bound to the columns of `schema`.
    pub(super) fn bound(&self, schema: &SchemaRef) -> Result<Option<Bound>> {
        self.filter.as_ref().map(|filter| filter.bind(schema)).transpose()
    }
}

/// The place of a column.
pub(super) fn index_of(schema: &SchemaRef, name: &str) -> Result<usize> {
    place_of(name, schema.fields().iter().map(|field| field.name().as_str()))
}
