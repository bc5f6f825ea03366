//! The footer: found at the end of a file, decoded, and put right where writers are known to leave it wrong.

use std::collections::BTreeMap;

use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, ParquetMetaData, ParquetMetaDataBuilder, ParquetMetaDataOptions, ParquetMetaDataReader,
    ParquetStatisticsPolicy, RowGroupMetaData,
};

use super::super::fault::{bad_parquet, caught};
use super::super::object::TableObject;
use super::{compact, depth, encrypted};
use crate::storage::shown;
use crate::{Bytes, Error, ErrorKind, Result};

/// So much of the end of a file is fetched at once: most footers are smaller.
const TAIL: u64 = 64 * 1024;

/// The length of the footer, and the letters that end a file.
const END: u64 = 8;

/// Maximum bytes by which the length of a chunk is too short.
const MISSED: i64 = 100;

/// What a file says of itself.
pub(super) struct Footer {
    pub(super) metadata: ParquetMetaData,
    /// The columns that are encrypted, by their place among the leaves.
    pub(super) encrypted: BTreeMap<usize, String>,
}

/// Reads the footer of a file.
pub(super) async fn read(object: &TableObject) -> Result<Footer> {
    let bytes = fetch(object).await?;
    let end = object.size() - END - bytes.len() as u64;
    depth::check(object.url(), &bytes)?;
    let encrypted = encrypted::columns(&bytes);
    let decoded = caught(|| decode(&bytes).and_then(|metadata| repaired(metadata, end)));
    match (decoded, encrypted.values().next()) {
        (Ok(metadata), _) => Ok(Footer { metadata, encrypted }),
        // Of a column that is encrypted as a whole, the decoder misses what it needs.
        (Err(error), Some(name)) => Err(encrypted_column(object.url(), name).with_source(error)),
        (Err(error), None) => Err(bad_parquet(object.url(), error)),
    }
}

/// The column `name` cannot be read.
pub(super) fn encrypted_column(url: &str, name: &str) -> Error {
    Error::new(ErrorKind::Mismatch, format!("the column `{name}` of `{}` is encrypted, and encrypted columns cannot be read", shown(url)))
}

async fn fetch(object: &TableObject) -> Result<Bytes> {
    let (url, size) = (shown(object.url()), object.size());
    let tail = object.read_range(size.saturating_sub(TAIL)..size).await?;
    let Some((rest, [a, b, c, d, magic @ ..])) = tail.split_last_chunk::<8>() else {
        return Err(Error::new(ErrorKind::Corrupt, format!("`{url}` is not a Parquet file: it has {size} bytes")));
    };
    let length = u64::from(u32::from_le_bytes([*a, *b, *c, *d]));
    match magic {
        b"PAR1" => {}
        b"PARE" => {
            let message = format!("`{url}` is encrypted, its footer too, and encrypted tables cannot be read");
            return Err(Error::new(ErrorKind::Mismatch, message));
        }
        _ => return Err(Error::new(ErrorKind::Corrupt, format!("`{url}` is not a Parquet file: it does not end with `PAR1`"))),
    }
    if length + END > size {
        let message = format!("the footer of `{url}` claims {length} bytes, and the file has {size}");
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    match usize::try_from(length).ok().and_then(|length| rest.len().checked_sub(length)) {
        Some(begin) => Ok(tail.slice(begin..rest.len())),
        None => object.read_range(size - END - length..size - END).await,
    }
}

/// Fields that are not of Parquet are left out where the decoder stumbles over them, and statistics that are broken say nothing.
fn decode(bytes: &[u8]) -> Result<ParquetMetaData, ParquetError> {
    ParquetMetaDataReader::decode_metadata(bytes).or_else(|error| {
        let Some(cleaned) = compact::cleaned(bytes) else { return Err(error) };
        let without = ParquetMetaDataOptions::new()
            .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
            .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
        ParquetMetaDataReader::decode_metadata(&cleaned)
            .or_else(|_| ParquetMetaDataReader::decode_metadata_with_options(&cleaned, Some(&without)))
            .map_err(|_| error)
    })
}

/// What cannot be true is put right: the rows of a file are those of its row groups, a dictionary page lies before the others, and the
/// chunks of the first writers are longer than they say. `end` is that of the last chunk.
fn repaired(metadata: ParquetMetaData, end: u64) -> Result<ParquetMetaData, ParquetError> {
    let file = metadata.file_metadata();
    let rows = metadata.row_groups().iter().fold(0_i64, |rows, group| rows.saturating_add(group.num_rows().max(0)));
    let chunks = || metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let short = is_short(file.created_by().unwrap_or_default());
    if rows == file.num_rows() && !short && !chunks().any(dictionary_is_none) {
        return Ok(metadata);
    }
    let mut starts: Vec<i64> = if short { chunks().map(start).chain(i64::try_from(end)).collect() } else { Vec::new() };
    starts.sort_unstable();
    let repaired = |chunk: &ColumnChunkMetaData| {
        let mut builder = chunk.clone().into_builder();
        if dictionary_is_none(chunk) {
            builder = builder.set_dictionary_page_offset(None);
        }
        let ends = start(chunk).saturating_add(chunk.compressed_size());
        if let Some(next) = starts.get(starts.partition_point(|start| *start < ends)).filter(|next| **next - ends <= MISSED) {
            builder = builder.set_total_compressed_size(*next - start(chunk));
        }
        builder.build()
    };
    let groups = metadata.row_groups().iter().map(|group| {
        let chunks = group.columns().iter().map(repaired).collect::<Result<_, _>>()?;
        group.clone().into_builder().set_column_metadata(chunks).build()
    });
    let groups = groups.collect::<Result<_, ParquetError>>()?;
    let file = FileMetaData::new(
        file.version(),
        rows,
        file.created_by().map(ToOwned::to_owned),
        file.key_value_metadata().cloned(),
        file.schema_descr_ptr(),
        file.column_orders().cloned(),
    );
    Ok(ParquetMetaDataBuilder::new(file).set_row_groups(groups).build())
}

/// Some writers set the place of a dictionary page that is not there, to 0 or to that of the first page. That of the first page is 0 where
/// there is only a dictionary.
fn dictionary_is_none(chunk: &ColumnChunkMetaData) -> bool {
    let pages = chunk.data_page_offset();
    chunk.dictionary_page_offset().is_some_and(|offset| offset <= 0 || pages > 0 && offset >= pages)
}

fn start(chunk: &ColumnChunkMetaData) -> i64 {
    let dictionary = if dictionary_is_none(chunk) { None } else { chunk.dictionary_page_offset() };
    dictionary.unwrap_or(chunk.data_page_offset())
}

/// Whether the length of a chunk is without the header of its dictionary page, as in files of parquet-mr before 1.2.9 (PARQUET-816).
fn is_short(writer: &str) -> bool {
    let Some(rest) = writer.strip_prefix("parquet-mr") else { return false };
    let version = rest.trim_start().strip_prefix("version ").unwrap_or_default().split([' ', '-']).next().unwrap_or_default();
    let numbers: Vec<u32> = version.split('.').map_while(|number| number.parse().ok()).collect();
    numbers.as_slice() < &[1, 2, 9][..]
}
