//! Writing a table: batches are gathered, encoded on threads of their own, and stored while the next ones are made.

use std::borrow::Borrow;
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Fields, SchemaRef};
use tokio::sync::oneshot;

use super::Schema;
use super::format::{Compression, TableEncoder};
use super::places::{Places, batch, twice};
use super::row::{Columns, Row, batch_of_borrowed, declared};
use super::table::{self, Table};
use super::widen::widen;
use super::{formats, size, threads};
use crate::data::check_url;
use crate::storage::{ObjectWriter, PutOptions, shown};
use crate::workspace::Workspace;
use crate::{Bytes, Error, ErrorKind, Result};

/// Maximum rows buffered before encoding: enough to keep several threads busy.
const GATHERED_ROWS: usize = 256 * 1024;

/// Maximum bytes buffered before encoding: 32 MiB.
const GATHERED_BYTES: usize = 32 * 1024 * 1024;

/// Maximum encoded bytes that wait to be stored, 64 MiB; the encoder pauses while there are more.
const WAITING_BYTES: usize = 64 * 1024 * 1024;

/// Rows per batch that typed rows are turned into.
const ROWS: usize = 8 * 1024;

/// A table that is being written: [`Schema::create`].
///
/// Row groups are encoded by several threads and stored while the next batches are made; memory stays bounded whatever the size of the
/// table. The table is there when [`SchemaWriter::finish`] returns, and not before; dropped, nothing is stored.
pub struct SchemaWriter<R> {
    table: Table,
    workspace: Workspace,
    compression: Option<Compression>,
    columns: Option<SchemaRef>,
    gathered: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
    encoding: Encoding,
    /// Finished, but not stored yet.
    waiting: VecDeque<Bytes>,
    object: Option<ObjectWriter>,
    of: PhantomData<fn() -> R>,
}

/// Where the encoder is.
enum Encoding {
    /// None has been begun.
    Unbegun,
    /// At work, on a thread from which it comes back.
    Busy(oneshot::Receiver<Encoded>),
    /// Lost, to an error or to a write that was dropped half way, and rows with it: what followed would be another table.
    Lost,
}

/// An encoder that comes back from its thread, and what it has made.
type Encoded = Result<(Box<dyn TableEncoder>, Vec<Bytes>)>;

impl<R: Columns> Schema<R> {
    /// Begins a table in `workspace`, under its raw-output prefix, in the format that `R` declares, else Parquet.
    ///
    /// In code that is not async: `Schema::create(&ctx)?.blocking()`.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] where the workspace has no such prefix.
    pub fn create(workspace: impl AsRef<Workspace>) -> Result<SchemaWriter<R>> {
        Self::create_as(workspace, R::format())
    }

    /// The same in another format.
    ///
    /// # Errors
    /// Those of [`Schema::create`], and [`ErrorKind::Mismatch`] for a format that is not known.
    pub fn create_as(workspace: impl AsRef<Workspace>, format: &str) -> Result<SchemaWriter<R>> {
        let workspace = workspace.as_ref();
        let uri =
            workspace.fresh_url("").ok_or_else(|| Error::new(ErrorKind::Url, "there is no raw-output prefix to write a table under"))?;
        Self::create_at(workspace, uri, format)
    }

    /// The same at a URI of one's own, which is that of the table's directory.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] for a format that is not known, [`ErrorKind::Name`] for a URI that stores do not take.
    pub fn create_at(workspace: impl AsRef<Workspace>, uri: impl Into<String>, format: &str) -> Result<SchemaWriter<R>> {
        let (workspace, uri) = (workspace.as_ref(), uri.into());
        check_url(&uri)?;
        // The name of a directory says nothing of its format.
        let format = if format.is_empty() { formats::DEFAULT } else { format };
        let table = table::at(workspace.storage(), &uri, format, declared::<R>())?;
        Ok(SchemaWriter::new(table, workspace.clone()))
    }

    /// The format that a table in memory is written in.
    pub(super) fn written_format(&self) -> &str {
        [self.format.as_str(), R::format(), formats::DEFAULT].into_iter().find(|format| !format.is_empty()).unwrap_or_default()
    }
}

impl<R> fmt::Debug for SchemaWriter<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaWriter").field("uri", &shown(&self.table.uri)).finish_non_exhaustive()
    }
}

impl<R: Columns> SchemaWriter<R> {
    pub(super) fn new(table: Table, workspace: Workspace) -> Self {
        let columns = declared::<R>();
        Self {
            table,
            workspace,
            compression: None,
            columns,
            gathered: Vec::new(),
            rows: 0,
            bytes: 0,
            encoding: Encoding::Unbegun,
            waiting: VecDeque::new(),
            object: None,
            of: PhantomData,
        }
    }

    /// Compresses otherwise than by default, which is snappy in Parquet and nothing in Arrow IPC. Parquet knows all compressions, Arrow IPC
    /// [`Compression::Lz4`] and [`Compression::Zstd`] (of any level the same), CSV none; an unknown one is an error of the first rows that
    /// are encoded. To be called before any row is written.
    #[must_use]
    pub fn compressed(mut self, compression: Compression) -> Self {
        self.compression = Some(compression);
        self
    }

    /// Adds a batch. The first one of an untyped table decides its columns.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] for a column that is not in the batch, [`ErrorKind::Mismatch`] for one of another type,
    /// [`ErrorKind::Ambiguous`] for two of one name,
    /// [`ErrorKind::Unencodable`] for values that the format has no form for (of this batch or an earlier one), and those of the store.
    /// After one of the latter two nothing can be stored any more.
    pub async fn write(&mut self, batch: RecordBatch) -> Result<()> {
        if matches!(self.encoding, Encoding::Lost) {
            return Err(lost());
        }
        let columns = match &self.columns {
            Some(columns) => columns.clone(),
            None => {
                different(batch.schema_ref().fields())?;
                self.columns.insert(batch.schema()).clone()
            }
        };
        let batch = conform(&batch, &columns)?;
        self.rows += batch.num_rows();
        self.bytes += size::of(&batch);
        self.gathered.push(batch);
        if self.rows < GATHERED_ROWS && self.bytes < GATHERED_BYTES {
            return Ok(());
        }
        self.encode(&columns).await
    }

    /// Where the table is written.
    #[cfg(feature = "polars")]
    pub(super) fn uri(&self) -> &str {
        &self.table.uri
    }

    /// Hands what is gathered to the encoder, once it is back from what it had before; what it had finished is stored while it works.
    async fn encode(&mut self, columns: &SchemaRef) -> Result<()> {
        let mut encoder = self.encoder(columns).await?;
        let batches = std::mem::take(&mut self.gathered);
        (self.rows, self.bytes) = (0, 0);
        let (sender, receiver) = oneshot::channel();
        let uri = self.table.uri.clone();
        threads::spawn(move || {
            let encoded = threads::reported(&uri, || encoder.write(&batches));
            // The writer may have given up.
            let _ = sender.send(encoded.map(|bytes| (encoder, bytes)));
        })?;
        self.store_while(|_| receiver.is_empty()).await?;
        self.encoding = Encoding::Busy(receiver);
        Ok(())
    }

    /// The encoder, when it is free.
    async fn encoder(&mut self, columns: &SchemaRef) -> Result<Box<dyn TableEncoder>> {
        match std::mem::replace(&mut self.encoding, Encoding::Lost) {
            Encoding::Unbegun => self.table.format.encoder(columns.clone(), self.compression),
            Encoding::Busy(encoding) => {
                let (encoder, bytes) = encoding.await.unwrap_or_else(|_| Err(threads::panicked(&self.table.uri)))?;
                self.waiting.extend(bytes);
                self.store_while(|waiting| waiting.iter().map(Bytes::len).sum::<usize>() > WAITING_BYTES).await?;
                Ok(encoder)
            }
            Encoding::Lost => Err(lost()),
        }
    }

    /// Stores what waits, piece by piece, while there is a reason to.
    async fn store_while(&mut self, reason: impl Fn(&VecDeque<Bytes>) -> bool) -> Result<()> {
        while reason(&self.waiting)
            && let Some(bytes) = self.waiting.pop_front()
        {
            let object = match &mut self.object {
                Some(object) => object,
                none => none.insert(self.table.storage.create(&self.table.object_url(), &PutOptions::default()).await?),
            };
            object.write(bytes).await?;
        }
        Ok(())
    }

    /// Stores the rest. The table is there for every reader when this returns.
    ///
    /// # Errors
    /// Those of [`SchemaWriter::write`], and [`ErrorKind::Missing`] for an untyped table without a single batch, which has no columns.
    pub async fn finish(mut self) -> Result<Schema<R>> {
        let Some(columns) = self.columns.clone() else {
            return Err(Error::new(ErrorKind::Missing, "a table without a batch has no columns; write an empty batch with the columns"));
        };
        if !self.gathered.is_empty() {
            self.encode(&columns).await?;
        }
        let encoder = self.encoder(&columns).await?;
        self.waiting.extend(threads::run(&self.table.uri, move || encoder.finish()).await?);
        self.store_while(|_| true).await?;
        if let Some(object) = self.object {
            object.finish().await?;
        }
        Ok(Schema::stored(self.table.uri, self.table.format.name(), Some(self.workspace)))
    }
}

impl<R: Row> SchemaWriter<R> {
    /// Adds rows, which are given or borrowed: a `Vec`, a slice, any iterator of rows or of references to them.
    ///
    /// In an async task the compiler refuses an iterator whose closures look at borrowed rows (`rows.iter().filter(|row| ..)`: "implementation
    /// of `FnOnce` is not general enough"); collect it into a `Vec` of references first.
    ///
    /// # Errors
    /// Those of [`SchemaWriter::write`], and [`ErrorKind::OutOfRange`] for a value that its column cannot hold.
    pub async fn write_rows<I>(&mut self, rows: I) -> Result<()>
    where
        I: IntoIterator<IntoIter: Send>,
        I::Item: Borrow<R>,
    {
        let mut rows = rows.into_iter();
        loop {
            // Before anything is waited for: what is borrowed need not go from thread to thread.
            let batch = {
                let some: Vec<I::Item> = rows.by_ref().take(ROWS).collect();
                if some.is_empty() { None } else { Some(batch_of_borrowed(&some)?) }
            };
            match batch {
                Some(batch) => self.write(batch).await?,
                None => return Ok(()),
            }
        }
    }
}

#[cold]
fn lost() -> Error {
    Error::new(ErrorKind::Io, "a write of the table failed or was given up, so that it cannot be whole any more")
}

/// Checks that no two columns, and no two fields of a struct, have one name: readers give the first one twice, or refuse the table.
fn different(fields: &Fields) -> Result<()> {
    let mut names = HashSet::with_capacity(fields.len());
    for field in fields {
        if !names.insert(field.name()) {
            return Err(twice(field.name()));
        }
        let inner = match field.data_type() {
            DataType::Struct(fields) => different(fields),
            DataType::List(inner)
            | DataType::LargeList(inner)
            | DataType::ListView(inner)
            | DataType::LargeListView(inner)
            | DataType::FixedSizeList(inner, _)
            | DataType::Map(inner, _) => different(&Fields::from(vec![inner.clone()])),
            _ => Ok(()),
        };
        inner.map_err(|error| error.at_field(field.name()))?;
    }
    Ok(())
}

/// The columns of a batch in the order and the types of the table.
fn conform(found: &RecordBatch, columns: &SchemaRef) -> Result<RecordBatch> {
    let schema = found.schema();
    if &schema == columns {
        return Ok(found.clone());
    }
    if schema.fields().len() > columns.fields().len() {
        let known: HashSet<&str> = columns.fields().iter().map(|field| field.name().as_str()).collect();
        let surplus = schema.fields().iter().find(|field| !known.contains(field.name().as_str()));
        let name = surplus.map_or("", |field| field.name());
        return Err(Error::new(ErrorKind::Mismatch, format!("the batch has the column `{name}`, which the table has not")));
    }
    let places = Places::of(&schema);
    let arrays = columns.fields().iter().map(|field| {
        let array = widen(found.column(places.place(field.name())?), field.data_type()).map_err(|error| error.at_field(field.name()))?;
        let gaps = arrow::array::Array::logical_null_count(&array);
        if gaps > 0 && !field.is_nullable() {
            let message = format!("{gaps} values are absent, for which the column is not declared; declare it as an `Option`");
            return Err(Error::new(ErrorKind::Missing, message).at_field(field.name()));
        }
        Ok(array)
    });
    batch(columns.fields().to_vec(), arrays.collect::<Result<_>>()?, found.num_rows())
}

/// Stores a table of batches.
pub(super) async fn store<R: Columns>(writer: SchemaWriter<R>, batches: Arc<Vec<RecordBatch>>) -> Result<()> {
    let mut writer = writer;
    match Arc::try_unwrap(batches) {
        // Nobody else has them: each goes when it is encoded.
        Ok(batches) => {
            for batch in batches {
                writer.write(batch).await?;
            }
        }
        Err(batches) => {
            for batch in batches.iter() {
                writer.write(batch.clone()).await?;
            }
        }
    }
    writer.finish().await.map(drop)
}
