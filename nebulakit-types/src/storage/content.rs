//! The bytes of objects on their way: what is asked for, what comes, and what is sent.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::vec;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

#[cfg(feature = "client")]
use super::checksum::Checksum;
use super::object::ObjectMeta;
use super::shown::shown;
use crate::{Error, ErrorKind, Result};

/// What is wanted of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    All,
    /// The bytes from an offset on.
    From(u64),
    /// The bytes between two offsets, as far as the object goes. It is never empty.
    Range(Range<u64>),
    /// Up to this many bytes from the beginning; the whole object where a store does not support ranges.
    First(u64),
}

impl Extent {
    /// What there is of it in an object of a size.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`] where it begins after the end.
    pub fn within(&self, url: &str, size: u64) -> Result<Range<u64>> {
        let range = match self {
            Self::All => 0..size,
            Self::From(start) => *start..size,
            Self::Range(range) => range.start..range.end.min(size),
            Self::First(length) => 0..size.min(*length),
        };
        if range.start > size {
            return Err(beyond(url, range.start, size));
        }
        Ok(range.start..range.end.max(range.start))
    }
}

pub(super) fn beyond(url: &str, start: u64, size: u64) -> Error {
    Error::new(ErrorKind::OutOfRange, format!("`{}` has {size} bytes: nothing begins at {start}", shown(url)))
}

/// An object, or a part of one, on its way.
#[derive(Debug)]
pub struct Content {
    pub(super) meta: ObjectMeta,
    /// What comes of it; the end is [`ObjectMeta::UNKNOWN`] where the size is.
    pub(super) range: Range<u64>,
    /// What the whole object has to come to, where the store says it.
    #[cfg(feature = "client")]
    pub(super) checksum: Option<Checksum>,
    pub(super) body: Chunks,
}

impl Content {
    /// What came: the facts of the whole object, the range of it that comes, and its bytes. The reader
    /// checks that there are as many as announced.
    #[must_use]
    pub fn new(meta: ObjectMeta, range: Range<u64>, body: Chunks) -> Self {
        Self {
            meta,
            range,
            #[cfg(feature = "client")]
            checksum: None,
            body,
        }
    }

    /// A part of an object that is in memory.
    ///
    /// # Errors
    /// As [`Extent::within`].
    pub fn of_bytes(url: &str, meta: ObjectMeta, whole: &Bytes, extent: &Extent) -> Result<Self> {
        let range = extent.within(url, whole.len() as u64)?;
        #[expect(clippy::cast_possible_truncation, reason = "both ends are at most the length, which is a usize")]
        let bytes = whole.slice(range.start as usize..range.end as usize);
        Ok(Self::new(meta, range, Chunks::from(bytes)))
    }

    /// All of it in one piece, checked for its length.
    pub(super) async fn collect(self, url: &str) -> Result<Bytes> {
        let whole = self.body.joined().await?;
        let length = whole.len() as u64;
        if self.range.end != ObjectMeta::UNKNOWN && length != self.range.end - self.range.start {
            let announced = self.range.end - self.range.start;
            let text = format!("`{}`: the store said {announced} bytes and sent {length}", shown(url));
            return Err(Error::new(ErrorKind::Unavailable, text));
        }
        Ok(whole)
    }
}

/// Pieces as one; a single one is not copied.
pub(super) fn joined(pieces: Vec<Bytes>) -> Bytes {
    match <[Bytes; 1]>::try_from(pieces) {
        Ok([whole]) => whole,
        Err(pieces) => {
            let mut whole = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
            pieces.iter().for_each(|piece| whole.extend_from_slice(piece));
            whole.freeze()
        }
    }
}

/// Bytes that come piece by piece: made of [`Bytes`] that are there, or by [`unfold`](Self::unfold).
pub struct Chunks(Coming);

enum Coming {
    Held(vec::IntoIter<Bytes>),
    Streamed(BoxStream<'static, Result<Bytes>>),
}

impl Chunks {
    /// What a function gives, from state to state, until it gives nothing. After an error nothing is asked for any more.
    ///
    /// ```
    /// # use nebulakit_types::Bytes;
    /// # use nebulakit_types::storage::Chunks;
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// // Here a counter; in earnest the response of a client, which is asked for its next piece.
    /// let mut chunks = Chunks::unfold(0, |count| async move { Ok((count < 2).then(|| (Bytes::from(vec![count; 3]), count + 1))) });
    /// assert_eq!(chunks.next().await.transpose()?.unwrap(), [0, 0, 0].as_slice());
    /// assert_eq!(chunks.next().await.transpose()?.unwrap(), [1, 1, 1].as_slice());
    /// assert!(chunks.next().await.is_none());
    /// # Ok::<(), nebulakit_types::Error>(()) }).unwrap();
    /// ```
    pub fn unfold<S, F>(state: S, next: impl FnMut(S) -> F + Send + 'static) -> Self
    where
        S: Send + 'static,
        F: Future<Output = Result<Option<(Bytes, S)>>> + Send + 'static,
    {
        Self::streamed(stream::try_unfold(state, next).boxed())
    }

    pub(super) fn streamed(pieces: BoxStream<'static, Result<Bytes>>) -> Self {
        Self(Coming::Streamed(pieces))
    }

    /// The next piece.
    ///
    /// # Errors
    /// What the store met.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        match &mut self.0 {
            Coming::Held(pieces) => pieces.next().map(Ok),
            Coming::Streamed(pieces) => pieces.next().await,
        }
    }

    #[cfg(feature = "cloud")]
    pub(super) fn into_stream(self) -> BoxStream<'static, Result<Bytes>> {
        match self.0 {
            Coming::Held(pieces) => stream::iter(pieces.map(Ok)).boxed(),
            Coming::Streamed(pieces) => pieces,
        }
    }

    /// All of them as one.
    async fn joined(mut self) -> Result<Bytes> {
        let mut pieces = Vec::new();
        while let Some(piece) = self.next().await {
            pieces.push(piece?);
        }
        Ok(joined(pieces))
    }
}

impl From<Bytes> for Chunks {
    fn from(bytes: Bytes) -> Self {
        Self(Coming::Held(vec![bytes].into_iter()))
    }
}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks").finish_non_exhaustive()
    }
}

/// What is sent: an object or a part of one.
#[derive(Clone)]
pub struct Payload {
    length: u64,
    source: PayloadSource,
}

#[derive(Clone)]
enum PayloadSource {
    Held(Vec<Bytes>),
    Streamed(Arc<dyn Fn() -> BoxStream<'static, Result<Bytes>> + Send + Sync>),
}

impl Payload {
    /// What is read while it is sent: `begin` begins it, for each try again.
    pub(super) fn streamed(length: u64, begin: Arc<dyn Fn() -> BoxStream<'static, Result<Bytes>> + Send + Sync>) -> Self {
        Self { length, source: PayloadSource::Streamed(begin) }
    }

    /// How many bytes it has.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The pieces of it, if they are in memory; so they are for every store that [wants it](super::Store::wants_memory).
    #[must_use]
    pub fn held(&self) -> Option<&[Bytes]> {
        match &self.source {
            PayloadSource::Held(pieces) => Some(pieces),
            PayloadSource::Streamed(_) => None,
        }
    }

    /// The bytes piece by piece, from the beginning.
    #[must_use]
    pub fn chunks(&self) -> Chunks {
        match &self.source {
            PayloadSource::Held(pieces) => Chunks(Coming::Held(pieces.clone().into_iter())),
            PayloadSource::Streamed(begin) => Chunks::streamed(begin()),
        }
    }

    /// All of it in one piece.
    ///
    /// # Errors
    /// What is met by reading what is not in memory.
    pub async fn bytes(self) -> Result<Bytes> {
        match self.source {
            PayloadSource::Held(pieces) => Ok(joined(pieces)),
            PayloadSource::Streamed(begin) => Chunks::streamed(begin()).joined().await,
        }
    }
}

impl From<Vec<Bytes>> for Payload {
    fn from(pieces: Vec<Bytes>) -> Self {
        Self { length: pieces.iter().map(|piece| piece.len() as u64).sum(), source: PayloadSource::Held(pieces) }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payload").field("length", &self.length).finish_non_exhaustive()
    }
}
