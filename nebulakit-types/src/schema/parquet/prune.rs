//! What need not be looked at: row groups and pages whose statistics say that no row meets the condition.
//!
//! [`trust`](super::trust) says which of the statistics are to be believed.

use arrow::datatypes::SchemaRef;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use parquet::arrow::parquet_column;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::metadata::page_index::PageIndexProvider;

use super::super::filter::{Bound, Bounds, may_match};
use super::trust::Trust;

/// The row groups that may hold rows that meet the condition.
pub(super) fn row_groups(metadata: &ParquetMetaData, schema: &SchemaRef, filter: Option<&Bound>) -> Vec<usize> {
    let count = metadata.num_row_groups();
    let Some(filter) = filter else { return (0..count).collect() };
    let possible = may_match(filter, count, &mut |name| {
        let groups = metadata.row_groups();
        let descriptor = metadata.file_metadata().schema_descr();
        let (leaf, field) = parquet_column(descriptor, schema, name)?;
        let trust = Trust::new(metadata, leaf, field.data_type());
        let statistics = || groups.iter().map(|group| group.column(leaf).statistics());
        if statistics().flatten().any(|statistics| !trust.understands(statistics)) {
            return None;
        }
        let converter = StatisticsConverter::try_new(name, schema, descriptor).ok()?.with_missing_null_counts_as_zero(false);
        let bounds = Bounds {
            least: converter.row_group_mins(groups).ok()?,
            greatest: converter.row_group_maxes(groups).ok()?,
            nulls: converter.row_group_null_counts(groups).ok()?.iter().collect(),
            rows: groups.iter().map(|group| u64::try_from(group.num_rows()).ok()).collect::<Option<_>>()?,
        };
        let believed = statistics().map(|statistics| statistics.is_some_and(|statistics| trust.believes(statistics)));
        trust.sound(bounds, &believed.collect::<Vec<_>>())
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
    let (leaf, field) = parquet_column(descriptor, schema, name)?;
    let trust = Trust::new(metadata, leaf, field.data_type());
    let believed = trust.believes_pages(index.column_index(row_group, leaf)?)?;
    let rows = page_rows(metadata, index, row_group, leaf)?;
    let converter = StatisticsConverter::try_new(name, schema, descriptor).ok()?.with_missing_null_counts_as_zero(false);
    let groups = [row_group];
    let bounds = Bounds {
        least: converter.data_page_mins(index, &groups).ok()?,
        greatest: converter.data_page_maxes(index, &groups).ok()?,
        nulls: converter.data_page_null_counts(index, &groups).ok()?.iter().collect(),
        rows,
    };
    trust.sound(bounds, &believed)
}

/// How many rows each page of a column has.
fn page_rows(metadata: &ParquetMetaData, index: &dyn PageIndexProvider, row_group: usize, leaf: usize) -> Option<Vec<u64>> {
    let pages = index.offset_index(row_group, leaf)?.page_locations();
    let ends = pages.iter().skip(1).map(|page| page.first_row_index).chain([metadata.row_group(row_group).num_rows()]);
    let rows = pages.iter().zip(ends).map(|(page, end)| u64::try_from(end.checked_sub(page.first_row_index)?).ok());
    rows.collect::<Option<Vec<_>>>().filter(|rows| !rows.is_empty())
}
