//! The bytes of column chunks: of a file of this machine as they are needed, of an object fetched before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Buf as _;
use bytes::buf::Reader;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::RowSelection;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::{ChunkReader, Length};

use super::super::limit::Limit;
use super::super::object::TableObject;
use super::account::{Account, Size};
use super::compact::{Compact, I32};
use crate::storage::{open_file, read_at, shown_path};
use crate::{Bytes, Error, ErrorKind, Result};

/// What a page may be longer than it can be, for what writers count of headers.
const HEADERS: u64 = 64 * 1024;

/// So much is read of the header of a page: most have less than the first, and those with long statistics less than the last.
const HEADER: [u64; 3] = [512, 64 * 1024, 4 * 1024 * 1024];

/// So much of a file is read at a time, where it is read piece by piece.
const BUFFER: usize = 1024;

/// The kind of page that holds a dictionary.
const DICTIONARY: i64 = 2;

/// Where the decoders of a row group find its bytes; cheap to clone.
#[derive(Clone)]
pub(super) struct Chunks {
    bytes: ChunkBytes,
    /// The length of the file.
    size: u64,
    /// How many bytes one can become at most when it is decompressed.
    most: u64,
    /// Where pages begin, as far as the footer tells.
    pages: Arc<BTreeSet<u64>>,
    /// The column that is read.
    leaf: usize,
    /// Where the bytes of its page lie whose header was read last, and how many they are.
    page: Arc<Mutex<Option<(u64, u64)>>>,
    pub(super) account: Arc<Account>,
}

#[derive(Clone)]
enum ChunkBytes {
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
        let account = Arc::new(Account::new(Limit::of(object)));
        let mut chunks = match before {
            Some(before) => Self { account, ..before },
            None => {
                let bytes = match object.path() {
                    Some(path) => {
                        let (file, _) = open_file(&path)
                            .map_err(|error| Error::new(ErrorKind::Io, format!("cannot read {}", shown_path(&path))).with_source(error))?;
                        ChunkBytes::File(Arc::new(file))
                    }
                    None => ChunkBytes::Pieces(Arc::default()),
                };
                Self {
                    bytes,
                    size: object.size(),
                    most: most(metadata, row_group),
                    pages: Arc::default(),
                    leaf: 0,
                    page: Arc::default(),
                    account,
                }
            }
        };
        chunks.pages = Arc::new(pages(metadata, row_group));
        if let ChunkBytes::Pieces(pieces) = &mut chunks.bytes {
            let ranges = ranges(metadata, row_group, mask, selection).into_iter().filter(|range| !covers(pieces, range));
            let ranges: Vec<_> = ranges.collect();
            let bytes = object.read_ranges(&ranges).await?;
            Arc::make_mut(pieces).extend(ranges.iter().map(|range| range.start).zip(bytes));
        }
        Ok(chunks)
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
    /// The same for a reader of one column.
    pub(super) fn of_column(&self, leaf: usize) -> Self {
        Self { leaf, page: Arc::default(), ..self.clone() }
    }

    /// Checks what the header of the page at `start` claims, for which the decoder takes memory before it decompresses anything.
    fn check(&self, start: u64, header: &Header) -> parquet::errors::Result<()> {
        let Header { kind, after, before, length } = *header;
        let bytes = (start.saturating_add(length as u64), u64::try_from(before).unwrap_or_default());
        *self.page.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
        let (Some(expanded), Some(stored)) = (u64::try_from(after).ok(), u64::try_from(before).ok()) else {
            // The decoder says better what is wrong with a negative length.
            return Ok(());
        };
        let most = stored.saturating_mul(self.most);
        if expanded > most.saturating_add(HEADERS) {
            return Err(ParquetError::General(format!(
                "the page at byte {start} claims {expanded} bytes, of which its {stored} bytes can hold at most {most}"
            )));
        }
        self.account.page(self.leaf, start, kind == DICTIONARY, Size { expanded, stored }).map_err(ParquetError::General)
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

/// What the header of a page says of its length.
struct Header {
    kind: i64,
    /// When it is decompressed, and before.
    after: i64,
    before: i64,
    /// How long it is itself.
    length: usize,
}

impl Header {
    /// The header at the front of `bytes`; [`None`] where it is broken or longer than they are.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut numbers = [None; 3];
        let mut rest = Compact(bytes);
        rest.fields(&mut |header, id, kind| match id {
            1..=3 => {
                header.expect(kind, I32)?;
                numbers[usize::try_from(id - 1).ok()?] = Some(header.integer()?);
                Some(())
            }
            _ => header.skip(kind),
        })?;
        let [kind, after, before] = numbers;
        Some(Self { kind: kind?, after: after?, before: before?, length: bytes.len() - rest.0.len() })
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for Chunks {
    type T = ChunkRead;

    fn get_read(&self, start: u64) -> parquet::errors::Result<ChunkRead> {
        // It is the header of a page that is read so, or its bytes, when the header was looked at before.
        let page = *self.page.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = page.filter(|(at, _)| *at == start).map(|(_, length)| length);
        if let Some(length @ 1..) = bytes {
            return Ok(ChunkRead { from: self.source(start)?, left: length });
        }
        match (self.header(start)?, bytes) {
            (Some(header), _) => self.check(start, &header)?,
            // A page without bytes, and no other behind it.
            (None, Some(_)) => return Ok(ChunkRead { from: self.source(start)?, left: 0 }),
            (None, None) => return Err(headless(start)),
        }
        Ok(ChunkRead { from: self.source(start)?, left: u64::MAX })
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let bytes = self.bytes(start, length)?;
        // Of pages whose places are known, header and all is read at once.
        if self.pages.contains(&start) {
            self.check(start, &Header::parse(&bytes).ok_or_else(|| headless(start))?)?;
        }
        Ok(bytes)
    }
}

impl Chunks {
    /// The header of the page at `start`, if one is there.
    fn header(&self, start: u64) -> parquet::errors::Result<Option<Header>> {
        match &self.bytes {
            ChunkBytes::File(file) => {
                for length in HEADER {
                    let mut bytes = Vec::new();
                    FileAt { file: file.clone(), at: start }.take(length).read_to_end(&mut bytes)?;
                    if let Some(header) = Header::parse(&bytes) {
                        return Ok(Some(header));
                    }
                    if (bytes.len() as u64) < length {
                        break;
                    }
                }
                Ok(None)
            }
            ChunkBytes::Pieces(pieces) => {
                let (begin, bytes) = piece(pieces, start).ok_or_else(|| outside(start))?;
                Ok(Header::parse(&bytes[offset(start - begin)?..]))
            }
        }
    }

    /// The bytes from `start` on.
    fn source(&self, start: u64) -> parquet::errors::Result<ReadFrom> {
        match &self.bytes {
            ChunkBytes::File(file) => Ok(ReadFrom::File(BufReader::with_capacity(BUFFER, FileAt { file: file.clone(), at: start }))),
            ChunkBytes::Pieces(pieces) => {
                let (begin, bytes) = piece(pieces, start).ok_or_else(|| outside(start))?;
                Ok(ReadFrom::Piece(bytes.slice(offset(start - begin)?..).reader()))
            }
        }
    }

    fn bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        match &self.bytes {
            ChunkBytes::File(file) => {
                if start.checked_add(length as u64).is_none_or(|end| end > self.size) {
                    return Err(ParquetError::EOF(format!("the file has no {length} bytes from byte {start} on")));
                }
                let bytes = read_at(file, start, length)?;
                if bytes.len() < length {
                    return Err(ParquetError::EOF(format!("the file ends before byte {}", start + length as u64)));
                }
                Ok(bytes)
            }
            ChunkBytes::Pieces(pieces) => {
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

/// A page whose length is not known.
fn headless(start: u64) -> ParquetError {
    ParquetError::General(format!("the header of the page at byte {start} cannot be read"))
}

/// A page that lies elsewhere than the footer says.
fn outside(start: u64) -> ParquetError {
    ParquetError::General(format!("a page at byte {start} lies outside of its column"))
}

/// At most `left` bytes from some place on.
pub(super) struct ChunkRead {
    from: ReadFrom,
    left: u64,
}

enum ReadFrom {
    File(BufReader<FileAt>),
    Piece(Reader<Bytes>),
}

impl Read for ChunkRead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = &mut buffer[..most];
        let read = match &mut self.from {
            ReadFrom::File(file) => file.read(buffer)?,
            ReadFrom::Piece(piece) => piece.read(buffer)?,
        };
        self.left -= read as u64;
        Ok(read)
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
