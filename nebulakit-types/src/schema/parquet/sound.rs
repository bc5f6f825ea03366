//! What a footer claims, held against itself before anything is read by it.

use std::collections::BTreeMap;

use parquet::arrow::ProjectionMask;
use parquet::basic::Compression;
use parquet::file::metadata::page_index::PageIndexProvider;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};

use super::super::limit::Limit;
use super::footer::encrypted_column;
use crate::storage::shown;
use crate::{Error, ErrorKind, Result};

/// Approximate bytes that a list element takes while it is decoded: its levels and its value.
const ELEMENT: u64 = 16;

/// Maximum bytes per row for noting whether a filter wants it.
const NOTED: u64 = 16;

/// All chunks of a file have no more than this many times its bytes together: those of some writers count their headers twice.
const OVERLAP: u64 = 2;

/// Whether all row groups have as many rows as their columns have values.
pub(super) fn counts_agree(metadata: &ParquetMetaData) -> bool {
    metadata.row_groups().iter().all(|group| count(group).is_ok())
}

/// Checks what is going to be read of a file: the row groups, and the columns of `mask`.
///
/// # Errors
/// [`ErrorKind::Corrupt`] for row groups that claim other than they hold and columns that lie outside of the file,
/// [`ErrorKind::Mismatch`] for columns that are encrypted, or compressed in a way that is not known.
pub(super) fn check(
    url: &str,
    size: u64,
    metadata: &ParquetMetaData,
    encrypted: &BTreeMap<usize, String>,
    mask: &ProjectionMask,
) -> Result<()> {
    let mut all = 0_u64;
    for (index, group) in metadata.row_groups().iter().enumerate() {
        count(group).map_err(|held| claims(url, index, group.num_rows(), &held))?;
        for (leaf, chunk) in group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf)) {
            let name = || chunk.column_path().string();
            if encrypted.contains_key(&leaf) {
                return Err(encrypted_column(url, &name()));
            }
            if let Some(codec) = unknown(chunk.compression()) {
                let message = format!(
                    "the column `{}` of `{}` is compressed with {codec}, which is not known here; \
                     write it with snappy, gzip, lz4, zstd or without compression",
                    name(),
                    shown(url)
                );
                return Err(Error::new(ErrorKind::Mismatch, message));
            }
            if let Some(other) = chunk.file_path().filter(|path| !path.is_empty()) {
                let message = format!("the column `{}` in row group {index} of `{}` lies in another file, `{other}`", name(), shown(url));
                return Err(Error::new(ErrorKind::Mismatch, message));
            }
            if range(chunk).is_none_or(|(start, length)| start.checked_add(length).is_none_or(|end| end > size)) {
                let message = format!(
                    "the column `{}` in row group {index} of `{}` lies outside of the file, which has {size} bytes",
                    name(),
                    shown(url)
                );
                return Err(Error::new(ErrorKind::Corrupt, message));
            }
            all = all.saturating_add(u64::try_from(chunk.compressed_size()).unwrap_or_default());
        }
    }
    if all > size.saturating_mul(OVERLAP) {
        let message = format!("the columns of `{}` have {all} bytes together, and the file has {size}", shown(url));
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    Ok(())
}

/// Checks that what is going to be read takes no more memory than the limit lets it, as far as the footer tells. `filtered` are rows that
/// are noted one by one.
///
/// # Errors
/// [`ErrorKind::OutOfRange`] for what is over the limit.
pub(super) fn bounded(url: &str, metadata: &ParquetMetaData, mask: &ProjectionMask, filtered: bool, limit: Limit) -> Result<()> {
    for (index, group) in metadata.row_groups().iter().enumerate() {
        let stored = u64::try_from(group.compressed_size()).unwrap_or_default();
        let rows = u64::try_from(group.num_rows()).unwrap_or_default().saturating_mul(NOTED);
        if filtered && !limit.allows(rows, stored) {
            let text = format_args!("the {} rows of row group {index} take {rows} bytes or more to filter", group.num_rows());
            return Err(limit.exceeded(url, text));
        }
        for (_, chunk) in group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf)) {
            // A batch has whole rows, and all elements may be in one.
            let elements = u64::try_from(chunk.num_values()).unwrap_or_default().saturating_mul(ELEMENT);
            let stored = u64::try_from(chunk.compressed_size()).unwrap_or_default();
            if chunk.column_descr().max_rep_level() > 0 && !limit.allows(elements, stored) {
                let (values, name) = (chunk.num_values(), chunk.column_path().string());
                let text =
                    format_args!("the {values} values of the column `{name}` in row group {index} become {elements} bytes of {stored}");
                return Err(limit.exceeded(url, text));
            }
        }
    }
    Ok(())
}

/// A row group whose columns hold other than it claims.
pub(super) fn claims(url: &str, row_group: usize, rows: i64, held: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("row group {row_group} of `{}` claims {rows} rows, {held}", shown(url)))
}

/// Holds the rows that a row group claims against the values that its columns do; says what they hold else.
fn count(group: &RowGroupMetaData) -> Result<(), String> {
    if group.num_rows() < 0 {
        return Err("which is less than none".to_owned());
    }
    for chunk in group.columns() {
        // A list has a value for each of its elements, one at least.
        let (rows, values) = (group.num_rows(), chunk.num_values());
        let agree = if chunk.column_descr().max_rep_level() == 0 { values == rows } else { values >= rows };
        if !agree {
            return Err(format!("and its column `{}` holds {values} values", chunk.column_path().string()));
        }
    }
    Ok(())
}

/// The name of a compression that is not known.
fn unknown(compression: Compression) -> Option<&'static str> {
    match compression {
        Compression::LZO => Some("LZO"),
        Compression::BROTLI(_) => Some("brotli"),
        _ => None,
    }
}

/// Where a column chunk lies, and how long it is.
fn range(chunk: &ColumnChunkMetaData) -> Option<(u64, u64)> {
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    Some((u64::try_from(start).ok()?, u64::try_from(chunk.compressed_size()).ok()?))
}

/// Whether the places of the pages of a row group can be those of its columns, as far as they are known.
pub(super) fn pages_agree(metadata: &ParquetMetaData, index: &dyn PageIndexProvider, row_group: usize) -> bool {
    let group = metadata.row_group(row_group);
    group.columns().iter().enumerate().all(|(leaf, chunk)| {
        let Some(pages) = index.offset_index(row_group, leaf) else { return true };
        let Some((start, length)) = range(chunk) else { return false };
        let (mut at, mut row) = (start, 0);
        let first = pages.page_locations().first().is_none_or(|page| page.first_row_index == 0);
        first
            && pages.page_locations().iter().all(|page| {
                let (Ok(offset), Ok(size)) = (u64::try_from(page.offset), u64::try_from(page.compressed_page_size)) else { return false };
                let follows = offset >= at && offset + size <= start + length && (row..=group.num_rows()).contains(&page.first_row_index);
                (at, row) = (offset + size, page.first_row_index);
                follows
            })
    })
}
