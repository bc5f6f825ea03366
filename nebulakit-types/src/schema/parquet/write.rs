//! Batches as row groups: the columns of a row group are encoded side by side, and a finished row group leaves at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{Array as _, ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema as ArrowSchema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves};
use parquet::basic::{Compression as Codec, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::file::writer::SerializedFileWriter;

use super::super::fault::unwritable;
use super::super::format::{Compression, TableEncoder};
use super::super::threads;
use super::dictionary;
use super::output::Output;
use crate::{Bytes, Error, ErrorKind, Result};

/// Maximum rows per row group.
const MOST_ROWS: usize = 1024 * 1024;

/// Approximate encoded bytes at which a row group is finished: 64 MiB.
const ENOUGH_BYTES: usize = 64 * 1024 * 1024;

/// Writes one file.
pub(super) struct ParquetEncoder {
    file: SerializedFileWriter<Output>,
    factory: ArrowRowGroupWriterFactory,
    output: Output,
    /// Whether batches have come: what is finished of the file may have been taken then.
    begun: bool,
    schema: SchemaRef,
    /// How many columns of Parquet each column has.
    leaves: Vec<usize>,
    /// How long each column took when it was encoded last.
    took: Vec<Duration>,
    /// The writers of the current row group; none between two.
    columns: Vec<ArrowColumnWriter>,
    /// The columns of the row group before, not in the file yet.
    finished: Vec<ArrowColumnChunk>,
    rows: usize,
    row_groups: usize,
}

impl ParquetEncoder {
    pub(super) fn new(schema: &SchemaRef, compression: Option<Compression>) -> Result<Self> {
        let fields: Fields = schema.fields().iter().map(micros).collect();
        let schema = Arc::new(ArrowSchema::new_with_metadata(fields, schema.metadata().clone()));
        Self::begin(schema, WriterProperties::builder().set_compression(codec(compression)?).build())
    }

    fn begin(schema: SchemaRef, properties: WriterProperties) -> Result<Self> {
        let output = Output::default();
        let options = ArrowWriterOptions::new().with_properties(properties).with_page_store_factory(Arc::new(output.clone()));
        let writer = ArrowWriter::try_new_with_options(output.clone(), schema.clone(), options).map_err(fault)?;
        let (file, factory) = writer.into_serialized_writer().map_err(fault)?;
        let descriptor = file.schema_descr();
        let mut leaves = vec![0; schema.fields().len()];
        (0..descriptor.num_columns()).for_each(|leaf| leaves[descriptor.get_column_root_idx(leaf)] += 1);
        let took = vec![Duration::MAX; leaves.len()];
        let (columns, finished) = Default::default();
        Ok(Self { file, factory, output, begun: false, schema, leaves, took, columns, finished, rows: 0, row_groups: 0 })
    }

    /// Starts over without the dictionaries that would not pay, as far as the first rows tell.
    fn look_at(&mut self, batches: &[RecordBatch]) -> Result<()> {
        let vain = dictionary::vain(batches);
        if !vain.is_empty() {
            let properties = WriterProperties::clone(self.file.properties()).into_builder();
            let without = |all: WriterPropertiesBuilder, column: String| all.set_column_dictionary_enabled(vec![column].into(), false);
            *self = Self::begin(self.schema.clone(), vain.into_iter().fold(properties, without).build())?;
        }
        Ok(())
    }

    /// Encodes some rows, which all fit into the current row group, and puts the one before into the file meanwhile.
    fn encode(&mut self, batches: &[RecordBatch]) -> Result<()> {
        if self.columns.is_empty() {
            self.columns = self.factory.create_column_writers(self.row_groups).map_err(fault)?;
        }
        let mut writers = self.columns.as_mut_slice();
        let mut tasks = Vec::new();
        for (index, (leaves, took)) in self.leaves.iter().zip(&mut self.took).enumerate() {
            let (own, rest) = writers.split_at_mut(*leaves);
            writers = rest;
            tasks.push((*took, Task::Encode(index, own, took)));
        }
        // The longest first, so that no thread is left alone with one at the end.
        tasks.sort_by_key(|(took, _)| std::cmp::Reverse(*took));
        let mut tasks: Vec<_> = tasks.into_iter().map(|(_, task)| task).collect();
        if !self.finished.is_empty() {
            tasks.insert(0, Task::Append(&mut self.file, std::mem::take(&mut self.finished)));
        }
        let schema = &self.schema;
        threads::on_each(tasks, |task| match task {
            Task::Append(file, chunks) => append(file, chunks),
            Task::Encode(index, writers, took) => {
                let begin = Instant::now();
                let field = schema.field(index);
                for batch in batches {
                    let array = exact(batch.column(index), field).map_err(|error| error.at_field(field.name()))?;
                    for (writer, leaf) in writers.iter_mut().zip(compute_leaves(field, &array).map_err(fault)?) {
                        writer.write(&leaf).map_err(fault)?;
                    }
                }
                *took = begin.elapsed();
                Ok(())
            }
        })?;
        self.rows += batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        Ok(())
    }

    /// Finishes the current row group, if there is one.
    fn flush(&mut self) -> Result<()> {
        if self.columns.is_empty() {
            return Ok(());
        }
        append(&mut self.file, std::mem::take(&mut self.finished))?;
        let writers = std::mem::take(&mut self.columns);
        let mut chunks: Vec<Option<ArrowColumnChunk>> = writers.iter().map(|_| None).collect();
        threads::on_each(writers.into_iter().zip(&mut chunks).collect(), |(writer, chunk)| {
            *chunk = Some(writer.close().map_err(fault)?);
            Ok(())
        })?;
        self.finished = chunks.into_iter().flatten().collect();
        self.rows = 0;
        self.row_groups += 1;
        Ok(())
    }
}

/// What a thread does.
enum Task<'encoder> {
    /// Encodes a column, and says how long that took.
    Encode(usize, &'encoder mut [ArrowColumnWriter], &'encoder mut Duration),
    /// Puts a finished row group into the file.
    Append(&'encoder mut SerializedFileWriter<Output>, Vec<ArrowColumnChunk>),
}

fn append(file: &mut SerializedFileWriter<Output>, chunks: Vec<ArrowColumnChunk>) -> Result<()> {
    if chunks.is_empty() {
        return Ok(());
    }
    let mut row_group = file.next_row_group().map_err(fault)?;
    for chunk in chunks {
        chunk.append_to_row_group(&mut row_group).map_err(fault)?;
    }
    row_group.close().map_err(fault)?;
    Ok(())
}

impl TableEncoder for ParquetEncoder {
    fn write(&mut self, batches: &[RecordBatch]) -> Result<Vec<Bytes>> {
        if !self.begun {
            self.look_at(batches)?;
            self.begun = true;
        }
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
        append(&mut self.file, std::mem::take(&mut self.finished))?;
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

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::file::metadata::RowGroupMetaData;

    use super::*;

    /// Batches of a column that repeats, and of one that does not.
    fn batches(rows: i64) -> Vec<RecordBatch> {
        let starts = (0..rows).step_by(10_000);
        let batch = |start: i64| {
            let indices = start..rows.min(start + 10_000);
            let few: ArrayRef = Arc::new(indices.clone().map(|index| Some(index % 7)).collect::<Int64Array>());
            let many: ArrayRef =
                Arc::new(indices.map(|index| Some(index.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64))).collect::<Int64Array>());
            RecordBatch::try_from_iter([("few", few), ("many", many)]).unwrap()
        };
        starts.map(batch).collect()
    }

    fn encoded(batches: &[RecordBatch]) -> Vec<Bytes> {
        let mut encoder = Box::new(ParquetEncoder::new(&batches[0].schema(), None).unwrap());
        let mut pieces: Vec<Bytes> = batches.chunks(3).flat_map(|some| encoder.write(some).unwrap()).collect();
        pieces.extend(encoder.finish().unwrap());
        pieces
    }

    #[test]
    fn row_groups_leave_in_pieces_and_in_their_order() {
        let batches = batches(2 * MOST_ROWS as i64 + 5);
        let pieces = encoded(&batches);
        assert!(pieces.len() > 16 && pieces.iter().all(|piece| piece.len() <= 1024 * 1024), "{} pieces", pieces.len());
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(pieces.concat())).unwrap();
        let row_groups: Vec<_> = reader.metadata().row_groups().iter().map(RowGroupMetaData::num_rows).collect();
        assert_eq!(row_groups, [MOST_ROWS as i64, MOST_ROWS as i64, 5]);
        let read: Vec<RecordBatch> = reader.with_batch_size(3 * MOST_ROWS).build().unwrap().map(|batch| batch.unwrap()).collect();
        assert_eq!(read, [arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap()]);
    }

    #[test]
    fn batches_without_rows_may_come_first() {
        let mut batches = batches(20_000);
        batches.splice(0..0, std::iter::repeat_n(batches[0].slice(0, 0), 3));
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(encoded(&batches).concat())).unwrap();
        let rows: usize = reader.build().unwrap().map(|batch| batch.unwrap().num_rows()).sum();
        assert_eq!(rows, 20_000);
    }

    #[test]
    fn a_column_that_does_not_repeat_has_no_dictionary() {
        let file = Bytes::from(encoded(&batches(20_000)).concat());
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let columns = reader.metadata().row_group(0).columns();
        let dictionaries: Vec<_> = columns.iter().map(|column| column.dictionary_page_offset().is_some()).collect();
        assert_eq!(dictionaries, [true, false]);
    }
}
