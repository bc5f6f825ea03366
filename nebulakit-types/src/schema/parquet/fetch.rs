//! The bytes of column chunks: of a file of this machine as they are needed, of an object fetched before.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::sync::Arc;

use bytes::Buf as _;
use bytes::buf::Reader;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::RowSelection;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, Length};

use super::super::object::TableObject;
use crate::storage::read_at;
use crate::{Bytes, Error, ErrorKind, Result};

/// Where the decoders of a row group find its bytes; cheap to clone.
#[derive(Clone)]
pub(super) enum Chunks {
    File(Arc<File>, u64),
    Pieces(Arc<BTreeMap<u64, Bytes>>, u64),
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
        let mut pieces = match before {
            Some(Self::File(file, size)) => return Ok(Self::File(file, size)),
            Some(Self::Pieces(pieces, _)) => Arc::unwrap_or_clone(pieces),
            None => BTreeMap::new(),
        };
        if let Some(path) = object.path() {
            let file = File::open(&path)
                .map_err(|error| Error::new(ErrorKind::Io, format!("cannot read `{}`", path.display())).with_source(error))?;
            return Ok(Self::File(Arc::new(file), object.size()));
        }
        let ranges = ranges(metadata, row_group, mask, selection).into_iter().filter(|range| !covers(&pieces, range));
        let ranges: Vec<_> = ranges.collect();
        let bytes = object.read_ranges(&ranges).await?;
        pieces.extend(ranges.iter().map(|range| range.start).zip(bytes));
        Ok(Self::Pieces(Arc::new(pieces), object.size()))
    }
}

/// The ranges that hold the selected rows of the columns of `mask`.
fn ranges(metadata: &ParquetMetaData, row_group: usize, mask: &ProjectionMask, selection: Option<&RowSelection>) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    for (leaf, chunk) in metadata.row_group(row_group).columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf)) {
        let (start, length) = chunk.byte_range();
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

fn covers(pieces: &BTreeMap<u64, Bytes>, range: &Range<u64>) -> bool {
    piece(pieces, range.start).is_some_and(|(start, bytes)| start + bytes.len() as u64 >= range.end)
}

/// The piece in which the byte at `at` lies, if there is one.
fn piece(pieces: &BTreeMap<u64, Bytes>, at: u64) -> Option<(u64, &Bytes)> {
    let (start, bytes) = pieces.range(..=at).next_back()?;
    (at - start < bytes.len() as u64).then_some((*start, bytes))
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        match self {
            Self::File(_, size) | Self::Pieces(_, size) => *size,
        }
    }
}

impl ChunkReader for Chunks {
    type T = ChunkRead;

    fn get_read(&self, start: u64) -> parquet::errors::Result<ChunkRead> {
        Ok(match self {
            Self::File(file, _) => ChunkRead::File(BufReader::with_capacity(1024, FileAt { file: file.clone(), at: start })),
            Self::Pieces(pieces, _) => {
                let (begin, bytes) = piece(pieces, start).ok_or_else(|| outside(start))?;
                ChunkRead::Piece(bytes.slice(offset(start - begin)?..).reader())
            }
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        match self {
            Self::File(file, size) => {
                if start.checked_add(length as u64).is_none_or(|end| end > *size) {
                    return Err(ParquetError::EOF(format!("the file has no {length} bytes from byte {start} on")));
                }
                let bytes = read_at(file, start, length)?;
                if bytes.len() < length {
                    return Err(ParquetError::EOF(format!("the file ends before byte {}", start + length as u64)));
                }
                Ok(bytes)
            }
            Self::Pieces(pieces, _) => {
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
