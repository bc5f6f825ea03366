//! An object that is written piece by piece to a cloud: buffered, then sent in parts side by side.

use bytes::Bytes;
use tokio::task::JoinSet;

use super::super::cloud::{Part, Parts};
use super::super::location::Location;
use super::PART;
use super::remote_up::MOST_PARTS;
use super::writer::Buffer;
use crate::storage::{PutOptions, Storage};
use crate::{Error, ErrorKind, Result};

#[derive(Debug)]
pub(super) struct Cloud {
    options: PutOptions,
    buffer: Buffer,
    parts: Option<Parts>,
    sent: u64,
    sending: JoinSet<Result<u64>>,
}

impl Cloud {
    pub(super) fn new(options: &PutOptions) -> Self {
        Self { options: options.clone(), buffer: Buffer::default(), parts: None, sent: 0, sending: JoinSet::new() }
    }

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

    pub(super) async fn write(&mut self, storage: &Storage, url: &str, mut bytes: Bytes) -> Result<()> {
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
            let Location::Object(place) = storage.locate(url)? else { return Ok(()) };
            let _request = storage.slot(url).await?;
            self.parts = Some(storage.inner.clouds.begin_parts(&place, &self.options).await?);
        }
        let Some(parts) = &mut self.parts else { return Ok(()) };
        let length = self.buffer.length;
        let memory = storage.room(url, length as usize).await?;
        // Failures are met early; what is through makes room.
        while let Some(sent) = self.sending.try_join_next() {
            ended(sent)?;
        }
        let sending = parts.send(Part::Held(self.buffer.take()));
        let (storage, url) = (storage.clone(), url.to_owned());
        self.sent += 1;
        self.sending.spawn(async move {
            let _memory = memory;
            let _request = storage.slot(&url).await?;
            sending.await?;
            storage.inner.progress.moved(length);
            Ok(length)
        });
        Ok(())
    }

    pub(super) async fn finish(mut self, storage: &Storage, url: &str) -> Result<()> {
        if self.parts.is_none() {
            let Location::Object(place) = storage.locate(url)? else { return Ok(()) };
            let length = self.buffer.length;
            let _request = storage.slot(url).await?;
            storage.inner.clouds.put(&place, self.buffer.take(), &self.options).await?;
            storage.inner.progress.moved(length);
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

    pub(super) async fn abort(mut self) {
        self.sending.shutdown().await;
        if let Some(parts) = self.parts {
            parts.abort().await;
        }
    }
}

fn ended(sent: Result<Result<u64>, tokio::task::JoinError>) -> Result<u64> {
    sent.unwrap_or_else(|error| Err(Error::new(ErrorKind::Io, format!("a part was not sent: {error}"))))
}
