//! polars' frames from tables, and tables from frames: batch by batch, as Arrow IPC in memory, which both sides read and write.

use std::io::Cursor;

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::writer::StreamWriter;
use polars_arrow::io::ipc::{read as polars_read, write as polars_write};
use polars_core::error::PolarsResult;
use polars_core::frame::DataFrame;
use polars_core::prelude::{CompatLevel, Schema as PolarsSchema, SchemaExt as _, TimeZone};

use super::places::Places;
use super::row::Columns;
use super::{Schema, SchemaWriter, TableRead, threads};
use crate::{Bytes, Error, ErrorKind, Result};

/// Rows per chunk of a frame that is read, unless the caller asks for another batch size.
const CHUNK: usize = 256 * 1024;

/// Approximate rows per batch of a frame that is written.
const PIECE: usize = 64 * 1024;

/// What a table in memory is called in messages.
const HELD: &str = "in memory";

impl<R: Columns> TableRead<R> {
    /// Reads everything that is asked for into one frame of polars, whose columns have a chunk for each batch: 262,144 rows, unless
    /// [`TableRead::batch_size`] says otherwise. A table without rows is a frame with its columns.
    ///
    /// Dictionaries of texts become categories, maps become lists of structs; all else is what polars calls it.
    ///
    /// # Errors
    /// Those of [`TableRead::stream`], and [`ErrorKind::Mismatch`] for a column that polars has no type for: unions, intervals, floats of 16
    /// bits, decimals of more than 38 digits, instants in a zone that is not in the database of zones.
    pub async fn collect_polars(mut self) -> Result<DataFrame> {
        self.request.batch_size.get_or_insert(CHUNK);
        let (schema, columns) = (self.schema.clone(), self.request.columns.clone());
        let mut whole: Option<DataFrame> = None;
        let name = schema.uri().unwrap_or(HELD).to_owned();
        let mut batches = self.stream();
        while let Some(batch) = batches.try_next().await? {
            let frame = threads::run(&name, move || frame_of(&batch)).await?;
            match &mut whole {
                None => whole = Some(frame),
                Some(whole) => {
                    whole.vstack_mut_owned(frame).map_err(|error| unfit("the batches of the table make no frame of polars", error))?;
                }
            }
        }
        match whole {
            Some(frame) => Ok(frame),
            None => {
                let found = schema.columns().await?;
                let places = Places::of(&found);
                let indices = columns.map(|names| names.iter().map(|name| places.place(name)).collect::<Result<Vec<_>>>());
                let wanted = match indices.transpose()? {
                    Some(indices) => found.project(&indices).map_err(|error| unfit("the columns make no frame of polars", error))?.into(),
                    None => found,
                };
                threads::run(&name, move || frame_of(&RecordBatch::new_empty(wanted))).await
            }
        }
    }
}

impl<R: Columns> SchemaWriter<R> {
    /// Adds the rows of a frame of polars, a piece at a time.
    ///
    /// # Errors
    /// Those of [`SchemaWriter::write`], and [`ErrorKind::Unencodable`] for a column that polars cannot write as Arrow.
    pub async fn write_polars(&mut self, frame: &DataFrame) -> Result<()> {
        // A frame without rows has columns to be written.
        for start in (0..frame.height().max(1)).step_by(PIECE) {
            let piece = frame.slice(i64::try_from(start).unwrap_or(i64::MAX), PIECE);
            for batch in threads::run(self.uri(), move || batches_of(piece)).await? {
                self.write(batch).await?;
            }
        }
        Ok(())
    }
}

impl<R: Columns> Schema<R> {
    /// A table of a frame of polars, as batches in memory. For one that is too large to be there twice, there is
    /// [`SchemaWriter::write_polars`].
    ///
    /// # Errors
    /// [`ErrorKind::Unencodable`] for a column that polars cannot write as Arrow.
    pub fn from_polars(frame: DataFrame) -> Result<Self> {
        Ok(Self::from_batches(batches_of(frame)?))
    }
}

/// A batch as polars has it.
fn frame_of(batch: &RecordBatch) -> Result<DataFrame> {
    let places = Places::of(batch.schema_ref());
    for field in batch.schema_ref().fields() {
        places.place(field.name())?;
        known(field).map_err(|error| error.at_field(field.name()))?;
    }
    let encode = || {
        let mut writer = StreamWriter::try_new(Vec::new(), batch.schema_ref())?;
        writer.write(batch)?;
        writer.into_inner()
    };
    let bytes = encode().map_err(|error: ArrowError| unfit("a batch has no form in Arrow IPC", error))?;
    let decode = || -> PolarsResult<DataFrame> {
        let mut bytes = Cursor::new(bytes);
        let metadata = polars_read::read_stream_metadata(&mut bytes)?;
        let mut batches = polars_read::StreamReader::new(&mut bytes, metadata.clone(), None);
        match batches.next() {
            Some(batch) => Ok(DataFrame::from(batch?.unwrap())),
            None => Ok(DataFrame::empty_with_schema(&PolarsSchema::from_arrow_schema(&metadata.schema))),
        }
    };
    decode().map_err(|error| unfit("a batch makes no frame of polars", error))
}

/// Whether polars has a type for a column; what it has none for, it answers with a panic.
fn known(field: &Field) -> Result<()> {
    let unknown = |why: &str| Err(Error::new(ErrorKind::Mismatch, format!("polars has no type for {}{why}", field.data_type())));
    match field.data_type() {
        DataType::Float16
        | DataType::Interval(_)
        | DataType::Union(..)
        | DataType::RunEndEncoded(..)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::Decimal256(..) => unknown(""),
        DataType::Timestamp(_, zone) => match TimeZone::opt_try_new(zone.as_deref()) {
            Ok(_) => Ok(()),
            Err(_) => unknown(", whose zone it does not know"),
        },
        DataType::List(inner) | DataType::LargeList(inner) | DataType::FixedSizeList(inner, _) | DataType::Map(inner, _) => known(inner),
        DataType::Struct(fields) => fields.iter().try_for_each(|field| known(field).map_err(|error| error.at_field(field.name()))),
        DataType::Dictionary(_, values) => known(&Field::new("", values.as_ref().clone(), true)),
        _ => Ok(()),
    }
}

/// A frame as Arrow's batches, at least one.
fn batches_of(mut frame: DataFrame) -> Result<Vec<RecordBatch>> {
    let fault = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::new(ErrorKind::Unencodable, "the frame of polars has no form in Arrow").with_source(error)
    };
    let mut encode = || -> PolarsResult<Vec<u8>> {
        // Strings and lists as every reader of Arrow has them, and all columns with the same chunks.
        let level = CompatLevel::oldest();
        frame.align_chunks_par();
        let mut writer = polars_write::StreamWriter::new(Vec::new(), polars_write::WriteOptions { compression: None });
        writer.start(&frame.schema().to_arrow(level), None)?;
        frame.iter_chunks(level, true).try_for_each(|chunk| writer.write(&chunk, None))?;
        writer.finish()?;
        Ok(writer.into_inner())
    };
    let mut bytes = Buffer::from(Bytes::from(encode().map_err(|error| fault(error.into()))?));
    let mut decoder = StreamDecoder::new();
    let mut batches = Vec::new();
    while let Some(batch) = decoder.decode(&mut bytes).map_err(|error| fault(error.into()))? {
        batches.push(batch);
    }
    if batches.is_empty() {
        let schema = decoder.schema().ok_or_else(|| fault("it has no columns".into()))?;
        batches.push(RecordBatch::new_empty(schema));
    }
    Ok(batches)
}

#[cold]
fn unfit(message: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Mismatch, message).with_source(error)
}
