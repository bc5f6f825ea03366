//! Objects of a length that nobody knows yet.

use std::io::Write as _;

use bytes::{Bytes, BytesMut};
#[cfg(feature = "cloud")]
use tokio::task::JoinSet;

#[cfg(feature = "cloud")]
use super::super::cloud::{Part, Parts, Place};
use super::super::local::{self, Partial};
use super::super::location::Location;
#[cfg(feature = "cloud")]
use super::upload::MOST_PARTS;
use super::{PART, doing};
use crate::storage::{PutOptions, Storage};
use crate::{Error, ErrorKind, Result};

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
#[derive(Debug)]
pub struct ObjectWriter {
    storage: Storage,
    url: String,
    written: u64,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    File(Box<Partial>),
    Memory(Buffer),
    #[cfg(feature = "cloud")]
    Cloud(Box<Cloud>),
}

/// Pieces that wait.
#[derive(Debug, Default)]
struct Buffer {
    pieces: Vec<Bytes>,
    small: BytesMut,
    length: u64,
}

impl Buffer {
    fn add(&mut self, piece: Bytes) {
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

    fn take(&mut self) -> Vec<Bytes> {
        self.close();
        self.length = 0;
        std::mem::take(&mut self.pieces)
    }
}

#[cfg(feature = "cloud")]
#[derive(Debug)]
struct Cloud {
    options: PutOptions,
    buffer: Buffer,
    parts: Option<Parts>,
    sent: u64,
    sending: JoinSet<Result<u64>>,
}

impl Storage {
    /// Begins a new object of unknown length.
    ///
    /// # Errors
    ///
    /// As [`Storage::put`]; of the writer's methods as well.
    pub async fn create(&self, url: &str, options: &PutOptions) -> Result<ObjectWriter> {
        #[cfg(not(feature = "cloud"))]
        let _ = options;
        let sink = match Location::parse(url)? {
            Location::Local(path) => Sink::File(Box::new(Partial::beside(&path).map_err(|error| doing("creating", error))?)),
            Location::Memory(_) => Sink::Memory(Buffer::default()),
            #[cfg(feature = "http")]
            Location::Web(_) => return Err(super::super::read_only(url)),
            #[cfg(feature = "cloud")]
            Location::Object { cloud, authority, key } => {
                // What no write could do is said at once.
                self.0.clouds.check_write(&Place { url, cloud, authority, key }, options)?;
                Sink::Cloud(Box::new(Cloud {
                    options: options.clone(),
                    buffer: Buffer::default(),
                    parts: None,
                    sent: 0,
                    sending: JoinSet::new(),
                }))
            }
        };
        Ok(ObjectWriter { storage: self.clone(), url: url.to_owned(), written: 0, sink })
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
        match &mut self.sink {
            Sink::File(partial) => {
                let written = (&partial.file).write_all(&bytes);
                written.map_err(|error| doing("writing", local::fault("write", partial.target(), error)))?;
                self.storage.0.progress.moved(length);
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
        let Self { storage, url, written, sink } = self;
        storage.0.progress.expect(1, written);
        match sink {
            Sink::File(partial) => partial.publish()?,
            Sink::Memory(mut buffer) => {
                if let Location::Memory(key) = Location::parse(&url)? {
                    storage.0.memory.put(key, buffer.take());
                    storage.0.progress.moved(written);
                }
            }
            #[cfg(feature = "cloud")]
            Sink::Cloud(cloud) => cloud.finish(&storage, &url).await.map_err(|error| doing("writing", error))?,
        }
        storage.0.progress.done();
        Ok(written)
    }

    /// Gives up: nothing is stored.
    ///
    /// # Errors
    ///
    /// None at present: what a store does not clean up now, its own rules clean up later.
    pub async fn abort(self) -> Result<()> {
        #[cfg(feature = "cloud")]
        if let Sink::Cloud(cloud) = self.sink {
            let Cloud { parts, mut sending, .. } = *cloud;
            sending.shutdown().await;
            if let Some(parts) = parts {
                parts.abort().await;
            }
        }
        Ok(())
    }
}

#[cfg(feature = "cloud")]
impl Cloud {
    /// The length of the next part: larger after many, since there is a limit to their number.
    fn part(&self) -> Result<u64> {
        match self.sent {
            0..5_000 => Ok(PART),
            5_000..7_500 => Ok(2 * PART),
            7_500..MOST_PARTS => Ok(4 * PART),
            _ => Err(Error::new(
                ErrorKind::OutOfRange,
                "an object that is written piece by piece has 160 GiB at most: write it to a file and upload that",
            )),
        }
    }

    async fn write(&mut self, storage: &Storage, url: &str, mut bytes: Bytes) -> Result<()> {
        loop {
            // One part is kept back: what fits into one goes as one plain write.
            let room = (self.part()? - self.buffer.length) as usize;
            if bytes.len() <= room {
                if !bytes.is_empty() {
                    self.buffer.add(bytes);
                }
                return Ok(());
            }
            self.buffer.add(bytes.split_to(room));
            self.send(storage, url).await?;
        }
    }

    /// Sends what is buffered as the next part.
    async fn send(&mut self, storage: &Storage, url: &str) -> Result<()> {
        if self.parts.is_none() {
            let Location::Object { cloud, authority, key } = Location::parse(url)? else { return Ok(()) };
            let _request = storage.0.budget.request().await;
            self.parts = Some(storage.0.clouds.begin_parts(&Place { url, cloud, authority, key }, &self.options).await?);
        }
        let Some(parts) = &mut self.parts else { return Ok(()) };
        let length = self.buffer.length;
        let memory = storage.0.budget.memory(length as usize).await;
        // Failures are met early; what is through makes room.
        while let Some(sent) = self.sending.try_join_next() {
            ended(sent)?;
        }
        let sending = parts.send(Part::Held(self.buffer.take()));
        let storage = storage.clone();
        self.sent += 1;
        self.sending.spawn(async move {
            let _memory = memory;
            let _request = storage.0.budget.request().await;
            sending.await?;
            storage.0.progress.moved(length);
            Ok(length)
        });
        Ok(())
    }

    async fn finish(mut self, storage: &Storage, url: &str) -> Result<()> {
        if self.parts.is_none() {
            let Location::Object { cloud, authority, key } = Location::parse(url)? else { return Ok(()) };
            let length = self.buffer.length;
            let _request = storage.0.budget.request().await;
            storage.0.clouds.put(&Place { url, cloud, authority, key }, self.buffer.take(), &self.options).await?;
            storage.0.progress.moved(length);
            return Ok(());
        }
        if self.buffer.length > 0 {
            self.send(storage, url).await?;
        }
        while let Some(sent) = self.sending.join_next().await {
            ended(sent)?;
        }
        match self.parts.take() {
            Some(parts) => parts.complete().await,
            None => Ok(()),
        }
    }
}

#[cfg(feature = "cloud")]
fn ended(sent: Result<Result<u64>, tokio::task::JoinError>) -> Result<u64> {
    sent.unwrap_or_else(|error| Err(Error::new(ErrorKind::Io, format!("a part was not sent: {error}"))))
}
