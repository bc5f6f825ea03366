//! What a block of a file claims, held against the bytes that are there before anything is decoded or allocated.

use std::ops::Range;

use arrow::datatypes::{DataType, Schema as ArrowSchema, UnionMode};
use arrow::ipc::{self, BodyCompressionMethod, CompressionType, MessageHeader, MetadataVersion, root_as_message};

/// What precedes a message: a mark, unless a very old writer left it out, and the length.
const MARK: [u8; 4] = [0xff; 4];

/// The length of a compressed buffer before it was compressed stands before it.
const PREFIX: usize = 8;

/// That length of a buffer that is not compressed after all.
const PLAIN: i64 = -1;

/// Maximum number of bytes that LZ4 makes of one.
const LZ4_RATIO: u64 = 255;

/// Maximum number of buffers of a batch that are told apart by their columns.
const MOST_BUFFERS: usize = 1 << 24;

/// A block of zstd is at most so long when it is decompressed.
const ZSTD_BLOCK: u64 = 128 * 1024;

/// What a block becomes when it is decoded, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Claims {
    /// All that is decoded of it.
    pub(super) decoded: u64,
    /// What its compressed buffers become.
    pub(super) expanded: u64,
    /// What is stored of those.
    pub(super) stored: u64,
    /// The dictionary that it is of, and whether it adds values to those that are there.
    pub(super) dictionary: Option<(i64, bool)>,
}

/// Checks one block: `bytes` are all of it, the first `metadata` of them its message. Of a batch with columns like `schema` only those in
/// `needed`, which is sorted, are decoded.
///
/// # Errors
/// What is wrong, as a clause.
pub(super) fn block(bytes: &[u8], metadata: usize, schema: &ArrowSchema, needed: &[usize]) -> Result<Claims, String> {
    let (message, body) = bytes.split_at_checked(metadata).ok_or("its message is longer than the block")?;
    let message = message_in(message)?;
    let message = root_as_message(message).map_err(|error| format!("its message cannot be read: {error}"))?;
    let dictionary = message.header_as_dictionary_batch();
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => dictionary.and_then(|dictionary| dictionary.data()),
        other => return Err(format!("its message is of the kind {}, not a batch", other.variant_name().unwrap_or("unknown"))),
    };
    let batch = batch.ok_or("its message holds no batch")?;
    let mut claims = Claims { dictionary: dictionary.map(|dictionary| (dictionary.id(), dictionary.isDelta())), ..Claims::default() };
    let mut bits = 0_u64;
    let buffers = batch.buffers();
    let count = buffers.iter().flatten().count();
    let decoded = if dictionary.is_some() { None } else { decoded(schema, needed, batch, message.version()) };
    let decoded = decoded.filter(|decoded| decoded.len() == count).unwrap_or_else(|| vec![true; count]);
    for (index, buffer) in buffers.iter().flatten().enumerate() {
        let place = range(buffer).filter(|place| place.end <= body.len()).ok_or_else(|| {
            let (offset, length, all) = (buffer.offset(), buffer.length(), body.len());
            format!("buffer {index} of {length} bytes from byte {offset} on lies beyond the {all} bytes that it has")
        })?;
        let stored = place.len() as u64;
        let length = match batch.compression() {
            Some(compression) => decompressed(&body[place], compression).map_err(|what| format!("buffer {index} {what}"))?,
            None => stored,
        };
        bits = bits.saturating_add(length.saturating_mul(8));
        if decoded[index] {
            claims.decoded = claims.decoded.saturating_add(length);
            if batch.compression().is_some() {
                claims.expanded = claims.expanded.saturating_add(length);
                claims.stored = claims.stored.saturating_add(stored);
            }
        }
    }
    let nodes = batch.nodes();
    let lengths = nodes.iter().flatten().map(|node| (node.length(), node.null_count()));
    for (length, absent) in lengths.chain([(batch.length(), 0)]) {
        // A column of nothing but absent values takes no bytes.
        if !u64::try_from(length).is_ok_and(|length| length <= bits.max(i32::MAX.unsigned_abs().into())) {
            return Err(format!("it claims {length} rows"));
        }
        if !(0..=length).contains(&absent) {
            return Err(format!("it claims that {absent} of {length} values are absent"));
        }
    }
    Ok(claims)
}

/// For each buffer of a batch whether it belongs to a column in `needed`, as the format lays them out; [`None`] where it cannot be told.
fn decoded(schema: &ArrowSchema, needed: &[usize], batch: ipc::RecordBatch<'_>, version: MetadataVersion) -> Option<Vec<bool>> {
    let mut variadic = batch.variadicBufferCounts().into_iter().flatten();
    let mut decoded = Vec::new();
    for (index, field) in schema.fields().iter().enumerate() {
        let count = buffers(field.data_type(), version, &mut variadic)?;
        decoded.resize(decoded.len().checked_add(count).filter(|all| *all <= MOST_BUFFERS)?, needed.binary_search(&index).is_ok());
    }
    Some(decoded)
}

/// How many buffers a column of a type has.
fn buffers(data_type: &DataType, version: MetadataVersion, variadic: &mut impl Iterator<Item = i64>) -> Option<usize> {
    let mut of = |own: usize, children: &[&DataType]| {
        children.iter().try_fold(own, |count, child| count.checked_add(buffers(child, version, variadic)?))
    };
    match data_type {
        DataType::Null => Some(0),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Binary | DataType::LargeBinary => Some(3),
        DataType::Utf8View | DataType::BinaryView => usize::try_from(variadic.next()?).ok()?.checked_add(2),
        DataType::List(item) | DataType::LargeList(item) | DataType::Map(item, _) => of(2, &[item.data_type()]),
        DataType::ListView(item) | DataType::LargeListView(item) => of(3, &[item.data_type()]),
        DataType::FixedSizeList(item, _) => of(1, &[item.data_type()]),
        DataType::RunEndEncoded(ends, values) => of(0, &[ends.data_type(), values.data_type()]),
        DataType::Struct(fields) => of(1, &fields.iter().map(|field| field.data_type()).collect::<Vec<_>>()),
        DataType::Union(fields, mode) => {
            // Before version 5 it had bits for what is absent.
            let own = usize::from(*mode == UnionMode::Dense) + 1 + usize::from(version < MetadataVersion::V5);
            of(own, &fields.iter().map(|(_, field)| field.data_type()).collect::<Vec<_>>())
        }
        _ => Some(2),
    }
}

/// The message without what precedes it and what fills it up.
fn message_in(bytes: &[u8]) -> Result<&[u8], String> {
    let rest = bytes.strip_prefix(&MARK).unwrap_or(bytes);
    let (length, rest) = rest.split_first_chunk().ok_or("its message is too short")?;
    let length = u32::from_le_bytes(*length);
    usize::try_from(length).ok().and_then(|length| rest.get(..length)).ok_or_else(|| {
        let found = rest.len();
        format!("its message claims {length} bytes and has {found}")
    })
}

fn range(buffer: &ipc::Buffer) -> Option<Range<usize>> {
    let begin = usize::try_from(buffer.offset()).ok()?;
    Some(begin..begin.checked_add(usize::try_from(buffer.length()).ok()?)?)
}

/// How many bytes become of a compressed buffer.
fn decompressed(bytes: &[u8], compression: ipc::BodyCompression<'_>) -> Result<u64, String> {
    if bytes.is_empty() {
        return Ok(0);
    }
    if compression.method() != BodyCompressionMethod::BUFFER {
        return Err("is compressed in a way that is not known".to_owned());
    }
    let (length, bytes) = bytes.split_first_chunk::<PREFIX>().ok_or("is too short to be compressed")?;
    let length = i64::from_le_bytes(*length);
    if length == PLAIN {
        return Ok(bytes.len() as u64);
    }
    let most = match compression.codec() {
        CompressionType::LZ4_FRAME => LZ4_RATIO.saturating_mul(bytes.len() as u64),
        CompressionType::ZSTD => most_of_zstd(bytes).ok_or("is not compressed with zstd as its batch says")?,
        other => return Err(format!("is compressed with {other:?}, which is not known")),
    };
    let claimed = u64::try_from(length).ok().filter(|claimed| *claimed <= most);
    claimed.ok_or_else(|| format!("claims to be {length} bytes long, of which it can hold at most {most}"))
}

/// How long the content of a frame of zstd can be at most, by the headers of its blocks (RFC 8878, 3.1.1); [`None`] for anything else.
fn most_of_zstd(bytes: &[u8]) -> Option<u64> {
    let rest = bytes.strip_prefix(&0xfd2f_b528_u32.to_le_bytes())?;
    let (descriptor, rest) = rest.split_first()?;
    let single = descriptor & 0x20 != 0;
    let size = match (descriptor >> 6, single) {
        (0, false) => 0,
        (0, true) => 1,
        (1, _) => 2,
        (2, _) => 4,
        _ => 8,
    };
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let mut rest = rest.get(usize::from(!single) + dictionary + size..)?;
    let mut most = 0_u64;
    loop {
        let (header, blocks) = rest.split_first_chunk::<3>()?;
        let header = u32::from_le_bytes([header[0], header[1], header[2], 0]);
        let length = header >> 3;
        let (taken, given) = match header >> 1 & 3 {
            // As it is; one byte again and again; compressed.
            0 => (length, u64::from(length)),
            1 => (1, u64::from(length)),
            2 => (length, ZSTD_BLOCK),
            _ => return None,
        };
        most = most.saturating_add(given);
        rest = blocks.get(usize::try_from(taken).ok()?..)?;
        if header & 1 != 0 {
            return Some(most);
        }
    }
}
