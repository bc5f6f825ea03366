//! Batches as row groups: the columns of a row group are encoded side by side, and a finished row group leaves at once.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array as _, ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema as ArrowSchema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression as Codec, ZstdLevel};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use super::super::fault::unwritable;
use super::super::format::{Compression, TableEncoder};
use super::super::threads;
use crate::{Bytes, Error, ErrorKind, Result};

/// A row group has at most so many rows.
const MOST_ROWS: usize = 1024 * 1024;

/// A row group is finished when it has about so many encoded bytes.
const ENOUGH_BYTES: usize = 64 * 1024 * 1024;

/// Writes one file.
pub(super) struct ParquetEncoder {
    file: SerializedFileWriter<Output>,
    factory: ArrowRowGroupWriterFactory,
    output: Output,
    schema: SchemaRef,
    /// How many columns of Parquet each column has.
    leaves: Vec<usize>,
    /// The writers of the row group at hand, none between two.
    columns: Vec<ArrowColumnWriter>,
    rows: usize,
    row_groups: usize,
}

impl ParquetEncoder {
    pub(super) fn new(schema: &SchemaRef, compression: Option<Compression>) -> Result<Self> {
        let fields: Fields = schema.fields().iter().map(micros).collect();
        let schema = Arc::new(ArrowSchema::new_with_metadata(fields, schema.metadata().clone()));
        let properties = WriterProperties::builder().set_compression(codec(compression)?).build();
        let output = Output::default();
        let writer = ArrowWriter::try_new(output.clone(), schema.clone(), Some(properties)).map_err(fault)?;
        let (file, factory) = writer.into_serialized_writer().map_err(fault)?;
        let descriptor = file.schema_descr();
        let mut leaves = vec![0; schema.fields().len()];
        (0..descriptor.num_columns()).for_each(|leaf| leaves[descriptor.get_column_root_idx(leaf)] += 1);
        Ok(Self { file, factory, output, schema, leaves, columns: Vec::new(), rows: 0, row_groups: 0 })
    }

    /// Encodes some rows, which all fit into the row group at hand.
    fn encode(&mut self, batches: &[RecordBatch]) -> Result<()> {
        if self.columns.is_empty() {
            self.columns = self.factory.create_column_writers(self.row_groups).map_err(fault)?;
        }
        let mut writers = self.columns.as_mut_slice();
        let mut tasks = Vec::new();
        for (index, leaves) in self.leaves.iter().enumerate() {
            let (own, rest) = writers.split_at_mut(*leaves);
            writers = rest;
            let size: usize = batches.iter().map(|batch| batch.column(index).get_buffer_memory_size()).sum();
            tasks.push((index, own, size));
        }
        // The largest first, so that no thread is left alone with one at the end.
        tasks.sort_by_key(|(.., size)| std::cmp::Reverse(*size));
        let schema = &self.schema;
        threads::on_each(tasks, |(index, writers, _)| {
            let field = schema.field(index);
            for batch in batches {
                let array = exact(batch.column(index), field).map_err(|error| error.at_field(field.name()))?;
                for (writer, leaf) in writers.iter_mut().zip(compute_leaves(field, &array).map_err(fault)?) {
                    writer.write(&leaf).map_err(fault)?;
                }
            }
            Ok(())
        })?;
        self.rows += batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        Ok(())
    }

    /// Finishes the row group at hand, if there is one.
    fn flush(&mut self) -> Result<()> {
        if self.columns.is_empty() {
            return Ok(());
        }
        let writers = std::mem::take(&mut self.columns);
        let mut chunks: Vec<Option<ArrowColumnChunk>> = writers.iter().map(|_| None).collect();
        threads::on_each(writers.into_iter().zip(&mut chunks).collect(), |(writer, chunk)| {
            *chunk = Some(writer.close().map_err(fault)?);
            Ok(())
        })?;
        let mut row_group = self.file.next_row_group().map_err(fault)?;
        for chunk in chunks.into_iter().flatten() {
            chunk.append_to_row_group(&mut row_group).map_err(fault)?;
        }
        row_group.close().map_err(fault)?;
        self.rows = 0;
        self.row_groups += 1;
        Ok(())
    }
}

impl TableEncoder for ParquetEncoder {
    fn write(&mut self, batches: &[RecordBatch]) -> Result<Vec<Bytes>> {
        let mut fitting: Vec<RecordBatch> = Vec::new();
        let mut room = MOST_ROWS - self.rows;
        for batch in batches {
            let mut rest = batch.clone();
            while rest.num_rows() >= room {
                fitting.push(rest.slice(0, room));
                rest = rest.slice(room, rest.num_rows() - room);
                self.encode(&std::mem::take(&mut fitting))?;
                self.flush()?;
                room = MOST_ROWS;
            }
            if rest.num_rows() > 0 {
                room -= rest.num_rows();
                fitting.push(rest);
            }
        }
        if !fitting.is_empty() {
            self.encode(&fitting)?;
        }
        if self.columns.iter().map(ArrowColumnWriter::get_estimated_total_bytes).sum::<usize>() >= ENOUGH_BYTES {
            self.flush()?;
        }
        Ok(self.output.take())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<Bytes>> {
        self.flush()?;
        self.file.finish().map_err(fault)?;
        Ok(self.output.take())
    }
}

fn codec(compression: Option<Compression>) -> Result<Codec> {
    match compression.unwrap_or(Compression::Snappy) {
        Compression::None => Ok(Codec::UNCOMPRESSED),
        Compression::Snappy => Ok(Codec::SNAPPY),
        Compression::Lz4 => Ok(Codec::LZ4_RAW),
        Compression::Zstd(level @ 1..=22) => Ok(Codec::ZSTD(ZstdLevel::try_new(level.into()).map_err(fault)?)),
        other @ Compression::Zstd(_) => Err(other.unknown_to("Parquet", "take `None`, `Snappy`, `Lz4` or `Zstd(1..=22)`")),
    }
}

fn fault(error: parquet::errors::ParquetError) -> Error {
    unwritable("Parquet", error)
}

/// The field with all its instants in microseconds, as Flyte's Python SDK writes them and as every reader of Parquet has them.
fn micros(field: &FieldRef) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        DataType::List(element) => DataType::List(micros(element)),
        DataType::LargeList(element) => DataType::LargeList(micros(element)),
        DataType::FixedSizeList(element, length) => DataType::FixedSizeList(micros(element), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(micros).collect()),
        _ => return field.clone(),
    };
    Arc::new(Field::clone(field).with_data_type(data_type))
}

/// The values in the type of the file's column, if that changes none.
fn exact(array: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    if array.data_type() == field.data_type() {
        return Ok(array.clone());
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let cast = |array: &ArrayRef, to: &DataType| cast_with_options(array, to, &options).map_err(|error| unwritable("Parquet", error));
    let written = cast(array, field.data_type())?;
    if cast(&written, array.data_type())?.to_data() == array.to_data() {
        return Ok(written);
    }
    Err(Error::new(
        ErrorKind::Unencodable,
        "an instant has digits below microseconds, for which tables in Parquet have no room; cut them before the table is written",
    ))
}

/// The bytes of the file that have not been taken yet.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    fn take(&self) -> Vec<Bytes> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if bytes.is_empty() { Vec::new() } else { vec![bytes.into()] }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
