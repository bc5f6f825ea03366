//! What need not be looked at: row groups and pages whose statistics say that no row meets the condition.

use arrow::array::Array as _;
use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use parquet::arrow::parquet_column;
use parquet::basic::Type;
use parquet::file::metadata::ParquetMetaData;

use super::super::filter::{Bound, Bounds, may_match};

/// The row groups that may hold rows that meet the condition.
pub(super) fn row_groups(metadata: &ParquetMetaData, schema: &SchemaRef, filter: Option<&Bound>) -> Vec<usize> {
    let count = metadata.num_row_groups();
    let Some(filter) = filter else { return (0..count).collect() };
    let possible = may_match(filter, count, &mut |name| {
        let groups = metadata.row_groups();
        let descriptor = metadata.file_metadata().schema_descr();
        let (leaf, _) = parquet_column(descriptor, schema, name)?;
        let old_texts = descriptor.column(leaf).physical_type() == Type::BYTE_ARRAY
            && groups.iter().any(|group| group.column(leaf).statistics().is_some_and(|statistics| statistics.is_min_max_deprecated()));
        if old_texts {
            // Old writers compared texts as if bytes had a sign.
            return None;
        }
        let converter = StatisticsConverter::try_new(name, schema, descriptor).ok()?.with_missing_null_counts_as_zero(false);
        Some(Bounds {
            least: converter.row_group_mins(groups).ok()?,
            greatest: converter.row_group_maxes(groups).ok()?,
            nulls: converter.row_group_null_counts(groups).ok()?.iter().collect(),
            rows: groups.iter().map(|group| u64::try_from(group.num_rows()).unwrap_or_default()).collect(),
        })
    });
    possible.into_iter().enumerate().filter_map(|(index, possible)| possible.then_some(index)).collect()
}

/// The rows of a row group in pages that may hold some that meet the condition; [`None`] where the pages tell nothing.
///
/// Pages of different columns begin at different rows, so that each column gives its own selection.
pub(super) fn pages(metadata: &ParquetMetaData, schema: &SchemaRef, row_group: usize, filter: &Bound) -> Option<RowSelection> {
    match filter {
        Bound::All(parts) => {
            let selections = parts.iter().filter_map(|part| pages(metadata, schema, row_group, part));
            selections.reduce(|left, right| left.intersection(&right))
        }
        Bound::Any(parts) => {
            let selections = parts.iter().map(|part| pages(metadata, schema, row_group, part)).collect::<Option<Vec<_>>>()?;
            selections.into_iter().reduce(|left, right| left.union(&right))
        }
        Bound::Not(_) | Bound::Test(..) => {
            let mut names = Vec::new();
            filter.columns(&mut names);
            let [name] = names.as_slice() else { return None };
            let bounds = page_bounds(metadata, schema, row_group, name)?;
            let rows = bounds.rows.clone();
            let mut bounds = Some(bounds);
            let possible = may_match(filter, rows.len(), &mut |_| bounds.take());
            let selectors = rows.iter().zip(possible).map(|(rows, possible)| {
                let rows = usize::try_from(*rows).unwrap_or(usize::MAX);
                if possible { RowSelector::select(rows) } else { RowSelector::skip(rows) }
            });
            Some(selectors.collect::<Vec<_>>().into())
        }
    }
}

fn page_bounds(metadata: &ParquetMetaData, schema: &SchemaRef, row_group: usize, name: &str) -> Option<Bounds> {
    let index = metadata.page_index()?.as_ref();
    let descriptor = metadata.file_metadata().schema_descr();
    let (leaf, _) = parquet_column(descriptor, schema, name)?;
    index.column_index(row_group, leaf)?;
    index.offset_index(row_group, leaf).filter(|index| !index.page_locations().is_empty())?;
    let converter = StatisticsConverter::try_new(name, schema, descriptor).ok()?.with_missing_null_counts_as_zero(false);
    let groups = [row_group];
    let rows = converter.data_page_row_counts(index, metadata.row_groups(), &groups).ok()??;
    let bounds = Bounds {
        least: converter.data_page_mins(index, &groups).ok()?,
        greatest: converter.data_page_maxes(index, &groups).ok()?,
        nulls: converter.data_page_null_counts(index, &groups).ok()?.iter().collect(),
        rows: rows.iter().collect::<Option<_>>()?,
    };
    let count = bounds.rows.len();
    (bounds.least.len() == count && bounds.greatest.len() == count && bounds.nulls.len() == count).then_some(bounds)
}
