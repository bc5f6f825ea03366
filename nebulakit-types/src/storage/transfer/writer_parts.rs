//! An object that is written piece by piece to a store of objects: buffered, then sent in parts side by side.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::task::JoinSet;

use super::super::content::Payload;
use super::super::handle::Storage;
use super::super::object::PutOptions;
use super::super::store::Upload;
use super::super::stores::Located;
use super::buffer::Buffer;
use super::limits::{MOST_PARTS, PART};
use crate::{Error, ErrorKind, Result};

#[derive(Debug)]
pub(super) struct Parts {
    place: Located,
    options: PutOptions,
    buffer: Buffer,
    upload: Option<Arc<dyn Upload>>,
    sent: u32,
    sending: JoinSet<Result<u64>>,
}

impl Parts {
    pub(super) fn new(place: Located, options: &PutOptions) -> Self {
        Self { place, options: options.clone(), buffer: Buffer::default(), upload: None, sent: 0, sending: JoinSet::new() }
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

    pub(super) async fn write(&mut self, storage: &Storage, mut bytes: Bytes) -> Result<()> {
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
            self.send(storage).await?;
        }
    }

    /// Sends what is buffered as the next part.
    async fn send(&mut self, storage: &Storage) -> Result<()> {
        let upload = match &self.upload {
            Some(upload) => upload.clone(),
            None => self.upload.insert(storage.begin_parts(&self.place, &self.options).await?).clone(),
        };
        let length = self.buffer.length;
        let memory = match self.place.store.is_remote() {
            true => storage.room(self.place.address.url(), length as usize).await?,
            false => None,
        };
        // Failures are met early; what is through makes room.
        while let Some(sent) = self.sending.try_join_next() {
            ended(sent)?;
        }
        let (part, number) = (Payload::from(self.buffer.take()), self.sent);
        // Begun here: parts are sent in their order.
        let sending = upload.part(number, part.clone());
        let (storage, place) = (storage.clone(), self.place.clone());
        self.sent += 1;
        let send = async move {
            let _memory = memory;
            let _request = storage.request(&place).await?;
            storage.ask_first(&place, sending, || upload.part(number, part.clone())).await?;
            storage.inner.progress.moved(length);
            Ok(length)
        };
        if self.place.store.is_remote() {
            self.sending.spawn(send);
        } else {
            // What takes no time needs no runtime.
            send.await?;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self, storage: &Storage) -> Result<()> {
        let place = self.place.clone();
        if self.upload.is_none() {
            let length = self.buffer.length;
            let whole = Payload::from(self.buffer.take());
            let _request = storage.request(&place).await?;
            storage.ask(&place, || place.store.put(&place.address, whole.clone(), &self.options)).await?;
            storage.inner.progress.moved(length);
            return Ok(());
        }
        if self.buffer.length > 0 {
            self.send(storage).await?;
        }
        while let Some(sent) = self.sending.join_next().await {
            ended(sent)?;
        }
        match self.upload.take() {
            Some(upload) => storage.finish_parts(&place, &*upload).await,
            None => Ok(()),
        }
    }

    pub(super) async fn abort(mut self, storage: &Storage) {
        self.sending.shutdown().await;
        if let Some(upload) = self.upload {
            storage.abort_parts(&*upload).await;
        }
    }
}

impl Storage {
    /// Begins an object in parts.
    pub(super) async fn begin_parts(&self, place: &Located, options: &PutOptions) -> Result<Arc<dyn Upload>> {
        let _request = self.request(place).await?;
        self.ask(place, || place.store.begin(&place.address, options)).await
    }

    /// Makes the object of its parts; what fails is given back.
    pub(super) async fn finish_parts(&self, place: &Located, upload: &dyn Upload) -> Result<()> {
        let finished = match self.request(place).await {
            Ok(_request) => self.ask_once(place, upload.finish()).await,
            Err(error) => Err(error),
        };
        if finished.is_err() {
            self.abort_parts(upload).await;
        }
        finished
    }

    /// Gives back what was uploaded. Its own failure is ignored: the caller has one to report already, and stores have rules that clean up.
    ///
    /// After the deadline it does nothing.
    pub(super) async fn abort_parts(&self, upload: &dyn Upload) {
        if self.deadline.is_none_or(|deadline| deadline > Instant::now()) {
            let _ = upload.abort().await;
        }
    }
}

fn ended(sent: Result<Result<u64>, tokio::task::JoinError>) -> Result<u64> {
    sent.unwrap_or_else(|error| Err(Error::new(ErrorKind::Io, format!("a part was not sent: {error}"))))
}
