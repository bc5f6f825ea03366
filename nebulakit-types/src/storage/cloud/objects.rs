//! Whole objects: one request each.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use object_store::{GetOptions, ObjectStoreExt as _, PutPayload};

use super::super::checksum::Checksum;
use super::super::location::shown;
use super::super::object::Found;
use super::super::transfer::ONE_TRY;
use super::super::transport::Body;
use super::super::{ObjectMeta, PutOptions};
use super::names::{attributes, facts, new_object_path, object_path};
use super::{Clouds, Objects, Place};
use crate::{Error, ErrorKind, Result};

impl Clouds {
    pub(in super::super) async fn get(&self, place: &Place<'_>) -> Result<Found<Bytes>> {
        let path = object_path(place)?;
        let read = |objects: Arc<dyn Objects>| {
            let path = path.clone();
            async move {
                let found = objects.get(&path).await?;
                let size = found.range.end - found.range.start;
                let checksum = found.extensions.get::<Checksum>().copied();
                Ok((size, checksum, found.bytes().await?))
            }
        };
        let (size, checksum, bytes) = match self.read(place, read).await? {
            Found::There(done) => done.out,
            Found::Absent(end) => return Ok(Found::Absent(end)),
        };
        if bytes.len() as u64 != size {
            let text = format!("`{}`: the store said {size} bytes and sent {}{ONE_TRY}", shown(place.url), bytes.len());
            return Err(Error::new(ErrorKind::Unavailable, text));
        }
        if let Some(checksum) = checksum {
            checksum.check(place.url, checksum.of(&bytes))?;
        }
        Ok(Found::There(bytes))
    }

    pub(in super::super) async fn put(&self, place: &Place<'_>, parts: Vec<Bytes>, options: &PutOptions) -> Result<()> {
        let payload = PutPayload::from_iter(parts.into_iter().filter(|part| !part.is_empty()));
        self.put_payload(place, payload, None, options).await
    }

    /// Stores what is read while it is sent. The store must not want bodies in memory.
    pub(in super::super) async fn put_streamed(&self, place: &Place<'_>, body: Body, options: &PutOptions) -> Result<()> {
        self.put_payload(place, stand_in(body.length), Some(body), options).await
    }

    async fn put_payload(&self, place: &Place<'_>, payload: PutPayload, body: Option<Body>, options: &PutOptions) -> Result<()> {
        let path = new_object_path(place)?;
        let options = object_store::PutOptions { attributes: attributes(place, &self.config, options)?, ..Default::default() };
        let write = |objects: Arc<dyn Objects>| {
            let (path, payload, body, options) = (path.clone(), payload.clone(), body.clone(), options.clone());
            async move {
                let put = objects.put_opts(&path, payload, options);
                match body {
                    Some(body) => body.sent_by(put).await,
                    None => put.await,
                }
            }
        };
        self.write(place, write).await?.there().map(drop)
    }

    /// Whether bodies for this bucket have to be in memory.
    pub(in super::super) fn bodies_in_memory(&self, place: &Place<'_>) -> Result<bool> {
        Ok(self.store(place, None)?.bodies_in_memory)
    }

    pub(in super::super) async fn stat(&self, place: &Place<'_>) -> Result<Found<ObjectMeta>> {
        let path = object_path(place)?;
        let look = |objects: Arc<dyn Objects>| {
            let path = path.clone();
            async move { objects.get_opts(&path, GetOptions { head: true, ..GetOptions::default() }).await }
        };
        Ok(match self.read(place, look).await? {
            Found::There(done) => Found::There(facts(&done.out.meta, &done.out.attributes)),
            Found::Absent(end) => Found::Absent(end),
        })
    }

    pub(in super::super) async fn delete(&self, place: &Place<'_>) -> Result<()> {
        let path = object_path(place)?;
        let delete = |objects: Arc<dyn Objects>| {
            let path = path.clone();
            async move { objects.delete(&path).await }
        };
        // One that was not there is deleted too.
        self.write(place, delete).await.map(drop)
    }
}

/// As many bytes as a body will have, without the memory: pages that are never touched.
pub(super) fn stand_in(length: u64) -> PutPayload {
    static NOTHING: LazyLock<Bytes> = LazyLock::new(|| vec![0; 1 << 20].into());
    let whole = NOTHING.len() as u64;
    let piece = |start: u64| NOTHING.slice(..(length - start).min(whole) as usize);
    PutPayload::from_iter((0..length).step_by(1 << 20).map(piece))
}
