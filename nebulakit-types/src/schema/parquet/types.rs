//! What the footers of files say, completed, and the columns as Arrow has them.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use parquet::DecodeResult;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::{LogicalType, TimeUnit as ParquetUnit, Type};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataPushDecoder};

use super::super::fault::{bad_parquet, caught};
use super::super::object::TableObject;
use super::int96;
use crate::Result;
use crate::convert::reader::corrupt;
use crate::storage::shown;

/// Gives a decoder what it asks for until it is done.
pub(super) async fn complete(object: &TableObject, mut decoder: ParquetMetaDataPushDecoder) -> Result<ParquetMetaData> {
    let fault = |error| bad_parquet(object.url(), error);
    loop {
        match caught(|| decoder.try_decode()).map_err(fault)? {
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
pub(super) fn with_arrow_types(object: &TableObject, metadata: Arc<ParquetMetaData>) -> Result<ArrowReaderMetadata> {
    let by = |options| caught(|| ArrowReaderMetadata::try_new(metadata.clone(), options));
    let by_writer = match by(ArrowReaderOptions::new()) {
        Ok(metadata) if units_agree(&metadata) => Ok(metadata),
        // What a writer says of Arrow may be of another version of it, or of other columns.
        _ => by(ArrowReaderOptions::new().with_skip_arrow_metadata(true)),
    };
    by_writer.and_then(int96::as_written).map_err(|error| bad_parquet(object.url(), error))
}

/// Whether instants in nanoseconds are not taken for those of another unit, which the decoder does when a writer says so of Arrow.
fn units_agree(metadata: &ArrowReaderMetadata) -> bool {
    let mut types = Vec::new();
    metadata.schema().fields().iter().for_each(|field| leaves(field.data_type(), &mut types));
    metadata.parquet_schema().columns().iter().zip(types).all(|(column, data_type)| {
        let nanos = column.physical_type() == Type::INT64
            && matches!(column.logical_type_ref(), Some(LogicalType::Timestamp(instant)) if instant.unit == ParquetUnit::NANOS);
        let data_type = if let DataType::Dictionary(_, values) = data_type { values } else { data_type };
        !nanos || matches!(data_type, DataType::Timestamp(TimeUnit::Nanosecond, _))
    })
}

/// The types of the leaves, in the order that those of Parquet have.
fn leaves<'a>(data_type: &'a DataType, types: &mut Vec<&'a DataType>) {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => leaves(item.data_type(), types),
        DataType::Struct(fields) => fields.iter().for_each(|field| leaves(field.data_type(), types)),
        leaf => types.push(leaf),
    }
}
