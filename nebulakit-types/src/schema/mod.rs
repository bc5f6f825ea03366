//! Tables as Arrow record batches: [`Schema`], streamed from and to object stores.
//!
//! A [`Schema`] is a handle: making one does no I/O. It is typed by a struct whose fields are the columns (`#[derive(Row)]`), or untyped,
//! and travels between tasks as Flyte's structured dataset; a [`LegacySchema`] travels as the older `FlyteSchema`. Parquet, CSV and Arrow
//! IPC are built in, and a program can [`register`] formats of its own.
//!
//! ```
//! use std::sync::Arc;
//!
//! use nebulakit_types::schema::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
//! use nebulakit_types::schema::{AnyRow, Schema, column};
//! use nebulakit_types::workspace::Workspace;
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! # let folder = tempfile::tempdir().unwrap();
//! let workspace = Workspace::local(folder.path());
//! let cities: ArrayRef = Arc::new(StringArray::from(vec!["Oslo", "Bergen"]));
//! let people: ArrayRef = Arc::new(Int64Array::from(vec![717_710, 291_940]));
//! let batch = RecordBatch::try_from_iter([("city", cities), ("people", people)])?;
//!
//! let mut writer = Schema::<AnyRow>::create(&workspace)?;
//! writer.write(batch).await?;
//! let table = writer.finish().await?;
//!
//! let mut large = table.read().columns(["city"]).filter(column("people").gt(500_000)).stream();
//! while let Some(batch) = large.try_next().await? {
//!     assert_eq!((batch.num_rows(), batch.num_columns()), (1, 1));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
//!
//! # How tables are stored
//! A table that is written is one object, `<raw prefix>/<32 hexadecimal digits>/00000`, Parquet with snappy, its instants in
//! microseconds; its URI is that of the directory (Flyte task contract, "tabular"). Read are single objects, and directories of parts
//! whose names do not begin with `_` or `.`: what pandas, polars, pyarrow, Spark and flytekit write. Folders such as `year=2026` are
//! columns of all the rows below them.
//!
//! # How tables are read
//! [`Schema::read`] streams batches: footers first, then only the columns that are asked for, of the row groups and pages that can hold
//! rows that are wanted. The columns of a row group are decoded by as many threads as there are processors; of the row groups that follow
//! one is read ahead, or as many as take 64 MiB.

mod blocking;
mod cell;
mod csv;
mod fault;
mod filter;
mod format;
mod formats;
#[cfg(feature = "polars")]
mod frames;
mod ipc;
mod limit;
mod literal;
mod nested;
mod object;
mod parquet;
mod parts;
mod places;
mod read;
mod row;
mod size;
mod table;
mod threads;
mod widen;
mod write;

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use ::arrow::array::RecordBatch;

/// The Arrow of this version: arrays, batches, types and computations.
pub use ::arrow;
/// The core of polars in this version: frames, columns, data types. A program that does more with frames, such as `frame.lazy()`, names
/// `polars` among its own dependencies, in the same version and with the features that it needs: its frames are these.
#[cfg(feature = "polars")]
pub use ::polars_core as polars;
pub use blocking::{BlockingSchema, BlockingSchemaWriter, BlockingTableRead, BlockingTableStream};
pub use cell::{Cell, Decimal};
pub use filter::{ColumnName, Filter, Value, column};
pub use format::{Compression, ReadRequest, Run, TableEncoder, TableFormat, TablePart};
pub use formats::register;
pub use literal::LegacySchema;
pub use object::TableObject;
pub use read::{TableRead, TableStream};
pub use row::{AnyRow, Column, Columns, Row, RowField, batch_of, rows_of};
pub use write::SchemaWriter;

use row::batch_of_borrowed;

use crate::workspace::Workspace;
use crate::{Error, ErrorKind, Result};

/// A table: where it is stored, or batches that are to be.
///
/// `R` is what the type says of the columns: a struct with `#[derive(Row)]`, or [`AnyRow`], the default, which says nothing. A task that
/// declares fewer columns than a table has reads only those. Cheap to clone.
///
/// Returned from a task, batches are stored after the task's function has ended and before its outputs are; a table that came in, or was
/// written by [`Schema::create`], goes out as its URI.
pub struct Schema<R = AnyRow> {
    data: TableData,
    /// The format by name; empty for what the URI says, or Parquet.
    format: String,
    workspace: Option<Workspace>,
    of: PhantomData<fn() -> R>,
}

#[derive(Clone)]
enum TableData {
    Stored(Arc<str>),
    Held(Arc<Vec<RecordBatch>>),
}

impl<R> Clone for Schema<R> {
    fn clone(&self) -> Self {
        Self { data: self.data.clone(), format: self.format.clone(), workspace: self.workspace.clone(), of: PhantomData }
    }
}

impl<R> fmt::Debug for Schema<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Schema");
        match &self.data {
            TableData::Stored(uri) => shown.field("uri", &crate::storage::shown(uri)),
            TableData::Held(batches) => shown.field("rows", &batches.iter().map(RecordBatch::num_rows).sum::<usize>()),
        };
        shown.field("format", &self.format).finish()
    }
}

impl<R> Schema<R> {
    fn stored(uri: impl Into<Arc<str>>, format: &str, workspace: Option<Workspace>) -> Self {
        Self { data: TableData::Stored(uri.into()), format: format.to_owned(), workspace, of: PhantomData }
    }

    /// A table that is stored at `uri`: an object, or a directory of them. Nothing is looked at before it is read.
    #[must_use]
    pub fn from_uri(uri: impl Into<String>) -> Self {
        Self::stored(uri.into(), "", Workspace::current())
    }

    /// The same table in a format: `parquet`, `csv`, `arrow`, or one that was [registered](register). Of a table that is stored, it says
    /// how; of one that is in memory, how it shall be.
    #[must_use]
    pub fn with_format(mut self, format: impl Into<String>) -> Self {
        self.format = format.into();
        self
    }

    /// The same table, read through the stores of `workspace`. Tables that came in as inputs have theirs.
    #[must_use]
    pub fn within(mut self, workspace: impl Into<Workspace>) -> Self {
        self.workspace = Some(workspace.into());
        self
    }

    /// The same table with another type of rows, which is looked at when it is read.
    #[must_use]
    pub fn cast<S>(self) -> Schema<S> {
        Schema { data: self.data, format: self.format, workspace: self.workspace, of: PhantomData }
    }

    /// Where the table is; [`None`] for one in memory.
    #[must_use]
    pub fn uri(&self) -> Option<&str> {
        match &self.data {
            TableData::Stored(uri) => Some(uri),
            TableData::Held(_) => None,
        }
    }

    /// The format by name; empty where nothing says one.
    #[must_use]
    pub fn format(&self) -> &str {
        &self.format
    }

    fn held(&self) -> Option<&Arc<Vec<RecordBatch>>> {
        match &self.data {
            TableData::Held(batches) => Some(batches),
            TableData::Stored(_) => None,
        }
    }
}

impl<R: Columns> Schema<R> {
    /// A table of batches in memory, all with the columns of the first one. A table without rows is one empty batch.
    #[must_use]
    pub fn from_batches(batches: impl IntoIterator<Item = RecordBatch>) -> Self {
        let batches = Arc::new(batches.into_iter().collect());
        Self { data: TableData::Held(batches), format: String::new(), workspace: None, of: PhantomData }
    }
}

impl<R: Row> Schema<R> {
    /// A table of rows in memory, which are given or borrowed: a `Vec` or a slice of them.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`] for a value that its column cannot hold.
    pub fn from_rows<I>(rows: I) -> Result<Self>
    where
        I: IntoIterator,
        I::Item: Borrow<R>,
    {
        let rows: Vec<_> = rows.into_iter().collect();
        Ok(Self::from_batches([batch_of_borrowed(&rows)?]))
    }
}

#[cold]
fn no_batches() -> Error {
    Error::new(ErrorKind::Missing, "a table without a batch has no columns; give it one empty batch with the columns")
}
