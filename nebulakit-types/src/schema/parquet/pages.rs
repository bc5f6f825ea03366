//! Pages on their way from the file to the decoder, looked at before it takes memory for what they claim.
//!
//! The decoder makes room for as many values as a dictionary or a delta encoding claims, and writes out each value of a dictionary as often
//! as a page refers to it: some bytes make gigabytes of it.

use std::sync::Arc;

use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;
use parquet::schema::types::ColumnDescPtr;

use super::encoded::{self, Deltas};
use super::fetch::Chunks;
use crate::Bytes;

/// A row group as decoders take it.
pub(super) struct Group {
    pub(super) metadata: Arc<ParquetMetaData>,
    pub(super) row_group: usize,
    pub(super) chunks: Chunks,
    pub(super) batch_size: usize,
}

impl RowGroups for Group {
    fn num_rows(&self) -> usize {
        usize::try_from(self.metadata.row_group(self.row_group).num_rows()).unwrap_or_default()
    }

    fn column_chunks(&self, leaf: usize) -> Result<Box<dyn PageIterator>> {
        let chunk = self.metadata.row_group(self.row_group).column(leaf);
        let places = self.metadata.page_index().and_then(|index| index.offset_index(self.row_group, leaf));
        let places = places.map(|index| index.page_locations().clone());
        let inner = SerializedPageReader::new(Arc::new(self.chunks.of_column(leaf)), chunk, self.num_rows(), places)?;
        let column = chunk.column_descr_ptr();
        let checked = Checked { inner, leaf, column, chunks: self.chunks.clone(), batch_size: self.batch_size, dictionary: None };
        Ok(Box::new(Alone(Some(Box::new(checked)))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.metadata.row_group(self.row_group)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// The pages of one chunk, as the decoder of a column takes them.
struct Alone(Option<Box<dyn PageReader>>);

impl Iterator for Alone {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl PageIterator for Alone {}

/// The pages of a column chunk, each looked at.
struct Checked {
    inner: SerializedPageReader<Chunks>,
    leaf: usize,
    column: ColumnDescPtr,
    chunks: Chunks,
    batch_size: usize,
    /// How long the values of the dictionary are.
    dictionary: Option<Lengths>,
}

/// The lengths of values in bytes.
enum Lengths {
    Same(u64),
    Each(Vec<u32>),
}

impl Checked {
    fn checked(&mut self, page: Option<Page>) -> Result<Option<Page>> {
        match &page {
            Some(Page::DictionaryPage { buf, num_values, .. }) => self.dictionary(buf, *num_values)?,
            Some(Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, .. }) => {
                let levels = [
                    (self.column.max_rep_level(), *rep_level_encoding == Encoding::RLE),
                    (self.column.max_def_level(), *def_level_encoding == Encoding::RLE),
                ];
                // The decoder says what is wrong with levels that do not fit.
                if let Some(values) = encoded::behind_levels(buf, levels, *num_values) {
                    self.values(&buf.slice(values..), *num_values, *encoding)?;
                }
            }
            Some(Page::DataPageV2 { buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. }) => {
                let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
                if let Some(values) = usize::try_from(levels).ok().filter(|levels| *levels <= buf.len()) {
                    self.values(&buf.slice(values..), *num_values, *encoding)?;
                }
            }
            None => {}
        }
        Ok(page)
    }

    fn dictionary(&mut self, bytes: &Bytes, claimed: u32) -> Result<()> {
        let held = bytes.len() as u64;
        let most = match self.column.physical_type() {
            Type::BOOLEAN => held.saturating_mul(8),
            Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => held / 4,
            Type::INT64 | Type::DOUBLE => held / 8,
            Type::INT96 => held / 12,
            Type::FIXED_LEN_BYTE_ARRAY => held.checked_div(self.width()).unwrap_or(1),
        };
        if u64::from(claimed) > most {
            return Err(ParquetError::General(format!(
                "a dictionary claims {claimed} values, of which its {held} bytes can hold at most {most}"
            )));
        }
        self.dictionary = match self.column.physical_type() {
            Type::BYTE_ARRAY => Some(Lengths::Each(encoded::lengths(bytes, claimed))),
            Type::FIXED_LEN_BYTE_ARRAY => Some(Lengths::Same(self.width())),
            _ => None,
        };
        Ok(())
    }

    /// How many values a batch has, as far as that is known: a row of lists has any number.
    fn values_of_batch(&self) -> usize {
        if self.column.max_rep_level() > 0 { usize::MAX } else { self.batch_size }
    }

    /// The length of each value, where all have one.
    fn width(&self) -> u64 {
        u64::try_from(self.column.type_length()).unwrap_or_default()
    }

    /// Looks at encoded values, `count` of them with those that are absent.
    fn values(&self, bytes: &Bytes, count: u32, encoding: Encoding) -> Result<()> {
        let is_text = matches!(self.column.physical_type(), Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY);
        let added = match encoding {
            Encoding::DELTA_LENGTH_BYTE_ARRAY => {
                self.claimed(Deltas::of(bytes), count)?;
                bytes.len() as u64
            }
            Encoding::DELTA_BYTE_ARRAY => {
                let prefixes = Deltas::of(bytes);
                self.claimed(prefixes, count)?;
                let prefixes = prefixes.and_then(|deltas| deltas.sum(bytes));
                let rest = prefixes.and_then(|(_, end)| bytes.get(end..)).unwrap_or_default();
                let suffixes = Deltas::of(rest);
                self.claimed(suffixes, count)?;
                let suffixes = suffixes.and_then(|deltas| deltas.sum(rest));
                [prefixes, suffixes].into_iter().flatten().fold(0, |sum: u64, (one, _)| sum.saturating_add(one))
            }
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => match &self.dictionary {
                Some(Lengths::Same(width)) => width.saturating_mul(u64::from(count).min(self.values_of_batch() as u64)),
                Some(Lengths::Each(lengths)) => {
                    let longest = u64::from(lengths.iter().copied().max().unwrap_or_default());
                    // Almost always they cannot be too many, however often the longest is there.
                    match longest.saturating_mul(count.into()) {
                        most if most <= self.chunks.account.limit.bytes() / 1024 => most,
                        _ => encoded::indexed(bytes, lengths, count, self.values_of_batch()),
                    }
                }
                None => 0,
            },
            _ => bytes.len() as u64,
        };
        if !is_text {
            return Ok(());
        }
        self.chunks.account.values(self.leaf, added).map_err(ParquetError::General)
    }

    /// Holds the number of values that a delta encoding claims against that of its page. Room is made for as many lengths.
    fn claimed(&self, deltas: Option<Deltas>, count: u32) -> Result<()> {
        let Some(Deltas { count: claimed, .. }) = deltas else { return Ok(()) };
        if claimed > u64::from(count) {
            return Err(ParquetError::General(format!("a page of {count} values claims {claimed} values in its encoding")));
        }
        let limit = self.chunks.account.limit;
        let lengths = claimed.saturating_mul(8);
        if lengths > limit.bytes() {
            let what = limit.clause(format!("the lengths of the {claimed} values of a page take {lengths} bytes"));
            return Err(ParquetError::General(self.chunks.account.refuse(self.leaf, what)));
        }
        Ok(())
    }
}

impl Iterator for Checked {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Checked {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.inner.get_next_page()?;
        self.checked(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.inner.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.inner.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>> {
        let page = self.inner.take_deferred_dictionary()?;
        self.checked(page)
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.inner.at_record_boundary()
    }
}
