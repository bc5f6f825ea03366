//! How long the values are that pages hold in encodings which repeat them (Parquet's "Encodings"), found without writing them out.
//!
//! Bytes that are broken give what was found before: the decoder says what is wrong with them.

/// Where the values of a page of the first version begin, behind levels of which each is the highest and whether it is in runs.
pub(super) fn behind_levels(bytes: &[u8], levels: [(i16, bool); 2], count: u32) -> Option<usize> {
    let mut at = 0_usize;
    for (highest, in_runs) in levels.into_iter().filter(|(highest, _)| *highest > 0) {
        let length = if in_runs {
            let length = bytes.get(at..)?.first_chunk()?;
            usize::try_from(u32::from_le_bytes(*length)).ok()?.checked_add(4)?
        } else {
            let width = u64::from(16 - highest.leading_zeros());
            usize::try_from((u64::from(count) * width).div_ceil(8)).ok()?
        };
        at = at.checked_add(length)?;
    }
    (at <= bytes.len()).then_some(at)
}

/// The lengths of values that stand one behind the other, each behind its length.
pub(super) fn lengths(bytes: &[u8], count: u32) -> Vec<u32> {
    let mut rest = bytes;
    let next = |_| {
        let (length, behind) = rest.split_first_chunk()?;
        let length = u32::from_le_bytes(*length);
        rest = behind.get(usize::try_from(length).ok()?..)?;
        Some(length)
    };
    (0..count).map_while(next).collect()
}

/// How many bytes `batch` values that follow each other have at most, or about so: `bytes` are indices of values of these lengths, in runs and
/// packed, behind their width.
pub(super) fn indexed(bytes: &[u8], lengths: &[u32], count: u32, batch: usize) -> u64 {
    let mut most = Most { batch: (batch as u64).max(1), left: (batch as u64).max(1), last: 0, here: 0, most: 0 };
    let length = |index: u64| usize::try_from(index).ok().and_then(|index| lengths.get(index)).copied().unwrap_or_default();
    let Some((width, mut rest)) = bytes.split_first().filter(|(width, _)| **width <= 32) else { return 0 };
    let width = usize::from(*width);
    let mut left = u64::from(count);
    while left > 0 {
        let Some((header, behind)) = varint(rest) else { break };
        rest = behind;
        if header & 1 == 0 {
            // A run of one value.
            let Some((value, behind)) = rest.split_at_checked(width.div_ceil(8)) else { break };
            let mut index = [0; 8];
            index[..value.len()].copy_from_slice(value);
            let times = (header >> 1).min(left);
            most.add(length(u64::from_le_bytes(index)), times);
            (rest, left) = (behind, left - times);
        } else {
            // Groups of eight, packed.
            let values = (header >> 1).saturating_mul(8).min(left);
            for at in 0..values {
                let Some(index) = packed(rest, at, width) else { break };
                most.add(length(index), 1);
            }
            let taken = usize::try_from(header >> 1).ok().and_then(|groups| groups.checked_mul(width));
            rest = taken.and_then(|taken| rest.get(taken..)).unwrap_or_default();
            left -= values;
        }
        if header >> 1 == 0 {
            break;
        }
    }
    most.most
}

/// The sums of two pieces of `batch` values each: a batch lies in no more.
struct Most {
    batch: u64,
    left: u64,
    last: u64,
    here: u64,
    most: u64,
}

impl Most {
    fn add(&mut self, length: u32, times: u64) {
        let mut times = times;
        while times > 0 {
            let now = times.min(self.left);
            self.here = self.here.saturating_add(now.saturating_mul(length.into()));
            self.most = self.most.max(self.last.saturating_add(self.here));
            (times, self.left) = (times - now, self.left - now);
            if self.left == 0 {
                (self.last, self.here, self.left) = (self.here, 0, self.batch);
            }
        }
    }
}

/// Numbers in delta encoding: what their header says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deltas {
    block: u64,
    parts: u64,
    pub(super) count: u64,
    first: i64,
    /// How long the header is.
    length: usize,
}

impl Deltas {
    /// The header at the front of `bytes`.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let (block, rest) = varint(bytes)?;
        let (parts, rest) = varint(rest)?;
        let (count, rest) = varint(rest)?;
        let (first, rest) = varint(rest)?;
        Some(Self { block, parts, count, first: zigzag(first), length: bytes.len() - rest.len() })
    }

    /// The sum of those that are not negative, and where they end in `bytes`.
    pub(super) fn sum(self, bytes: &[u8]) -> Option<(u64, usize)> {
        let each = self.block.checked_div(self.parts)?;
        let mut left = self.count.saturating_sub(1);
        let mut value = self.first;
        let mut sum = if self.count > 0 { u64::try_from(value).unwrap_or_default() } else { 0 };
        let mut rest = bytes.get(self.length..)?;
        while left > 0 {
            let (least, behind) = varint(rest)?;
            let least = zigzag(least);
            let (widths, behind) = behind.split_at_checked(usize::try_from(self.parts).ok()?)?;
            rest = behind;
            for width in widths.iter().copied().map(usize::from).take_while(|width| *width <= 64) {
                // What follows the last value has a width and no bytes.
                if left == 0 {
                    break;
                }
                let values = each.min(left);
                if width == 0 && least == 0 {
                    sum = sum.saturating_add(u64::try_from(value).unwrap_or_default().saturating_mul(values));
                } else {
                    for at in 0..values {
                        let step = packed(rest, at, width)?.cast_signed();
                        // The decoder has 32 bits.
                        value = i64::from(value.wrapping_add(least).wrapping_add(step) as i32);
                        sum = sum.saturating_add(u64::try_from(value).unwrap_or_default());
                    }
                }
                let taken = usize::try_from(each).ok()?.checked_mul(width)? / 8;
                rest = rest.get(taken..)?;
                left -= values;
            }
            if each == 0 || widths.iter().any(|width| *width > 64) {
                return None;
            }
        }
        Some((sum, bytes.len() - rest.len()))
    }
}

/// The number at index `at` in a sequence of numbers of `width` bits.
fn packed(bytes: &[u8], at: u64, width: usize) -> Option<u64> {
    if width == 0 {
        return Some(0);
    }
    let bit = usize::try_from(at).ok()?.checked_mul(width)?;
    let end = bit.checked_add(width)?.div_ceil(8);
    let held = bytes.get(bit / 8..end)?;
    let mut wide = [0; 16];
    wide.get_mut(..held.len())?.copy_from_slice(held);
    let value = u128::from_le_bytes(wide) >> (bit % 8);
    Some((value & ((1_u128 << width) - 1)) as u64)
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (mut value, mut rest) = (0, bytes);
    for shift in (0..64).step_by(7) {
        let (byte, behind) = rest.split_first()?;
        rest = behind;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some((value, rest));
        }
    }
    None
}

fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}
