//! Tables for code that is not async.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::row::{Columns, Row};
use super::{Schema, SchemaWriter, TableRead, TableStream};
use crate::Result;
use crate::blocking::wait;

impl<R> Schema<R> {
    /// The calls of a table for code that is not async, such as a task that is a plain `fn`: each waits, and gives its result at once.
    #[must_use]
    pub fn blocking(&self) -> BlockingSchema<'_, R> {
        BlockingSchema(self)
    }
}

impl<R> TableRead<R> {
    /// The same for code that is not async: `table.read().columns(["city"]).blocking().rows()`.
    pub fn blocking(self) -> BlockingTableRead<R> {
        BlockingTableRead(self)
    }
}

impl<R> SchemaWriter<R> {
    /// The same for code that is not async: `Schema::create(&ctx)?.blocking()`.
    pub fn blocking(self) -> BlockingSchemaWriter<R> {
        BlockingSchemaWriter(self)
    }
}

/// The calls of a [`Schema`] for code that is not async, such as a task that is a plain `fn`; see [`Schema::blocking`].
///
/// ```
/// # use nebulakit_types::schema::arrow::array::{ArrayRef, Int64Array, RecordBatch};
/// # use nebulakit_types::schema::{AnyRow, Schema, column};
/// # use nebulakit_types::workspace::Workspace;
/// # let folder = tempfile::tempdir().unwrap();
/// # let workspace = Workspace::local(folder.path());
/// let numbers: ArrayRef = std::sync::Arc::new(Int64Array::from(vec![1, 2, 3]));
/// let mut writer = Schema::<AnyRow>::create(&workspace)?.blocking();
/// writer.write(RecordBatch::try_from_iter([("n", numbers)])?)?;
/// let table = writer.finish()?;
///
/// assert_eq!(table.blocking().num_rows()?, 3);
/// for batch in table.read().filter(column("n").gt(1)).blocking().stream() {
///     assert_eq!(batch?.num_rows(), 2);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
/// All of them, in async code.
#[derive(Debug)]
pub struct BlockingSchema<'a, R>(&'a Schema<R>);

impl<R: Columns> BlockingSchema<'_, R> {
    /// As [`Schema::columns`].
    ///
    /// # Errors
    /// As there.
    pub fn columns(&self) -> Result<SchemaRef> {
        wait(self.0.columns())
    }

    /// As [`Schema::num_rows`].
    ///
    /// # Errors
    /// As there.
    pub fn num_rows(&self) -> Result<u64> {
        wait(self.0.num_rows())
    }

    /// As [`Schema::read`], for code that is not async from there on.
    pub fn read(&self) -> BlockingTableRead<R> {
        self.0.read().blocking()
    }
}

/// A [`TableRead`] for code that is not async; see [`TableRead::blocking`].
///
/// # Panics
/// All calls, and their iterators, in async code.
#[derive(Debug)]
#[must_use = "nothing is read yet"]
pub struct BlockingTableRead<R>(TableRead<R>);

impl<R: Columns> BlockingTableRead<R> {
    /// As [`TableRead::stream`]: an iterator.
    #[must_use]
    pub fn stream(self) -> BlockingTableStream<RecordBatch> {
        BlockingTableStream(self.0.stream())
    }

    /// As [`TableRead::collect`].
    ///
    /// # Errors
    /// As there.
    pub fn collect(self) -> Result<Vec<RecordBatch>> {
        wait(self.0.collect())
    }

    /// As [`TableRead::collect_polars`].
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "polars")]
    pub fn collect_polars(self) -> Result<super::polars::frame::DataFrame> {
        wait(self.0.collect_polars())
    }
}

impl<R: Row> BlockingTableRead<R> {
    /// As [`TableRead::rows`]: an iterator.
    #[must_use]
    pub fn rows(self) -> BlockingTableStream<R> {
        BlockingTableStream(self.0.rows())
    }

    /// As [`TableRead::collect_rows`].
    ///
    /// # Errors
    /// As there.
    pub fn collect_rows(self) -> Result<Vec<R>> {
        wait(self.0.collect_rows())
    }
}

/// A [`TableStream`] for code that is not async: an iterator.
#[derive(Debug)]
pub struct BlockingTableStream<T>(TableStream<T>);

impl<T> Iterator for BlockingTableStream<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        wait(self.0.try_next()).transpose()
    }
}

/// A [`SchemaWriter`] for code that is not async; see [`SchemaWriter::blocking`].
///
/// # Panics
/// All calls, in async code.
#[derive(Debug)]
#[must_use = "the table is there for others only when `finish` has returned"]
pub struct BlockingSchemaWriter<R>(SchemaWriter<R>);

impl<R: Columns> BlockingSchemaWriter<R> {
    /// As [`SchemaWriter::write`].
    ///
    /// # Errors
    /// As there.
    pub fn write(&mut self, batch: RecordBatch) -> Result<()> {
        wait(self.0.write(batch))
    }

    /// As [`SchemaWriter::write_polars`].
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "polars")]
    pub fn write_polars(&mut self, frame: &super::polars::frame::DataFrame) -> Result<()> {
        wait(self.0.write_polars(frame))
    }

    /// As [`SchemaWriter::finish`].
    ///
    /// # Errors
    /// As there.
    pub fn finish(self) -> Result<Schema<R>> {
        wait(self.0.finish())
    }
}

impl<R: Row> BlockingSchemaWriter<R> {
    /// As [`SchemaWriter::write_rows`].
    ///
    /// # Errors
    /// As there.
    pub fn write_rows(&mut self, rows: impl IntoIterator<Item = R, IntoIter: Send> + Send) -> Result<()> {
        wait(self.0.write_rows(rows))
    }
}
