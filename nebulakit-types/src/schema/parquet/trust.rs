//! Which bounds are believed: those that their writer can only have meant in the order of the column's values.
//!
//! The first statistics of Parquet (`min`, `max`) were ordered as if every value had a sign, and their order was never written down for
//! bytes and unsigned integers; the newer ones are in the order that the footer names. Beyond that, writers leave NaN, bounds that are cut,
//! and counts that cannot be. A bound that is not believed says nothing: more is read than had to be, and no row is lost.

use arrow::array::{Array as _, ArrayRef, AsArray as _, BooleanArray};
use arrow::compute::kernels::cmp::gt;
use arrow::compute::{cast, nullif};
use arrow::datatypes::{DataType, Float64Type};
use parquet::basic::{ColumnOrder, LogicalType, SortOrder, Type};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;

use super::super::filter::Bounds;

/// What of the statistics of a column is believed.
pub(super) struct Trust<'a> {
    data_type: &'a DataType,
    physical: Type,
    /// The bytes of each value, where all have the same length.
    length: usize,
    required: bool,
    /// Whether the bounds of the first statistics are in the order of the values.
    old: bool,
    /// Whether those of the newer ones are.
    new: bool,
}

impl<'a> Trust<'a> {
    pub(super) fn new(metadata: &ParquetMetaData, leaf: usize, data_type: &'a DataType) -> Self {
        let file = metadata.file_metadata();
        let column = file.schema_descr().column(leaf);
        let physical = column.physical_type();
        let own = ColumnOrder::column_order_for_type(column.logical_type_ref(), column.converted_type(), physical).sort_order();
        let signed = match physical {
            Type::BOOLEAN | Type::FLOAT | Type::DOUBLE => true,
            Type::INT32 | Type::INT64 => own == SortOrder::SIGNED,
            Type::INT96 | Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => false,
        };
        let floating = matches!(physical, Type::FLOAT | Type::DOUBLE) || matches!(column.logical_type_ref(), Some(LogicalType::Float16));
        let new = match file.column_order(leaf) {
            ColumnOrder::TYPE_DEFINED_ORDER(order) => order != SortOrder::UNDEFINED,
            ColumnOrder::IEEE_754_TOTAL_ORDER => floating,
            ColumnOrder::UNDEFINED => signed,
            ColumnOrder::INT96_TIMESTAMP_ORDER | ColumnOrder::UNKNOWN => false,
        };
        Self {
            data_type,
            physical,
            length: usize::try_from(column.type_length()).unwrap_or_default(),
            required: column.max_def_level() == 0,
            old: signed,
            new,
        }
    }

    /// Whether the bounds have a form that can be taken for values of the column at all.
    pub(super) fn understands(&self, statistics: &Statistics) -> bool {
        let exact = statistics.min_is_exact() && statistics.max_is_exact();
        let bounds = [statistics.min_bytes_opt(), statistics.max_bytes_opt()];
        bounds.into_iter().flatten().all(|bound| self.is_decimal_or_other(bound, exact))
    }

    /// A decimal in bytes means another number when it is cut.
    fn is_decimal_or_other(&self, bound: &[u8], exact: bool) -> bool {
        let most = match self.value_type() {
            DataType::Decimal32(..) => 4,
            DataType::Decimal64(..) => 8,
            DataType::Decimal128(..) => 16,
            DataType::Decimal256(..) => 32,
            _ => return true,
        };
        match self.physical {
            Type::FIXED_LEN_BYTE_ARRAY => bound.len() == self.length && (1..=most).contains(&bound.len()),
            Type::BYTE_ARRAY => exact && (1..=most).contains(&bound.len()),
            _ => true,
        }
    }

    fn value_type(&self) -> &DataType {
        match self.data_type {
            DataType::Dictionary(_, values) => values,
            other => other,
        }
    }

    pub(super) fn believes(&self, statistics: &Statistics) -> bool {
        let ordered = if statistics.is_min_max_deprecated() { self.old } else { self.new };
        ordered && statistics.max_bytes_opt().is_none_or(|greatest| self.says(greatest))
    }

    /// Where nothing is known of texts and bytes, some writers leave an empty bound.
    fn says(&self, greatest: &[u8]) -> bool {
        self.physical != Type::BYTE_ARRAY || !greatest.is_empty()
    }

    /// For each page whether its bounds are believed; [`None`] where some have a form that cannot be taken for values.
    pub(super) fn believes_pages(&self, index: &ColumnIndexMetaData) -> Option<Vec<bool>> {
        let count = usize::try_from(index.num_pages()).ok()?;
        let (ColumnIndexMetaData::BYTE_ARRAY(bytes) | ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(bytes)) = index else {
            return Some(vec![self.new; count]);
        };
        let understood = |bound: Option<&[u8]>| bound.is_none_or(|bound| self.is_decimal_or_other(bound, false));
        let pages = (0..count).map(|page| {
            let (least, greatest) = (bytes.min_value(page), bytes.max_value(page));
            (understood(least) && understood(greatest)).then(|| self.new && greatest.is_none_or(|greatest| self.says(greatest)))
        });
        pages.collect()
    }

    /// The bounds without those that are not believed, or cannot be.
    pub(super) fn sound(&self, bounds: Bounds, believed: &[bool]) -> Option<Bounds> {
        let Bounds { least, greatest, nulls, rows } = bounds;
        let count = believed.len();
        if [least.len(), greatest.len(), nulls.len(), rows.len()] != [count; 4] {
            return None;
        }
        let doubts = [nan(&least), nan(&greatest), gt(&least, &greatest).ok()];
        let doubted = |index: usize| doubts.iter().flatten().any(|doubt| doubt.is_valid(index) && doubt.value(index));
        let hidden = (0..count).map(|index| Some(!believed[index] || doubted(index))).collect::<BooleanArray>();
        let counted = nulls.into_iter().zip(&rows).enumerate().map(|(index, (nulls, rows))| {
            if self.required {
                return Some(0);
            }
            // Bounds are those of values: there are some.
            let most = rows.saturating_sub(u64::from(least.is_valid(index) || greatest.is_valid(index)));
            nulls.filter(|nulls| *nulls <= most)
        });
        let nulls = counted.collect();
        Some(Bounds { least: nullif(&least, &hidden).ok()?, greatest: nullif(&greatest, &hidden).ok()?, nulls, rows })
    }
}

/// Which of the values are NaN; [`None`] where none can be.
fn nan(values: &ArrayRef) -> Option<BooleanArray> {
    let floating = match values.data_type() {
        DataType::Dictionary(_, values) => values.is_floating(),
        other => other.is_floating(),
    };
    if !floating {
        return None;
    }
    let wide = cast(values, &DataType::Float64).ok()?;
    Some(BooleanArray::from_unary(wide.as_primitive::<Float64Type>(), f64::is_nan))
}
