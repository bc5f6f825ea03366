//! What a block of a file claims, held against the bytes that are there before anything is decoded or allocated.

use std::ops::Range;

use arrow::ipc::{self, BodyCompressionMethod, CompressionType, MessageHeader, root_as_message};

/// What precedes a message: a mark, unless a very old writer left it out, and the length.
const MARK: [u8; 4] = [0xff; 4];

/// The length of a compressed buffer before it was compressed stands before it.
const PREFIX: usize = 8;

/// That length of a buffer that is not compressed after all.
const PLAIN: i64 = -1;

/// Maximum number of bytes that LZ4 makes of one.
const LZ4_RATIO: u64 = 255;

/// A block of zstd is at most so long when it is decompressed.
const ZSTD_BLOCK: u64 = 128 * 1024;

/// Checks one block: `bytes` are all of it, the first `metadata` of them its message.
///
/// # Errors
/// What is wrong, as a clause.
pub(super) fn block(bytes: &[u8], metadata: usize) -> Result<(), String> {
    let (message, body) = bytes.split_at_checked(metadata).ok_or("its message is longer than the block")?;
    let message = message_in(message)?;
    let message = root_as_message(message).map_err(|error| format!("its message cannot be read: {error}"))?;
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|dictionary| dictionary.data()),
        other => return Err(format!("its message is of the kind {}, not a batch", other.variant_name().unwrap_or("unknown"))),
    };
    let batch = batch.ok_or("its message holds no batch")?;
    let mut bits = 0_u64;
    let buffers = batch.buffers();
    for (index, buffer) in buffers.iter().flatten().enumerate() {
        let place = range(buffer).filter(|place| place.end <= body.len()).ok_or_else(|| {
            let (offset, length, all) = (buffer.offset(), buffer.length(), body.len());
            format!("buffer {index} of {length} bytes from byte {offset} on lies beyond the {all} bytes that it has")
        })?;
        let length = match batch.compression() {
            Some(compression) => decompressed(&body[place], compression).map_err(|what| format!("buffer {index} {what}"))?,
            None => place.len() as u64,
        };
        bits = bits.saturating_add(length.saturating_mul(8));
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
    Ok(())
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
