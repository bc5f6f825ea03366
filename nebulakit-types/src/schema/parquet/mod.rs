//! Parquet: footers first, then only the row groups, pages and columns that are asked for; columns decoded and encoded side by side.
//!
//! [`fetch`] brings the bytes, [`prune`] finds what need not be looked at, [`read`] and [`decode`] decode, [`write`] encodes, with
//! dictionaries where [`dictionary`] does not see them to be in vain.

mod decode;
mod dictionary;
mod fetch;
mod output;
mod prune;
mod read;
mod write;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use parquet::DecodeResult;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataPushDecoder};

use super::fault::bad_parquet;
use super::format::{Compression, TableEncoder, TableFormat, TablePart};
use super::object::TableObject;
use super::threads;
use crate::Result;
use crate::convert::reader::corrupt;
use crate::storage::shown;

/// So much of the end of a file is fetched at once: most footers are smaller.
const TAIL: u64 = 64 * 1024;

pub(super) struct Parquet;

impl TableFormat for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn open(&self, object: TableObject, _: Option<SchemaRef>) -> BoxFuture<'static, Result<Arc<dyn TablePart>>> {
        async move {
            let metadata = footer(&object).await?;
            let metadata = with_arrow_types(&object, Arc::new(metadata))?;
            let part: Arc<dyn TablePart> = Arc::new(read::ParquetPart::new(object, metadata));
            Ok(part)
        }
        .boxed()
    }

    fn encoder(&self, schema: SchemaRef, compression: Option<Compression>) -> Result<Box<dyn TableEncoder>> {
        Ok(Box::new(write::ParquetEncoder::new(&schema, compression)?))
    }
}

async fn footer(object: &TableObject) -> Result<ParquetMetaData> {
    let fault = |error| bad_parquet(object.url(), error);
    let size = object.size();
    let mut decoder = ParquetMetaDataPushDecoder::try_new(size).map_err(fault)?;
    let tail = size.saturating_sub(TAIL)..size;
    decoder.push_range(tail.clone(), object.read_range(tail).await?).map_err(fault)?;
    complete(object, decoder).await
}

/// Gives a decoder what it asks for until it is done.
async fn complete(object: &TableObject, mut decoder: ParquetMetaDataPushDecoder) -> Result<ParquetMetaData> {
    let fault = |error| bad_parquet(object.url(), error);
    loop {
        match threads::guarded(object.url(), || decoder.try_decode().map_err(fault))? {
            DecodeResult::Data(metadata) => return Ok(metadata),
            DecodeResult::NeedsData(ranges) => {
                let bytes = object.read_ranges(&ranges).await?;
                decoder.push_ranges(ranges, bytes).map_err(fault)?;
            }
            DecodeResult::Finished => return Err(corrupt(format!("the footer of `{}` ends too early", shown(object.url())))),
        }
    }
}

/// The columns as Arrow has them: as their writer said, else as Parquet's own types say.
fn with_arrow_types(object: &TableObject, metadata: Arc<ParquetMetaData>) -> Result<ArrowReaderMetadata> {
    let with = |options| {
        let types = || ArrowReaderMetadata::try_new(metadata.clone(), options).map_err(|error| bad_parquet(object.url(), error));
        threads::guarded(object.url(), types)
    };
    // What a writer says of Arrow may be of another version of it.
    with(ArrowReaderOptions::new()).or_else(|_| with(ArrowReaderOptions::new().with_skip_arrow_metadata(true)))
}
