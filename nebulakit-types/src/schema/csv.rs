//! CSV: a header, commas, an empty cell for an absent value; the object is called `.csv`, where flytekit looks for it.
//!
//! Bytes that are not UTF-8 are found before a decoder has them: it takes cells for text that are text together only.

use std::sync::Arc;

use arrow::array::{Array as _, RecordBatch};
use arrow::compute::cast;
use arrow::csv::reader::{Decoder, Format};
use arrow::csv::{ReaderBuilder, WriterBuilder};
use arrow::datatypes::{DataType, Field, Schema as ArrowSchema, SchemaRef};
use arrow::error::ArrowError;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use futures_util::{FutureExt as _, Stream};

use super::fault::{broken, unreadable, unwritable};
use super::format::{Compression, ReadRequest, Run, TableEncoder, TableFormat, TablePart};
use super::limit::Limit;
use super::object::TableObject;
use super::threads;
use crate::{Bytes, Error, ErrorKind, Result};

/// Bytes after which a batch ends with the current line, however few rows it has: 64 MiB.
const BATCH_BYTES: u64 = 64 * 1024 * 1024;

/// Bytes decoded at a time: 256 KiB.
const STEP: usize = 256 * 1024;

/// Bytes of an object that are read to guess the types of its columns: 1 MiB.
const SAMPLE: u64 = 1024 * 1024;

/// Maximum number of cells that the decoder makes room for at a time; each takes 16 bytes.
const CELLS: usize = 1024 * 1024;

pub(super) struct Csv;

impl TableFormat for Csv {
    fn name(&self) -> &str {
        "csv"
    }

    fn object_name(&self) -> &str {
        ".csv"
    }

    fn open(&self, object: TableObject, declared: Option<SchemaRef>) -> BoxFuture<'static, Result<Arc<dyn TablePart>>> {
        async move {
            let limit = Limit::of(&object);
            let mut length = object.size().min(SAMPLE);
            let mut sample = object.read_range(0..length).await?;
            while length < object.size() && !sample.contains(&b'\n') {
                if length > limit.bytes() {
                    return Err(limit.exceeded(object.url(), format_args!("its first line has more than {length} bytes")));
                }
                length = object.size().min(length.saturating_mul(4));
                sample = object.read_range(0..length).await?;
            }
            let whole = length == object.size();
            let schema = columns(object.url(), &sample, whole, declared.as_deref())?;
            let part: Arc<dyn TablePart> = Arc::new(CsvPart { object, schema: Arc::new(schema) });
            Ok(part)
        }
        .boxed()
    }

    fn encoder(&self, schema: SchemaRef, compression: Option<Compression>) -> Result<Box<dyn TableEncoder>> {
        if let Some(compression) = compression.filter(|compression| *compression != Compression::None) {
            return Err(compression.unknown_to("CSV", "it is plain text"));
        }
        for field in schema.fields() {
            if field.data_type().is_nested() {
                return Err(Error::new(
                    ErrorKind::Unencodable,
                    format!("the column holds {}, for which CSV has no form; use Parquet", field.data_type()),
                )
                .at_field(field.name()));
            }
        }
        Ok(Box::new(CsvEncoder { schema, header: true }))
    }
}

/// The columns: their names by the header, their types as declared, the others as their values look.
fn columns(url: &str, sample: &[u8], whole: bool, declared: Option<&ArrowSchema>) -> Result<ArrowSchema> {
    // What stands after the last line's end may be half of a value.
    let end = if whole { sample.len() } else { sample.iter().rposition(|byte| *byte == b'\n').map_or(sample.len(), |end| end + 1) };
    let mut text = Text::default();
    text.follow(url, &sample[..end])?;
    text.end(url)?;
    let format = Format::default().with_header(true);
    let infer = || format.infer_schema(&sample[..end], None).map_err(|error| unreadable(url, error));
    let (guessed, _) = threads::guarded(url, infer)?;
    let fields = guessed.fields().iter().map(|field| {
        let known = declared.and_then(|declared| declared.field_with_name(field.name()).ok());
        match known {
            Some(known) => Field::new(known.name(), with_offset(known.data_type()), true),
            // A column without a single value could be anything.
            None if *field.data_type() == DataType::Null => Field::new(field.name(), DataType::Utf8, true),
            None => Field::new(field.name(), field.data_type().clone(), true),
        }
    });
    Ok(ArrowSchema::new(fields.collect::<Vec<_>>()))
}

/// The type with its zone as an offset, which text has instead of a zone's name.
fn with_offset(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Timestamp(unit, Some(_)) => DataType::Timestamp(*unit, Some("+00:00".into())),
        other => other.clone(),
    }
}

struct CsvPart {
    object: TableObject,
    schema: SchemaRef,
}

impl TablePart for CsvPart {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn num_rows(&self) -> Option<u64> {
        None
    }

    fn read(&self, request: &Arc<ReadRequest>) -> Result<Vec<Run>> {
        let needed = request.needed(&self.schema)?;
        let decoder = ReaderBuilder::new(self.schema.clone())
            .with_header(true)
            .with_batch_size(request.batch_size().min(CELLS / self.schema.fields().len().max(1)).max(1))
            .with_projection(needed)
            .build_decoder();
        let (object, request) = (self.object.clone(), request.clone());
        Ok(vec![Run::new(move || batches(object, decoder, request).boxed())])
    }
}

fn batches(object: TableObject, decoder: Decoder, request: Arc<ReadRequest>) -> impl Stream<Item = Result<RecordBatch>> + Send {
    let (url, limit) = (object.url().to_owned(), Limit::of(&object));
    let (text, rest, input) = (Text::default(), Bytes::new(), Input::Closed(object));
    let state = Reading { url, limit, decoder, request, text, rest, input, line: 0, batch: 0 };
    stream::try_unfold(state, |mut state| async move { Ok(state.next().await?.map(|batch| (batch, state))) })
}

enum Input {
    Closed(TableObject),
    Open(BoxStream<'static, Result<Bytes>>),
    Ended,
}

/// An object on its way through the decoder.
struct Reading {
    url: String,
    limit: Limit,
    decoder: Decoder,
    request: Arc<ReadRequest>,
    text: Text,
    rest: Bytes,
    input: Input,
    /// How many bytes of the current line have been decoded, as far as that is known, and of the current batch.
    line: u64,
    batch: u64,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let ended = self.fill().await?;
            let before = self.decoder.capacity();
            let is_heavy = self.batch > BATCH_BYTES;
            let piece = self.rest.slice(..step(&self.rest, is_heavy));
            let decode = || self.decoder.decode(&piece).map_err(|error| unreadable(&self.url, error));
            let read = threads::guarded(&self.url, decode)?;
            let line_ended = self.decoder.capacity() < before;
            self.rest = self.rest.slice(read..);
            self.batch += read as u64;
            self.line = if line_ended { 0 } else { self.line + read as u64 };
            if self.line > self.limit.bytes() {
                return Err(self.limit.exceeded(&self.url, format_args!("a line has more than {} bytes", self.limit.bytes())));
            }
            // A batch is full when not all that is there was taken, or when it is heavy and a line has just ended.
            if read == 0 || self.decoder.capacity() == 0 || ended || is_heavy && line_ended {
                self.batch = 0;
                let flush = || self.decoder.flush().map_err(|error| unreadable(&self.url, error));
                let batch = threads::guarded(&self.url, flush)?;
                match batch {
                    Some(batch) => return Ok(Some(self.request.finish(&batch)?)),
                    None if ended && self.rest.is_empty() => return Ok(None),
                    None => {}
                }
            }
        }
    }

    /// Fetches bytes unless there are some; says whether that was all.
    async fn fill(&mut self) -> Result<bool> {
        while self.rest.is_empty() {
            match &mut self.input {
                Input::Closed(object) => self.input = Input::Open(object.stream().await?.boxed()),
                Input::Ended => return Ok(true),
                Input::Open(bytes) => match bytes.next().await {
                    Some(bytes) => {
                        self.rest = bytes?;
                        self.text.follow(&self.url, &self.rest)?;
                    }
                    None => {
                        self.text.end(&self.url)?;
                        self.input = Input::Ended;
                    }
                },
            }
        }
        Ok(false)
    }
}

/// How much of `bytes` is decoded at once: to the end of a line, so that a heavy batch can end there, or as much as comes.
fn step(bytes: &[u8], is_heavy: bool) -> usize {
    let most = &bytes[..bytes.len().min(STEP)];
    let line = is_heavy.then(|| most.iter().position(|byte| matches!(byte, b'\n' | b'\r'))).flatten();
    line.map_or(most.len(), |end| end + 1)
}

/// Whether bytes that come piece by piece are UTF-8.
#[derive(Default)]
struct Text {
    /// How many bytes have been looked at.
    at: usize,
    /// The beginning of a character whose rest has not come yet.
    begun: Vec<u8>,
}

impl Text {
    fn follow(&mut self, url: &str, bytes: &[u8]) -> Result<()> {
        let mut rest = bytes;
        while !self.begun.is_empty() {
            let Some((byte, others)) = rest.split_first() else { return Ok(()) };
            self.begun.push(*byte);
            rest = others;
            match std::str::from_utf8(&self.begun) {
                Ok(_) => {
                    self.at += self.begun.len();
                    self.begun.clear();
                }
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(self.wrong(url, 0)),
            }
        }
        match std::str::from_utf8(rest) {
            Ok(_) => self.at += rest.len(),
            Err(error) if error.error_len().is_none() => {
                self.begun = rest[error.valid_up_to()..].to_vec();
                self.at += error.valid_up_to();
            }
            Err(error) => return Err(self.wrong(url, error.valid_up_to())),
        }
        Ok(())
    }

    fn end(&self, url: &str) -> Result<()> {
        if self.begun.is_empty() { Ok(()) } else { Err(self.wrong(url, 0)) }
    }

    #[cold]
    fn wrong(&self, url: &str, after: usize) -> Error {
        broken(url, format!("it is not UTF-8 at byte {}", self.at + after).into())
    }
}

struct CsvEncoder {
    schema: SchemaRef,
    header: bool,
}

impl CsvEncoder {
    fn text(&mut self, batches: &[RecordBatch]) -> Result<Vec<Bytes>> {
        let mut bytes = Vec::new();
        let mut writer = WriterBuilder::new().with_header(std::mem::take(&mut self.header)).build(&mut bytes);
        let mut write = |batch: &RecordBatch| {
            let columns = batch.columns().iter().map(|column| cast(column, &with_offset(column.data_type())));
            let columns = batch.schema_ref().fields().iter().map(|field| field.name()).zip(columns);
            let columns = columns.map(|(name, column)| Ok((name, column?))).collect::<Result<Vec<_>, ArrowError>>()?;
            writer.write(&RecordBatch::try_from_iter(columns)?)
        };
        batches.iter().try_for_each(&mut write).map_err(|error| unwritable("CSV", error))?;
        drop(writer);
        Ok(vec![bytes.into()])
    }
}

impl TableEncoder for CsvEncoder {
    fn write(&mut self, batches: &[RecordBatch]) -> Result<Vec<Bytes>> {
        self.text(batches)
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<Bytes>> {
        // A table without rows has its header all the same.
        if self.header { self.text(&[RecordBatch::new_empty(self.schema.clone())]) } else { Ok(Vec::new()) }
    }
}
