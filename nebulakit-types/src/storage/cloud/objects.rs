//! A cloud as a store.

use std::sync::Arc;

use bytes::Bytes;
use object_store::{GetOptions, ObjectStoreExt as _, PutMode};

use super::super::address::Address;
use super::super::checksum::Checksum;
use super::super::config::StorageConfig;
use super::super::content::{Content, Extent, Payload};
use super::super::location::schemes_of;
use super::super::object::{Answer, ObjectMeta, PutOptions};
use super::super::page::{Depth, Page};
use super::super::shown::shown;
use super::super::store::{Pending, Resilience, Store, Upload};
use super::super::transport::Connector;
use super::super::words::ONE_TRY;
use super::bucket::{Kind, Objects, Place};
use super::names::{attributes, facts, new_object_path, object_path};
use super::requests::Requests;
use super::{parts, streams};
use crate::{Error, ErrorKind, Result};

/// The store of a kind of cloud.
#[derive(Debug)]
pub(in super::super) struct Clouds(Requests);

impl Clouds {
    pub(in super::super) fn new(kind: &'static Kind, config: Arc<StorageConfig>, connector: Connector) -> Self {
        Self(Requests::new(kind, config, connector))
    }
}

impl Store for Clouds {
    fn schemes(&self) -> Vec<String> {
        schemes_of(self.0.kind.feature)
    }

    fn head<'a>(&'a self, at: &'a Address) -> Pending<'a, Answer<ObjectMeta>> {
        Box::pin(async move {
            let place = Place::of(at)?;
            let path = object_path(&place)?;
            let look = |objects: Arc<dyn Objects>| {
                let path = path.clone();
                async move { objects.get_opts(&path, GetOptions { head: true, ..GetOptions::default() }).await }
            };
            Ok(match self.0.read(&place, look).await? {
                Answer::There(done) => Answer::There(facts(&done.out.meta, &done.out.attributes)),
                Answer::Absent(end) => Answer::Absent(end),
            })
        })
    }

    fn get<'a>(&'a self, at: &'a Address, extent: &'a Extent, version: Option<&'a str>) -> Pending<'a, Answer<Content>> {
        Box::pin(async move { streams::open(&self.0, &Place::of(at)?, extent, version).await })
    }

    fn get_whole<'a>(&'a self, at: &'a Address) -> Pending<'a, Answer<Bytes>> {
        Box::pin(async move { whole(&self.0, &Place::of(at)?).await })
    }

    fn begin<'a>(&'a self, at: &'a Address, options: &'a PutOptions) -> Pending<'a, Arc<dyn Upload>> {
        Box::pin(async move { parts::begin(&self.0, &Place::of(at)?, options).await })
    }

    fn put<'a>(&'a self, at: &'a Address, whole: Payload, options: &'a PutOptions) -> Pending<'a, ()> {
        Box::pin(async move {
            let place = Place::of(at)?;
            let path = new_object_path(&place)?;
            let attributes = attributes(self.0.kind, &self.0.config, options)?;
            let options = object_store::PutOptions { attributes, ..Default::default() };
            let (payload, body) = parts::sendable(&whole);
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
            self.0.write(&place, write).await?.there().map(drop)
        })
    }

    fn put_new<'a>(&'a self, at: &'a Address, whole: Payload, options: &'a PutOptions) -> Pending<'a, bool> {
        Box::pin(async move {
            let place = Place::of(at)?;
            let path = new_object_path(&place)?;
            let attributes = attributes(self.0.kind, &self.0.config, options)?;
            let options = object_store::PutOptions { attributes, mode: PutMode::Create, ..Default::default() };
            // What is created so is small: it is read before it is sent.
            let (payload, _) = parts::sendable(&Payload::from(vec![whole.bytes().await?]));
            let write = |objects: Arc<dyn Objects>| {
                let (path, payload, options) = (path.clone(), payload.clone(), options.clone());
                async move {
                    match objects.put_opts(&path, payload, options).await {
                        Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
                        put => put.map(|_| true),
                    }
                }
            };
            Ok(self.0.write(&place, write).await?.there()?.out)
        })
    }

    fn list<'a>(&'a self, prefix: &'a Address, depth: Depth, page: Option<&'a str>) -> Pending<'a, Page> {
        Box::pin(async move { streams::page(&self.0, &Place::of(prefix)?, depth, page).await })
    }

    fn delete<'a>(&'a self, at: &'a Address) -> Pending<'a, ()> {
        Box::pin(async move {
            let place = Place::of(at)?;
            let path = object_path(&place)?;
            let delete = |objects: Arc<dyn Objects>| {
                let path = path.clone();
                async move { objects.delete(&path).await }
            };
            // One that was not there is deleted too.
            self.0.write(&place, delete).await.map(drop)
        })
    }

    fn check_write(&self, at: &Address, options: &PutOptions) -> Result<()> {
        let place = Place::of(at)?;
        new_object_path(&place)?;
        attributes(self.0.kind, &self.0.config, options)?;
        self.0.store(&place, None).map(drop)
    }

    fn resilience(&self) -> Resilience {
        Resilience::Everything
    }

    fn wants_memory(&self, at: &Address) -> Result<bool> {
        Ok(self.0.store(&Place::of(at)?, None)?.bodies_in_memory)
    }
}

async fn whole(requests: &Requests, place: &Place<'_>) -> Result<Answer<Bytes>> {
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
    let (size, checksum, bytes) = match requests.read(place, read).await? {
        Answer::There(done) => done.out,
        Answer::Absent(end) => return Ok(Answer::Absent(end)),
    };
    if bytes.len() as u64 != size {
        let text = format!("`{}`: the store said {size} bytes and sent {}{ONE_TRY}", shown(place.url), bytes.len());
        return Err(Error::new(ErrorKind::Unavailable, text));
    }
    if let Some(checksum) = checksum {
        checksum.check(place.url, checksum.of(&bytes))?;
    }
    Ok(Answer::There(bytes))
}
