//! Moving data: streams, files, trees, many at once and under one budget.
//!
//! * An object is opened with one request, which also tells its size and version; nothing is asked first.
//! * Large objects travel in ranges (down) and parts (up), several at a time; small ones many at a time. All requests of a `Storage` share
//!   one `Budget`, which shrinks when a store asks for less and grows again.
//! * Bodies stream between the socket and the file, also upwards: memory does not grow with the size of what is moved. The small reads and
//!   writes happen where they are due, in the thread that polls: handing each to another thread costs more than it takes.
//! * Everything of one transfer is polled by its own future: dropping it stops all at once, and temporary files go with it.
//! * A range whose body breaks off is continued where it broke, as the same version of the object (`If-Match`).

mod download;
mod early;
mod listing;
mod names;
mod pieces;
mod ranges;
mod reading;
#[cfg(feature = "client")]
mod remote_down;
#[cfg(feature = "cloud")]
mod remote_up;
mod tree_down;
mod tree_up;
mod upload;
mod writer;
#[cfg(feature = "cloud")]
mod writer_parts;

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};

pub use self::reading::Reading;
pub use self::writer::ObjectWriter;
#[cfg(feature = "client")]
use super::checksum::Checksum;
use super::location::{Location, shown};
use super::object::Found;
use super::{ObjectMeta, Storage, local};
use crate::{Error, ErrorKind, Result};

/// How many objects of a tree are under way at once. Small ones are bound by latency, and a store answers in tens of milliseconds.
pub(super) const AT_ONCE: usize = 64;

/// The size of ranges and parts.
#[cfg(feature = "client")]
const PART: u64 = 8 << 20;

/// How many ranges or parts of one object are under way at first. Each that is through lets in one more.
#[cfg(feature = "client")]
const PARTS_AT_FIRST: usize = 4;

/// How many ranges or parts of one object are under way at most.
const PARTS_AT_MOST: usize = 16;

/// How much of a file is read at a time.
const PIECE: u64 = 128 << 10;

/// What to open of an object.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    All,
    From(u64),
    Range(Range<u64>),
    /// So many bytes from the beginning; or the whole, from a server that knows no ranges.
    #[cfg(feature = "client")]
    First(u64),
}

/// An object, or a part of one, on its way.
pub(super) struct Opened {
    pub(super) meta: ObjectMeta,
    /// What comes of it; the end is [`ObjectMeta::UNKNOWN`] where the size is.
    pub(super) range: Range<u64>,
    /// What the whole object has to come to, where the store says it.
    #[cfg(feature = "client")]
    pub(super) checksum: Option<Checksum>,
    pub(super) body: BoxStream<'static, Result<Bytes>>,
}

impl Storage {
    /// Opens an object, if there is one. Of the version named by an etag, where one is given: else [`ErrorKind::Changed`].
    async fn open(&self, url: &str, wanted: &Wanted, version: Option<&str>) -> Result<Found<Opened>> {
        #[cfg(not(feature = "client"))]
        let _ = version;
        match self.locate(url)? {
            Location::Local(path) => {
                let Some((file, meta)) = local::open(&path)? else { return Ok(Found::here(None)) };
                let range = wanted.within(url, meta.size)?;
                let end = range.end;
                let read = move |at: u64| {
                    let bytes =
                        local::read_at(&file, at, (end - at).min(PIECE) as usize).map_err(|error| local::fault("read", &path, error));
                    bytes.map(|bytes| (at + bytes.len() as u64, bytes))
                };
                let pieces = stream::unfold(Some(range.start), move |at| {
                    let piece = match at {
                        Some(at) if at < end => match read(at) {
                            Ok((_, bytes)) if bytes.is_empty() => None,
                            Ok((at, bytes)) => Some((Ok(bytes), Some(at))),
                            Err(error) => Some((Err(error), None)),
                        },
                        _ => None,
                    };
                    std::future::ready(piece)
                });
                Ok(Found::There(Opened::unchecked(meta, range, pieces.boxed())))
            }
            Location::Memory(key) => {
                let Some(bytes) = self.inner.memory.get(&key) else { return Ok(Found::here(None)) };
                let meta = ObjectMeta { size: bytes.len() as u64, ..ObjectMeta::default() };
                let range = wanted.within(url, meta.size)?;
                let bytes = bytes.slice(range.start as usize..range.end as usize);
                Ok(Found::There(Opened::unchecked(meta, range, std::future::ready(Ok(bytes)).into_stream().boxed())))
            }
            #[cfg(feature = "http")]
            Location::Web(url) => super::web::open(&self.inner.config, &self.inner.connector, &url, self.deadline, wanted, version).await,
            #[cfg(feature = "cloud")]
            Location::Object(place) => self.inner.clouds.open(&place, wanted, version).await,
        }
    }

    /// Opens an object from its beginning on, where an empty one has no range that a store could give.
    #[cfg(feature = "client")]
    async fn open_start(&self, url: &str, wanted: &Wanted) -> Result<Opened> {
        let opened = match self.open(url, wanted, None).await {
            Err(error) if error.kind() == ErrorKind::OutOfRange => self.open(url, &Wanted::All, None).await,
            opened => opened,
        };
        opened?.there(url)
    }
}

impl Opened {
    /// What is on this machine.
    fn unchecked(meta: ObjectMeta, range: Range<u64>, body: BoxStream<'static, Result<Bytes>>) -> Self {
        Self {
            meta,
            range,
            #[cfg(feature = "client")]
            checksum: None,
            body,
        }
    }
}

impl Wanted {
    /// What there is of it in an object of a size.
    pub(super) fn within(&self, url: &str, size: u64) -> Result<Range<u64>> {
        let range = match self {
            Self::All => 0..size,
            Self::From(start) => *start..size,
            Self::Range(range) => range.start..range.end.min(size),
            #[cfg(feature = "client")]
            Self::First(length) => 0..size.min(*length),
        };
        if range.start > size {
            return Err(beyond(url, range.start, size));
        }
        Ok(range.start..range.end.max(range.start))
    }
}

/// How messages end that speak of a request that was made once.
pub(super) const ONE_TRY: &str = " (1 try)";

/// How messages end that speak of what was tried so often, for so long.
pub(super) fn tried(tries: u32, took: Duration) -> String {
    match tries {
        0 => " (0 tries)".to_owned(),
        1 => ONE_TRY.to_owned(),
        _ => format!(" ({tries} tries in {:.1} s)", took.as_secs_f64()),
    }
}

/// How messages end that speak of a deadline.
pub(super) const LATE: &str = "; the deadline has passed";

/// The error of what its deadline ends while it does something that is no request.
pub(super) fn late(url: &str, why: &str) -> Error {
    Error::new(ErrorKind::Unavailable, format!("`{}`: {why}{LATE}", shown(url)))
}

/// The same, for what waits its turn.
#[cfg(feature = "client")]
pub(super) fn crowded(url: &str) -> Error {
    late(url, "other transfers were still under way (0 tries)")
}

fn beyond(url: &str, start: u64, size: u64) -> Error {
    Error::new(ErrorKind::OutOfRange, format!("`{}` has {size} bytes: nothing begins at {start}", shown(url)))
}

/// Says in an error what was being done, unless it says so itself.
pub(super) fn doing(what: &str, error: Error) -> Error {
    let verb = match what {
        "fetching" | "reading" => "read ",
        "storing" | "writing" => "write ",
        "deleting" => "delete ",
        "listing" => "list ",
        "looking for" => "look at ",
        _ => "",
    };
    if !verb.is_empty() && local::cannot(&error).is_some_and(|done| done.starts_with(verb)) {
        return error;
    }
    let message = format!("{what}: {}", error.message());
    error.saying(message)
}
