//! Parquet: footers first, then only the row groups, pages and columns that are asked for; columns decoded and encoded side by side.
//!
//! [`footer`] reads what a file says of itself, and [`sound`] holds that against itself; [`fetch`] brings the bytes, [`prune`] finds what
//! need not be looked at, by the statistics that [`trust`] believes; [`read`] and [`decode`] decode what [`located`] finds in its place.
//! [`pages`] holds what each page claims against its bytes, and [`account`] what all take against the limit; [`encoded`] measures values that
//! encodings repeat. [`write`] encodes, with dictionaries where [`dictionary`] does not see them to be in vain.

mod account;
mod compact;
mod decode;
mod depth;
mod dictionary;
mod encoded;
mod encrypted;
mod fetch;
mod footer;
mod int96;
mod located;
mod output;
mod pages;
mod prune;
mod read;
mod sound;
mod trust;
mod types;
mod write;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use self::types::with_arrow_types;
use super::fault::bad_parquet;
use super::format::{Compression, TableEncoder, TableFormat, TablePart};
use super::object::TableObject;
use crate::Result;

pub(super) struct Parquet;

impl TableFormat for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn open(&self, object: TableObject, _: Option<SchemaRef>) -> BoxFuture<'static, Result<Arc<dyn TablePart>>> {
        async move {
            let footer::Footer { metadata, encrypted } = footer::read(&object).await?;
            let metadata = with_arrow_types(&object, Arc::new(metadata))?;
            let seconds = int96::in_seconds(&metadata).map_err(|error| bad_parquet(object.url(), error))?;
            let part: Arc<dyn TablePart> = Arc::new(read::ParquetPart { object, metadata, seconds, encrypted });
            Ok(part)
        }
        .boxed()
    }

    fn encoder(&self, schema: SchemaRef, compression: Option<Compression>) -> Result<Box<dyn TableEncoder>> {
        Ok(Box::new(write::ParquetEncoder::new(&schema, compression)?))
    }
}
