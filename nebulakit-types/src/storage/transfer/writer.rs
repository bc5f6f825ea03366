//! Objects of a length that nobody knows yet.

use std::fmt;
use std::io::Write as _;

use bytes::Bytes;

use super::super::handle::Storage;
use super::super::local::{self, Partial, Target};
use super::super::object::PutOptions;
use super::super::progress::Opening;
use super::super::shown::shown;
use super::super::words::{ONE_TRY, doing, late};
use super::writer_parts::Parts;
use crate::Result;

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
    Parts(Box<Parts>),
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
        let place = self.locate(url)?;
        let sink = match place.store.file(&place.address)? {
            Some(path) => Sink::File(Box::new(Partial::beside(&Target::at(&path)).map_err(|error| doing("creating", error))?)),
            None => {
                // What no write could do is said at once.
                place.store.check_write(&place.address, options)?;
                Sink::Parts(Box::new(Parts::new(place, options)))
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
            Sink::Parts(parts) => parts.write(&self.storage, bytes).await.map_err(|error| doing("writing", error))?,
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
        let Self { storage, written, sink, opening, .. } = self;
        drop(opening);
        match sink {
            Sink::File(partial) => partial.publish().map_err(|error| doing("writing", error))?,
            Sink::Parts(parts) => parts.finish(&storage).await.map_err(|error| doing("writing", error))?,
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
        if let Sink::Parts(parts) = self.sink {
            parts.abort(&self.storage).await;
        }
        Ok(())
    }
}
