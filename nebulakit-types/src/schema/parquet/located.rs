//! Pages held against the index that says where they are: rows that a filter passes over are counted by the index alone, and one that is
//! wrong would give the values of other rows.

use std::sync::Arc;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::RowSelection;
use parquet::column::page::PageReader as _;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::page_index::offset_index::PageLocation;
use parquet::file::serialized_reader::SerializedPageReader;

use super::fetch::Chunks;

/// A page that holds other rows than the index says.
pub(super) struct Misplaced {
    pub(super) column: String,
    pub(super) held: usize,
    pub(super) said: usize,
}

/// Looks at the headers of the selected pages of a row group; gives the first that holds other rows than the index says.
pub(super) fn misplaced(
    metadata: &ParquetMetaData,
    row_group: usize,
    mask: &ProjectionMask,
    selection: &RowSelection,
    chunks: &Chunks,
) -> Result<Option<Misplaced>, ParquetError> {
    let Some(index) = metadata.page_index() else { return Ok(None) };
    let group = metadata.row_group(row_group);
    for (leaf, chunk) in group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf)) {
        let Some(index) = index.offset_index(row_group, leaf) else { continue };
        let pages = index.page_locations();
        let reader = Arc::new(chunks.of_column(leaf));
        let mut selected = selection.scan_ranges(pages).into_iter().peekable();
        for (page, next) in pages.iter().zip(pages.iter().skip(1).map(Some).chain([None])) {
            if selected.next_if(|range| i64::try_from(range.start) == Ok(page.offset)).is_none() {
                continue;
            }
            let end = next.map_or(group.num_rows(), |next| next.first_row_index);
            let said = usize::try_from(end - page.first_row_index)?;
            let held = held(&reader, chunk, page, said)?;
            if let Some(held) = held.filter(|held| *held != said) {
                return Ok(Some(Misplaced { column: chunk.column_path().string(), held, said }));
            }
        }
    }
    Ok(None)
}

/// How many rows a page has by its own header; the older headers count the elements of lists instead.
fn held(reader: &Arc<Chunks>, chunk: &ColumnChunkMetaData, page: &PageLocation, rows: usize) -> Result<Option<usize>, ParquetError> {
    let alone = chunk
        .clone()
        .into_builder()
        .set_dictionary_page_offset(None)
        .set_data_page_offset(page.offset)
        .set_total_compressed_size(page.compressed_page_size.into())
        .build()?;
    let header = SerializedPageReader::new(reader.clone(), &alone, rows, None)?.peek_next_page()?;
    let flat = chunk.column_descr().max_rep_level() == 0;
    Ok(header.and_then(|header| header.num_rows.or(header.num_levels.filter(|_| flat))))
}
