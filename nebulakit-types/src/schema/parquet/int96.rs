//! INT96 instants, days and nanoseconds of the day: in the unit that a column has in Arrow they wrap without a word, in seconds they never
//! do. They are decoded in both, and held against each other.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, OffsetSizeTrait};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Int64Type, Schema as ArrowSchema, TimeUnit};
use jiff::SignedDuration;
use jiff::civil::DateTime;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::Type;
use parquet::errors::ParquetError;
use parquet::schema::types::SchemaDescriptor;

use crate::{Error, ErrorKind};

/// The metadata of a file by which its INT96 columns come in seconds; [`None`] for a file without such columns, and for those of Spark,
/// whose microseconds wrap when it writes them and wrap back when they are read.
pub(super) fn in_seconds(metadata: &ArrowReaderMetadata) -> Result<Option<ArrowReaderMetadata>, ParquetError> {
    if !exist(metadata) || by_spark(metadata) {
        return Ok(None);
    }
    in_unit(metadata, TimeUnit::Second).map(Some)
}

/// The metadata by which the INT96 columns of a file that Spark wrote come in microseconds, the unit that Spark has: all of its instants
/// fit into it, and many of its tables have some of the year 9999.
pub(super) fn as_written(metadata: ArrowReaderMetadata) -> Result<ArrowReaderMetadata, ParquetError> {
    if exist(&metadata) && by_spark(&metadata) { in_unit(&metadata, TimeUnit::Microsecond) } else { Ok(metadata) }
}

fn by_spark(metadata: &ArrowReaderMetadata) -> bool {
    let pairs = metadata.metadata().file_metadata().key_value_metadata();
    pairs.is_some_and(|pairs| pairs.iter().any(|pair| pair.key.starts_with("org.apache.spark.")))
}

fn exist(metadata: &ArrowReaderMetadata) -> bool {
    metadata.parquet_schema().columns().iter().any(|column| column.physical_type() == Type::INT96)
}

fn in_unit(metadata: &ArrowReaderMetadata, unit: TimeUnit) -> Result<ArrowReaderMetadata, ParquetError> {
    let (parquet, mut leaf) = (metadata.parquet_schema(), 0);
    let fields: Fields = metadata.schema().fields().iter().map(|field| converted(field, unit, parquet, &mut leaf)).collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(ArrowSchema::new(fields)));
    ArrowReaderMetadata::try_new(metadata.metadata().clone(), options)
}

/// The columns of `mask` in which there are INT96 instants; [`None`] where there are none.
pub(super) fn columns(parquet: &SchemaDescriptor, mask: &ProjectionMask) -> Option<ProjectionMask> {
    let leaves = (0..parquet.num_columns()).filter(|leaf| mask.leaf_included(*leaf));
    let mut roots: Vec<_> =
        leaves.filter(|leaf| parquet.column(*leaf).physical_type() == Type::INT96).map(|leaf| parquet.get_column_root_idx(leaf)).collect();
    roots.dedup();
    (!roots.is_empty()).then(|| ProjectionMask::roots(parquet, roots))
}

/// A field with its INT96 instants in a unit. The leaves of both schemas are in the same order.
fn converted(field: &FieldRef, unit: TimeUnit, parquet: &SchemaDescriptor, leaf: &mut usize) -> FieldRef {
    let mut inner = |field: &FieldRef| converted(field, unit, parquet, leaf);
    let data_type = match field.data_type() {
        DataType::List(item) => DataType::List(inner(item)),
        DataType::LargeList(item) => DataType::LargeList(inner(item)),
        DataType::ListView(item) => DataType::ListView(inner(item)),
        DataType::LargeListView(item) => DataType::LargeListView(inner(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(inner(item), *length),
        DataType::Map(entries, sorted) => DataType::Map(inner(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        other => {
            let is_int96 = parquet.columns().get(*leaf).is_some_and(|column| column.physical_type() == Type::INT96);
            *leaf += 1;
            if is_int96 { DataType::Timestamp(unit, None) } else { other.clone() }
        }
    };
    Arc::new(Field::clone(field).with_data_type(data_type))
}

/// The first row of a column whose instant has wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wrapped {
    pub(super) row: usize,
    /// Since 1970.
    seconds: i64,
    unit: TimeUnit,
}

/// Holds a column against the same in seconds.
pub(super) fn wrapped(values: &ArrayRef, seconds: &ArrayRef) -> Option<Wrapped> {
    match (values.data_type(), seconds.data_type()) {
        (DataType::Timestamp(unit, _), DataType::Timestamp(TimeUnit::Second, _)) => instants(values, seconds, *unit),
        (DataType::Dictionary(_, of), DataType::Timestamp(..)) => wrapped(&cast(values, of).ok()?, seconds),
        (DataType::Struct(_), DataType::Struct(_)) => {
            let columns = values.as_struct().columns().iter().zip(seconds.as_struct().columns());
            columns.filter_map(|(values, seconds)| wrapped(values, seconds)).min_by_key(|wrapped| wrapped.row)
        }
        (DataType::List(_), DataType::List(_)) => {
            let (values, seconds) = (values.as_list::<i32>(), seconds.as_list::<i32>());
            wrapped(values.values(), seconds.values()).map(|item| item.in_list(values.offsets()))
        }
        (DataType::LargeList(_), DataType::LargeList(_)) => {
            let (values, seconds) = (values.as_list::<i64>(), seconds.as_list::<i64>());
            wrapped(values.values(), seconds.values()).map(|item| item.in_list(values.offsets()))
        }
        (DataType::Map(..), DataType::Map(..)) => {
            let (values, seconds) = (values.as_map(), seconds.as_map());
            let entries = |map: &arrow::array::MapArray| -> ArrayRef { Arc::new(map.entries().clone()) };
            wrapped(&entries(values), &entries(seconds)).map(|item| item.in_list(values.offsets()))
        }
        (DataType::FixedSizeList(_, length), DataType::FixedSizeList(..)) => {
            let (values, seconds) = (values.as_fixed_size_list(), seconds.as_fixed_size_list());
            let length = usize::try_from(*length).unwrap_or(1).max(1);
            wrapped(values.values(), seconds.values()).map(|item| Wrapped { row: item.row / length, ..item })
        }
        _ => None,
    }
}

fn instants(values: &ArrayRef, seconds: &ArrayRef, unit: TimeUnit) -> Option<Wrapped> {
    let per_second = match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    };
    let (units, seconds) = (cast(values, &DataType::Int64).ok()?, cast(seconds, &DataType::Int64).ok()?);
    let (units, seconds) = (units.as_primitive::<Int64Type>(), seconds.as_primitive::<Int64Type>());
    // What has wrapped is off by half a thousand years; a part of a second is cut to either side.
    let wraps = |row: usize| units.value(row).div_euclid(per_second).abs_diff(seconds.value(row)) > 1;
    let row = (0..units.len()).find(|row| units.is_valid(*row) && wraps(*row))?;
    Some(Wrapped { row, seconds: seconds.value(row), unit })
}

impl Wrapped {
    /// The same by the row of the list that it is in.
    fn in_list<O: OffsetSizeTrait>(self, offsets: &OffsetBuffer<O>) -> Self {
        let row = offsets.partition_point(|offset| offset.as_usize() <= self.row).saturating_sub(1);
        Self { row, ..self }
    }

    /// What to say of it.
    pub(super) fn error(self, url: &str) -> Error {
        let unit = match self.unit {
            TimeUnit::Second => "seconds",
            TimeUnit::Millisecond => "milliseconds",
            TimeUnit::Microsecond => "microseconds",
            TimeUnit::Nanosecond => "nanoseconds",
        };
        let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
        let instant = epoch.checked_add(SignedDuration::from_secs(self.seconds));
        let instant = instant.map_or_else(|_| format!("{} seconds from 1970", self.seconds), |instant| instant.to_string());
        Error::new(
            ErrorKind::OutOfRange,
            format!("the instant {instant}, an INT96, does not fit into 64 bits of {unit} (in `{}`)", crate::storage::shown(url)),
        )
    }
}
