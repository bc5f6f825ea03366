//! Ranges in memory, for formats that are read by columns.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream;

use super::super::content::{Extent, beyond};
use super::super::handle::Storage;
use super::super::shown::shown;
use super::super::words::doing;
use super::limits::PARTS_AT_MOST;
use super::pieces::Pieces;
use crate::{Error, ErrorKind, Result};

/// Ranges that are nearer to each other than this are fetched together: the bytes between cost less than a request.
const NEAR: u64 = 512 << 10;

/// Ranges are joined up to this size, so that large reads stay parallel.
const JOINED: u64 = 8 << 20;

impl Storage {
    /// Fetches a part of an object, exactly as long as asked for; one request.
    ///
    /// # Errors
    ///
    /// As [`Storage::read`]; [`ErrorKind::OutOfRange`] if the object ends before the range does.
    pub async fn read_range(&self, url: &str, range: Range<u64>) -> Result<Bytes> {
        self.range(url, range).await.map_err(|error| doing("reading", error))
    }

    /// Fetches several parts of an object, each exactly as long as asked for, in the order asked for. Near ones come together, far ones in
    /// parallel. Those that overlap share memory.
    ///
    /// # Errors
    ///
    /// As [`Storage::read_range`].
    pub async fn read_ranges(&self, url: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let joined = join(ranges);
        let fetch = |range: Range<u64>| async move { Ok::<_, Error>((range.start, self.range(url, range).await?)) };
        let mut fetched = Vec::with_capacity(joined.len());
        let mut coming = stream::iter(joined).map(fetch).buffered(PARTS_AT_MOST);
        while let Some(bytes) = coming.next().await {
            fetched.push(bytes.map_err(|error| doing("reading", error))?);
        }
        let cut = |range: &Range<u64>| {
            if range.is_empty() {
                return Bytes::new();
            }
            let (start, bytes) = &fetched[fetched.partition_point(|(start, _)| *start <= range.start) - 1];
            bytes.slice((range.start - start) as usize..(range.end - start) as usize)
        };
        Ok(ranges.iter().map(cut).collect())
    }

    async fn range(&self, url: &str, range: Range<u64>) -> Result<Bytes> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let place = self.locate(url)?;
        let _request = self.request(&place).await?;
        let opened = self.open(&place, &Extent::Range(range.clone()), None).await?.there(url)?;
        let size = opened.meta.size;
        let mut pieces = Pieces::new(self.clone(), place, opened, false);
        let Some((_, first)) = pieces.next().await? else { return Err(beyond(url, range.start, size)) };
        let length = range.end - range.start;
        let mut whole = first;
        if (whole.len() as u64) < length {
            let mut all = BytesMut::with_capacity(usize::try_from(length.min(pieces.range().end - range.start)).unwrap_or_default());
            all.extend_from_slice(&whole);
            while let Some((_, piece)) = pieces.next().await? {
                all.extend_from_slice(&piece);
            }
            whole = all.freeze();
        }
        if whole.len() as u64 != length {
            let text = format!("`{}`: the bytes {range:?} were asked for, and it has {size}", shown(url));
            return Err(Error::new(ErrorKind::OutOfRange, text));
        }
        Ok(whole)
    }
}

/// The ranges to fetch for those that are wanted, in order and apart.
fn join(ranges: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut sorted: Vec<_> = ranges.iter().filter(|range| !range.is_empty()).cloned().collect();
    sorted.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in sorted {
        match joined.last_mut() {
            Some(last) if range.start < last.end || (range.start - last.end <= NEAR && range.end.max(last.end) - last.start <= JOINED) => {
                last.end = last.end.max(range.end);
            }
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ranges_are_joined_and_large_ones_stay_apart() {
        assert_eq!(join(&[900..1000, 0..10, 5..20, 7..7]), std::slice::from_ref(&(0..1000)));
        assert_eq!(join(&[0..1, NEAR + 1..NEAR + 2, 3 * NEAR..3 * NEAR + 1]), [0..NEAR + 2, 3 * NEAR..3 * NEAR + 1]);
        assert_eq!(join(&[0..JOINED, JOINED..2 * JOINED]), [0..JOINED, JOINED..2 * JOINED]);
        assert!(join(&[]).is_empty());
    }
}
