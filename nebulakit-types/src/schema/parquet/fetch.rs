//! The bytes of column chunks: of a file of this machine as they are needed, of an object fetched before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::ops::Range;
use std::sync::Arc;

use bytes::Buf as _;
use bytes::buf::Reader;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::RowSelection;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::{ChunkReader, Length};

use super::super::object::TableObject;
use crate::storage::{read_at, shown_path};
use crate::{Bytes, Error, ErrorKind, Result};

/// What a page may be longer than it can be, for what writers count of headers.
const HEADERS: u64 = 64 * 1024;

/// Where the decoders of a row group find its bytes; cheap to clone.
#[derive(Clone)]
pub(super) struct Chunks {
    bytes: Place,
    /// The length of the file.
    size: u64,
    /// How many bytes one can become at most when it is decompressed.
    most: u64,
    /// Where pages begin, as far as the footer tells.
    pages: Arc<BTreeSet<u64>>,
}

#[derive(Clone)]
enum Place {
    File(Arc<File>),
    Pieces(Arc<BTreeMap<u64, Bytes>>),
}

impl Chunks {
    /// Makes ready what the columns of `mask` in the selected rows of a row group need; `before` has been fetched already.
    pub(super) async fn fetch(
        object: &TableObject,
        metadata: &ParquetMetaData,
        row_group: usize,
        mask: &ProjectionMask,
        selection: Option<&RowSelection>,
        before: Option<Self>,
    ) -> Result<Self> {
        let size = object.size();
        let most = most(metadata, row_group);
        let pages = Arc::new(pages(metadata, row_group));
        let mut pieces = match before.map(|before| before.bytes) {
            Some(bytes @ Place::File(_)) => return Ok(Self { bytes, size, most, pages }),
            Some(Place::Pieces(pieces)) => Arc::unwrap_or_clone(pieces),
            None => BTreeMap::new(),
        };
        if let Some(path) = object.path() {
            let file = File::open(&path)
                .map_err(|error| Error::new(ErrorKind::Io, format!("cannot read {}", shown_path(&path))).with_source(error))?;
            return Ok(Self { bytes: Place::File(Arc::new(file)), size, most, pages });
        }
        let ranges = ranges(metadata, row_group, mask, selection).into_iter().filter(|range| !covers(&pieces, range));
        let ranges: Vec<_> = ranges.collect();
        let bytes = object.read_ranges(&ranges).await?;
        pieces.extend(ranges.iter().map(|range| range.start).zip(bytes));
        Ok(Self { bytes: Place::Pieces(Arc::new(pieces)), size, most, pages })
    }
}

/// The ranges that hold the selected rows of the columns of `mask`.
fn ranges(metadata: &ParquetMetaData, row_group: usize, mask: &ProjectionMask, selection: Option<&RowSelection>) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    for (leaf, chunk) in metadata.row_group(row_group).columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf)) {
        let (start, length) = range(chunk);
        let pages = metadata.page_index().and_then(|index| index.offset_index(row_group, leaf)).map(|index| index.page_locations());
        match (selection, pages) {
            (Some(selection), Some(pages)) if !pages.is_empty() => {
                // Before the first page lies the dictionary.
                let first = u64::try_from(pages[0].offset).unwrap_or(start);
                if first > start {
                    ranges.push(start..first);
                }
                ranges.extend(selection.scan_ranges(pages));
            }
            _ => ranges.push(start..start.saturating_add(length)),
        }
    }
    ranges
}

/// Where a chunk begins, and its length; a broken footer has negative ones, which are nowhere.
fn range(chunk: &ColumnChunkMetaData) -> (u64, u64) {
    let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    (u64::try_from(start).unwrap_or_default(), u64::try_from(chunk.compressed_size()).unwrap_or_default())
}

fn covers(pieces: &BTreeMap<u64, Bytes>, range: &Range<u64>) -> bool {
    piece(pieces, range.start).is_some_and(|(start, bytes)| start + bytes.len() as u64 >= range.end)
}

/// The piece in which the byte at `at` lies, if there is one.
fn piece(pieces: &BTreeMap<u64, Bytes>, at: u64) -> Option<(u64, &Bytes)> {
    let (start, bytes) = pieces.range(..=at).next_back()?;
    (at - start < bytes.len() as u64).then_some((*start, bytes))
}

impl Chunks {
    /// Checks the lengths that a page claims, for which the decoder takes memory before it decompresses anything.
    fn check(&self, start: u64, header: &[u8]) -> parquet::errors::Result<()> {
        match lengths(header) {
            Some((after, before)) if after > before.saturating_mul(self.most).saturating_add(HEADERS) => {
                Err(ParquetError::General(format!(
                    "the page at byte {start} claims {after} bytes, of which its {before} bytes can hold at most {}",
                    before.saturating_mul(self.most)
                )))
            }
            _ => Ok(()),
        }
    }
}

fn pages(metadata: &ParquetMetaData, row_group: usize) -> BTreeSet<u64> {
    let mut pages = BTreeSet::new();
    for (leaf, chunk) in metadata.row_group(row_group).columns().iter().enumerate() {
        let index = metadata.page_index().and_then(|index| index.offset_index(row_group, leaf));
        pages.extend(index.into_iter().flat_map(|index| index.page_locations()).filter_map(|page| u64::try_from(page.offset).ok()));
        pages.insert(range(chunk).0);
    }
    pages
}

/// How many bytes one can become at most, in the columns of a row group.
fn most(metadata: &ParquetMetaData, row_group: usize) -> u64 {
    let ratio = |chunk: &ColumnChunkMetaData| match chunk.compression() {
        Compression::UNCOMPRESSED => 1,
        Compression::SNAPPY => 64,
        Compression::LZ4 | Compression::LZ4_RAW => 255,
        Compression::GZIP(_) => 1_032,
        // A block of 128 KiB takes 4 bytes.
        _ => 32 * 1024,
    };
    metadata.row_group(row_group).columns().iter().map(ratio).max().unwrap_or(1)
}

/// How long a page is without and with compression, by the beginning of its header in Thrift's compact protocol: three numbers, of which
/// the first is its kind.
fn lengths(header: &[u8]) -> Option<(u64, u64)> {
    let mut rest = header.iter();
    let mut number = || {
        rest.next().filter(|field| **field == 0x15)?;
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = *rest.next()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                // Signs are in the last bit; the decoder says better what is wrong with a negative length.
                return (value & 1 == 0).then_some(value >> 1);
            }
        }
        None
    };
    number()?;
    Some((number()?, number()?))
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for Chunks {
    type T = ChunkRead;

    fn get_read(&self, start: u64) -> parquet::errors::Result<ChunkRead> {
        // It is the header of a page that is read so.
        Ok(match &self.bytes {
            Place::File(file) => {
                let mut read = BufReader::with_capacity(1024, FileAt { file: file.clone(), at: start });
                self.check(start, read.fill_buf()?)?;
                ChunkRead::File(read)
            }
            Place::Pieces(pieces) => {
                let (begin, bytes) = piece(pieces, start).ok_or_else(|| outside(start))?;
                let bytes = bytes.slice(offset(start - begin)?..);
                self.check(start, &bytes)?;
                ChunkRead::Piece(bytes.reader())
            }
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let bytes = self.bytes(start, length)?;
        // Of pages whose places are known, header and all is read at once.
        if self.pages.contains(&start) {
            self.check(start, &bytes)?;
        }
        Ok(bytes)
    }
}

impl Chunks {
    fn bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        match &self.bytes {
            Place::File(file) => {
                if start.checked_add(length as u64).is_none_or(|end| end > self.size) {
                    return Err(ParquetError::EOF(format!("the file has no {length} bytes from byte {start} on")));
                }
                let bytes = read_at(file, start, length)?;
                if bytes.len() < length {
                    return Err(ParquetError::EOF(format!("the file ends before byte {}", start + length as u64)));
                }
                Ok(bytes)
            }
            Place::Pieces(pieces) => {
                let (begin, bytes) = piece(pieces, start).ok_or_else(|| outside(start))?;
                let first = offset(start - begin)?;
                let last = first.checked_add(length).filter(|last| *last <= bytes.len()).ok_or_else(|| outside(start))?;
                Ok(bytes.slice(first..last))
            }
        }
    }
}

fn offset(offset: u64) -> parquet::errors::Result<usize> {
    usize::try_from(offset).map_err(|_| outside(offset))
}

/// A page that lies elsewhere than the footer says.
fn outside(start: u64) -> ParquetError {
    ParquetError::General(format!("a page at byte {start} lies outside of its column"))
}

/// Bytes from some place on.
pub(super) enum ChunkRead {
    File(BufReader<FileAt>),
    Piece(Reader<Bytes>),
}

impl Read for ChunkRead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Piece(piece) => piece.read(buffer),
        }
    }
}

/// A place of its own in a file that many read.
pub(super) struct FileAt {
    file: Arc<File>,
    at: u64,
}

impl Read for FileAt {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(&*self.file, buffer, self.at)?;
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
