//! Arrow's own file format (Feather 2): batches as they lie in memory, found by the file's footer.
//!
//! [`check`] holds what the blocks of a file claim against their bytes before they are decoded.

mod check;

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema as ArrowSchema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::convert::try_fb_to_schema;
use arrow::ipc::reader::{FileDecoder, read_footer_length};
use arrow::ipc::writer::{FileWriter, IpcWriteOptions};
use arrow::ipc::{Block, CompressionType, Endianness, root_as_footer};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _};

use self::check::Claims;
use super::fault::{broken, unreadable, unwritable};
use super::format::{BUDGET, Compression, ReadRequest, Run, TableEncoder, TableFormat, TablePart};
use super::limit::Limit;
use super::object::TableObject;
use super::threads;
use crate::convert::reader::corrupt;
use crate::storage::shown;
use crate::{Bytes, Error, ErrorKind, Result};

/// The length of the footer, and the mark that ends a file.
const TRAILER: u64 = 10;

/// How many times the limit of a block may be copied when dictionaries are added to.
const COPIES: u64 = 64;

/// Maximum number of rows filtered at a time: a block of absent values has more rows than bytes.
const PIECE: usize = 1024 * 1024;

pub(super) struct Ipc;

impl TableFormat for Ipc {
    fn name(&self) -> &str {
        "arrow"
    }

    fn open(&self, object: TableObject, _: Option<SchemaRef>) -> BoxFuture<'static, Result<Arc<dyn TablePart>>> {
        async move {
            let part: Arc<dyn TablePart> = Arc::new(IpcPart::open(object).await?);
            Ok(part)
        }
        .boxed()
    }

    fn encoder(&self, schema: SchemaRef, compression: Option<Compression>) -> Result<Box<dyn TableEncoder>> {
        let fields: Fields = schema.fields().iter().map(opened).collect();
        let schema = Arc::new(ArrowSchema::new_with_metadata(fields, schema.metadata().clone()));
        let options =
            IpcWriteOptions::default().try_with_compression(codec(compression)?).map_err(|error| unwritable("Arrow IPC", error))?;
        let writer = FileWriter::try_new_with_options(Vec::new(), &schema, options).map_err(|error| unwritable("Arrow IPC", error))?;
        Ok(Box::new(IpcEncoder { writer, schema }))
    }
}

/// A file whose footer and dictionaries have been read.
struct IpcPart {
    object: TableObject,
    schema: SchemaRef,
    version: arrow::ipc::MetadataVersion,
    dictionaries: Vec<(Block, Bytes)>,
    batches: Vec<Block>,
}

impl IpcPart {
    async fn open(object: TableObject) -> Result<Self> {
        let url = object.url().to_owned();
        let broken = |what: &str| corrupt(format!("`{}` is not an Arrow IPC file: {what}", shown(&url)));
        let size = object.size();
        let Some(at) = size.checked_sub(TRAILER) else { return Err(broken("it is too short")) };
        let trailer = object.read_range(at..size).await?;
        let trailer = <[u8; 10]>::try_from(trailer.as_ref()).map_err(|_| broken("it is too short"))?;
        let length = read_footer_length(trailer).map_err(|error| unreadable(&url, error))?;
        let Some(begin) = at.checked_sub(length as u64) else { return Err(broken("its footer is longer than the file")) };
        let footer = object.read_range(begin..at).await?;
        let footer = root_as_footer(&footer)
            .map_err(|error| broken("its footer cannot be read").with_source(std::io::Error::other(error.to_string())))?;
        let schema = footer.schema().ok_or_else(|| broken("its footer has no schema"))?;
        let dictionaries: Vec<Block> = footer.dictionaries().iter().flatten().copied().collect();
        let batches: Vec<Block> = footer.recordBatches().iter().flatten().copied().collect();
        let mut all = 0_u64;
        for block in dictionaries.iter().chain(&batches) {
            match range(block).filter(|range| range.end <= size) {
                Some(range) => all = all.saturating_add(range.end - range.start),
                None => return Err(broken("a block lies outside of it")),
            }
        }
        if all > size {
            return Err(broken(&format!("its blocks have {all} bytes together, and the file has {size}")));
        }
        if schema.endianness() != Endianness::Little {
            let message = format!(
                "the values in `{}` are big-endian, which is not read; let a machine of the usual order write it, or read it with pyarrow \
                 and write it again",
                shown(&url)
            );
            return Err(Error::new(ErrorKind::Mismatch, message));
        }
        let schema = threads::guarded(&url, || try_fb_to_schema(schema).map_err(|error| unreadable(&url, error)))?;
        let schema = Arc::new(schema);
        let version = footer.version();
        let bytes = object.read_ranges(&dictionaries.iter().filter_map(range).collect::<Vec<_>>()).await?;
        let dictionaries = dictionaries.into_iter().zip(bytes).collect();
        Ok(Self { object, schema, version, dictionaries, batches })
    }

    fn decoder(&self, needed: Vec<usize>) -> Result<FileDecoder> {
        let url = self.object.url();
        let limit = Limit::of(&self.object);
        let mut decoder = FileDecoder::new(self.schema.clone(), self.version).with_projection(needed);
        let (mut all, mut copied) = (Claims::default(), 0_u64);
        let mut held: HashMap<i64, u64> = HashMap::new();
        for (block, bytes) in &self.dictionaries {
            let claims = checked(url, block, bytes, &self.schema, &[])?;
            all.expanded = all.expanded.saturating_add(claims.expanded);
            all.stored = all.stored.saturating_add(claims.stored);
            if !limit.allows(all.expanded, all.stored) {
                return Err(limit.exceeded(url, format_args!("its dictionaries become {} bytes or more", all.expanded)));
            }
            if let Some((dictionary, adds)) = claims.dictionary {
                let held = held.entry(dictionary).or_default();
                // What is there is copied for each addition.
                *held = if adds { held.saturating_add(claims.decoded) } else { claims.decoded };
                copied = copied.saturating_add(if adds { *held } else { 0 });
                if copied > limit.bytes().saturating_mul(COPIES) {
                    let times = "its dictionaries are added to so often that copying them takes";
                    return Err(limit.exceeded(url, format_args!("{times} more than {COPIES} times the limit")));
                }
            }
            let read = |decoder: &mut FileDecoder| decoder.read_dictionary(block, &Buffer::from(bytes.clone()));
            threads::guarded(url, || read(&mut decoder).map_err(|error| at(url, block, error)))?;
        }
        Ok(decoder)
    }
}

/// Checks what a block claims.
fn checked(url: &str, block: &Block, bytes: &[u8], schema: &ArrowSchema, needed: &[usize]) -> Result<Claims> {
    let metadata = usize::try_from(block.metaDataLength()).unwrap_or(usize::MAX);
    check::block(bytes, metadata, schema, needed)
        .map_err(|what| broken(url, format!("the block at byte {}: {what}", block.offset()).into()))
}

/// What went wrong in a block.
fn at(url: &str, block: &Block, error: ArrowError) -> Error {
    match error {
        ArrowError::ExternalError(_) => unreadable(url, error),
        error => broken(url, format!("the block at byte {}: {error}", block.offset()).into()),
    }
}

/// Where a block is.
fn range(block: &Block) -> Option<std::ops::Range<u64>> {
    let begin = u64::try_from(block.offset()).ok()?;
    let length = u64::try_from(block.metaDataLength()).ok()?.checked_add(u64::try_from(block.bodyLength()).ok()?)?;
    Some(begin..begin.checked_add(length)?)
}

impl TablePart for IpcPart {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn num_rows(&self) -> Option<u64> {
        None
    }

    fn read(&self, request: &Arc<ReadRequest>) -> Result<Vec<Run>> {
        let needed: Arc<[usize]> = request.needed(&self.schema)?.into();
        let decoder = Arc::new(self.decoder(needed.to_vec())?);
        let scan = Arc::new(Scan { object: self.object.clone(), schema: self.schema.clone(), decoder, needed, request: request.clone() });
        let runs = self.batches.iter().map(|block| {
            let (scan, block) = (scan.clone(), *block);
            let weight = if scan.object.path().is_some() { BUDGET } else { range(&block).map_or(0, |range| range.end - range.start) };
            Run::fetching(weight, move || scan.fetch(block).boxed())
        });
        Ok(runs.collect())
    }
}

/// What is read of a file.
struct Scan {
    object: TableObject,
    schema: SchemaRef,
    decoder: Arc<FileDecoder>,
    needed: Arc<[usize]>,
    request: Arc<ReadRequest>,
}

impl Scan {
    /// Brings a block, which says what it weighs.
    async fn fetch(self: Arc<Self>, block: Block) -> Result<Run> {
        let url = self.object.url();
        let range = range(&block).ok_or_else(|| corrupt("a block of the file has no place"))?;
        let bytes = self.object.read_range(range).await?;
        let claims = checked(url, &block, &bytes, &self.schema, &self.needed)?;
        let limit = Limit::of(&self.object);
        if !limit.allows(claims.expanded, claims.stored) {
            let (at, expanded, stored) = (block.offset(), claims.expanded, claims.stored);
            return Err(limit.exceeded(url, format_args!("the block at byte {at} makes {expanded} bytes of {stored}")));
        }
        Ok(Run::weighing(claims.decoded, move || match self.decode(block, bytes) {
            Ok(batches) => batches,
            Err(error) => stream::once(std::future::ready(Err(error))).boxed(),
        }))
    }

    /// The wanted rows of a block, batch by batch.
    fn decode(self: Arc<Self>, block: Block, bytes: Bytes) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let url = self.object.url().to_owned();
        threads::stream(&url.clone(), move |send| {
            let batch = self.decoder.read_record_batch(&block, &Buffer::from(bytes)).map_err(|error| at(&url, &block, error))?;
            let Some(batch) = batch else { return Ok(()) };
            for piece in slices(&batch, PIECE) {
                let piece = self.request.finish(&piece)?;
                if !slices(&piece, self.request.batch_size()).all(&mut *send) {
                    break;
                }
            }
            Ok(())
        })
    }
}

fn slices(batch: &RecordBatch, rows: usize) -> impl Iterator<Item = RecordBatch> {
    let starts = (0..batch.num_rows()).step_by(rows);
    starts.map(move |start| batch.slice(start, rows.min(batch.num_rows() - start)))
}

fn codec(compression: Option<Compression>) -> Result<Option<CompressionType>> {
    match compression.unwrap_or(Compression::None) {
        Compression::None => Ok(None),
        Compression::Lz4 => Ok(Some(CompressionType::LZ4_FRAME)),
        // Readers do not care, and the library has no other level.
        Compression::Zstd(1..=22) => Ok(Some(CompressionType::ZSTD)),
        other => Err(other.unknown_to("Arrow IPC", "take `None`, `Lz4` or `Zstd(1..=22)`")),
    }
}

/// The field with the values of dictionaries in their place: a file has one dictionary for each column, and batches have their own.
fn opened(field: &FieldRef) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Dictionary(_, values) => values.as_ref().clone(),
        DataType::List(element) => DataType::List(opened(element)),
        DataType::LargeList(element) => DataType::LargeList(opened(element)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(opened).collect()),
        _ => return field.clone(),
    };
    Arc::new(Field::clone(field).with_data_type(data_type))
}

struct IpcEncoder {
    writer: FileWriter<Vec<u8>>,
    schema: SchemaRef,
}

impl TableEncoder for IpcEncoder {
    fn write(&mut self, batches: &[RecordBatch]) -> Result<Vec<Bytes>> {
        let mut write = |batch: &RecordBatch| {
            let columns = batch.columns().iter().zip(self.schema.fields()).map(|(column, field)| cast(column, field.data_type()));
            self.writer.write(&RecordBatch::try_new(self.schema.clone(), columns.collect::<Result<_, _>>()?)?)
        };
        batches.iter().try_for_each(&mut write).map_err(|error| unwritable("Arrow IPC", error))?;
        Ok(vec![std::mem::take(self.writer.get_mut()).into()])
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<Bytes>> {
        self.writer.finish().map_err(|error| unwritable("Arrow IPC", error))?;
        Ok(vec![std::mem::take(self.writer.get_mut()).into()])
    }
}
