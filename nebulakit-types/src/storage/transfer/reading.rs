//! Objects as streams.

use std::fmt;
use std::ops::{Bound, Range, RangeBounds};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};

use super::super::content::{Extent, beyond};
use super::super::handle::Storage;
use super::super::object::ObjectMeta;
use super::super::words::doing;
use super::pieces::Pieces;
use crate::{ErrorKind, Result};

/// An object, or a part of one, as a stream of its bytes. Dropped, it stops.
///
/// A body that breaks off is continued where it broke; an object that changed in between is an error of the kind [`ErrorKind::Changed`].
pub struct Reading {
    meta: ObjectMeta,
    range: Range<u64>,
    pieces: BoxStream<'static, Result<Bytes>>,
}

impl Reading {
    /// The facts of the whole object.
    #[must_use]
    pub fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    /// Bytes of this process, read like an object; what lies beyond their end is left out.
    pub(crate) fn of_bytes(bytes: &Bytes, range: impl RangeBounds<u64>) -> Self {
        let (start, end) = bounds(&range);
        let size = bytes.len() as u64;
        let end = end.unwrap_or(size).min(size);
        let range = start.min(end)..end;
        #[expect(clippy::cast_possible_truncation, reason = "both ends are at most the length, which is a usize")]
        let piece = bytes.slice(range.start as usize..range.end as usize);
        let meta = ObjectMeta { size, ..ObjectMeta::default() };
        Self { meta, range, pieces: stream::iter([Ok(piece)]).boxed() }
    }

    /// The part of the object that comes: what was asked for, as far as the object goes.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }
}

impl Stream for Reading {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pieces.poll_next_unpin(context)
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("meta", &self.meta).field("range", &self.range).finish_non_exhaustive()
    }
}

fn bounds(range: &impl RangeBounds<u64>) -> (u64, Option<u64>) {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(start) => start.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(end) => Some(end.saturating_add(1)),
        Bound::Excluded(end) => Some(*end),
        Bound::Unbounded => None,
    };
    (start, end)
}

impl Storage {
    /// Opens an object, or a part of it, as a stream. It takes one request, which also tells the object's facts.
    ///
    /// What lies beyond the end of the object is left out: `0..1024` gives the whole of a shorter one, and what begins at its end is empty.
    ///
    /// # Errors
    ///
    /// As [`Storage::get`]; [`ErrorKind::OutOfRange`] if the range begins after the end of the object. The stream's items fail with
    /// [`ErrorKind::Unavailable`] if it breaks off until the retries are used up, with [`ErrorKind::Changed`] if the object is then another.
    pub async fn read(&self, url: &str, range: impl RangeBounds<u64> + Send) -> Result<Reading> {
        let (start, end) = bounds(&range);
        self.reading(url, start, end).await.map_err(|error| doing("reading", error))
    }

    async fn reading(&self, url: &str, start: u64, end: Option<u64>) -> Result<Reading> {
        let wanted = match (start, end) {
            (0, None) => Extent::All,
            (start, None) => Extent::From(start),
            (start, Some(end)) if end > start => Extent::Range(start..end),
            // Nothing is wanted: only the facts are asked for.
            _ => return self.reading_nothing(url, start).await,
        };
        let place = self.locate(url)?;
        let request = self.request(&place).await?;
        let opened = self.open(&place, &wanted, None).await;
        drop(request);
        let opened = match opened {
            Err(error) if error.kind() == ErrorKind::OutOfRange => return self.reading_nothing(url, start).await,
            opened => opened?.there(url)?,
        };
        let pieces = Pieces::new(self.clone(), place, opened, false);
        let (meta, range) = (pieces.meta().clone(), pieces.range());
        let pieces = stream::try_unfold(pieces, |mut pieces| async move {
            let next = pieces.next().await.map_err(|error| doing("reading", error))?;
            Ok(next.map(|(_, piece)| (piece, pieces)))
        });
        Ok(Reading { meta, range, pieces: pieces.boxed() })
    }

    async fn reading_nothing(&self, url: &str, start: u64) -> Result<Reading> {
        let meta = self.facts(url).await?.there(url)?;
        if start > meta.size {
            return Err(beyond(url, start, meta.size));
        }
        Ok(Reading { meta, range: start..start, pieces: stream::empty().boxed() })
    }
}
