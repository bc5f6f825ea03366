//! Objects of a length that nobody knows yet.

use std::fmt;
use std::io::Write as _;

use bytes::{Bytes, BytesMut};

use super::super::local::{self, Partial, Target};
use super::super::location::{Location, shown};
use super::super::progress::Opening;
#[cfg(feature = "cloud")]
use super::writer_parts::Cloud;
use super::{ONE_TRY, doing, late};
use crate::Result;
use crate::storage::{PutOptions, Storage};

/// Pieces smaller than this are copied together.
const SMALL: usize = 64 << 10;

/// A new object that is written piece by piece: [`Storage::create`].
///
/// It is there, whole, when [`ObjectWriter::finish`] returns, and not before. Dropped or aborted, nothing is stored, and what was there
/// before stays.
///
/// An object of more than one part is uploaded while it is written, several parts at a time. Each open writer holds one part of 8 MiB at
/// most, beside the parts under way, for which all share one budget. Parts grow after the first 40 GiB; an object has 160 GiB at most:
/// larger ones are written to a file and uploaded.
pub struct ObjectWriter {
    storage: Storage,
    url: String,
    written: u64,
    sink: Sink,
    /// Nobody knows how long it will be.
    opening: Opening,
}

impl fmt::Debug for ObjectWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectWriter").field("url", &shown(&self.url)).field("written", &self.written).finish_non_exhaustive()
    }
}

enum Sink {
    File(Box<Partial>),
    Memory(Buffer),
    #[cfg(feature = "cloud")]
    Cloud(Box<Cloud>),
}

/// Pieces that wait.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    pieces: Vec<Bytes>,
    small: BytesMut,
    pub(super) length: u64,
}

impl Buffer {
    pub(super) fn add(&mut self, piece: Bytes) {
        self.length += piece.len() as u64;
        if piece.len() < SMALL {
            self.small.extend_from_slice(&piece);
            if self.small.len() >= SMALL {
                self.close();
            }
        } else {
            self.close();
            self.pieces.push(piece);
        }
    }

    fn close(&mut self) {
        if !self.small.is_empty() {
            self.pieces.push(self.small.split().freeze());
        }
    }

    pub(super) fn take(&mut self) -> Vec<Bytes> {
        self.close();
        self.length = 0;
        std::mem::take(&mut self.pieces)
    }
}

impl Storage {
    /// Begins a new object of unknown length.
    ///
    /// # Errors
    ///
    /// As [`Storage::put`]; of the writer's methods as well.
    pub async fn create(&self, url: &str, options: &PutOptions) -> Result<ObjectWriter> {
        self.begin(url, options)
    }

    /// The same at once: no request is made before something is written.
    pub(crate) fn begin(&self, url: &str, options: &PutOptions) -> Result<ObjectWriter> {
        #[cfg(not(feature = "cloud"))]
        let _ = options;
        let sink = match self.locate(url)? {
            Location::Local(path) => Sink::File(Box::new(Partial::beside(&Target::at(&path)).map_err(|error| doing("creating", error))?)),
            Location::Memory(_) => Sink::Memory(Buffer::default()),
            #[cfg(feature = "http")]
            Location::Web(_) => return Err(super::super::read_only(url)),
            #[cfg(feature = "cloud")]
            Location::Object(place) => {
                // What no write could do is said at once.
                self.inner.clouds.check_write(&place, options)?;
                Sink::Cloud(Box::new(Cloud::new(options)))
            }
        };
        let opening = self.inner.progress.opening();
        self.inner.progress.expect(1, 0);
        Ok(ObjectWriter { storage: self.clone(), url: url.to_owned(), written: 0, sink, opening })
    }
}

impl ObjectWriter {
    /// Adds to the object. It waits while too much is under way.
    ///
    /// # Errors
    ///
    /// As [`Storage::put`]. After an error nothing can be stored any more.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        let length = bytes.len() as u64;
        self.in_time()?;
        self.storage.inner.progress.expect(0, length);
        match &mut self.sink {
            Sink::File(partial) => {
                let written = (&*partial.file).write_all(&bytes);
                written.map_err(|error| doing("writing", local::fault("write", partial.target(), error)))?;
                self.storage.inner.progress.moved(length);
            }
            Sink::Memory(buffer) => buffer.add(bytes),
            #[cfg(feature = "cloud")]
            Sink::Cloud(cloud) => cloud.write(&self.storage, &self.url, bytes).await.map_err(|error| doing("writing", error))?,
        }
        self.written += length;
        Ok(())
    }

    /// Makes the object visible and gives its length.
    ///
    /// # Errors
    ///
    /// As [`Storage::put`].
    pub async fn finish(self) -> Result<u64> {
        self.in_time()?;
        let Self { storage, url, written, sink, opening } = self;
        drop(opening);
        match sink {
            Sink::File(partial) => partial.publish().map_err(|error| doing("writing", error))?,
            Sink::Memory(mut buffer) => {
                if let Location::Memory(key) = storage.locate(&url)? {
                    storage.inner.memory.put(&key, buffer.take());
                    storage.inner.progress.moved(written);
                }
            }
            #[cfg(feature = "cloud")]
            Sink::Cloud(cloud) => cloud.finish(&storage, &url).await.map_err(|error| doing("writing", error))?,
        }
        storage.inner.progress.done();
        Ok(written)
    }

    fn in_time(&self) -> Result<()> {
        let why = || doing("writing", late(&self.url, &format!("{} bytes of it had been written{ONE_TRY}", self.written)));
        if self.storage.is_late() { Err(why()) } else { Ok(()) }
    }

    /// Gives up: nothing is stored.
    ///
    /// # Errors
    ///
    /// None at present: what a store does not clean up now, its own rules clean up later.
    pub async fn abort(self) -> Result<()> {
        #[cfg(feature = "cloud")]
        if let Sink::Cloud(cloud) = self.sink {
            cloud.abort().await;
        }
        Ok(())
    }
}
