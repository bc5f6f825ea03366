//! What is sent, and objects that are sent in parts, several at a time.

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{MultipartUpload, PutMultipartOptions, PutPayload};

use super::super::budget::Budget;
use super::super::config::StorageConfig;
use super::super::content::Payload;
use super::super::object::PutOptions;
use super::super::shown::shown;
use super::super::store::{Pending, Upload};
use super::super::transport::{Body, Unreadable, Watch};
use super::bucket::{Bucket, Kind, Objects, Owned, Place};
use super::fault::explain;
use super::names::{attributes, new_object_path};
use super::requests::{Done, Requests};
use crate::{Error, Result};

/// An upload under way. It is visible when complete; dropped before that, what was uploaded is given back to the store.
struct Parts {
    upload: Mutex<Option<Box<dyn MultipartUpload>>>,
    kind: &'static Kind,
    store: Bucket,
    place: Owned,
    config: Arc<StorageConfig>,
    budget: Arc<Budget>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("url", &shown(&self.place.url)).finish_non_exhaustive()
    }
}

pub(super) async fn begin(requests: &Requests, place: &Place<'_>, options: &PutOptions) -> Result<Arc<dyn Upload>> {
    let path = new_object_path(place)?;
    let attributes = attributes(requests.kind, &requests.config, options)?;
    let begin = |objects: Arc<dyn Objects>| {
        let path = path.clone();
        let options = PutMultipartOptions { attributes: attributes.clone(), ..Default::default() };
        async move { objects.put_multipart_opts(&path, options).await }
    };
    let Done { out, store, .. } = requests.write(place, begin).await?.there()?;
    let (place, config, budget) = (place.kept(), requests.config.clone(), requests.connector.budget().clone());
    Ok(Arc::new(Parts { upload: Mutex::new(Some(out)), kind: requests.kind, store, place, config, budget }))
}

/// What `object_store` is handed, and what is sent in its place.
pub(super) fn sendable(payload: &Payload) -> (PutPayload, Option<Body>) {
    if let Some(pieces) = payload.held() {
        return (PutPayload::from_iter(pieces.iter().filter(|piece| !piece.is_empty()).cloned()), None);
    }
    let (length, payload) = (payload.length(), payload.clone());
    let begin = move || payload.chunks().into_stream().map_err(|error: Error| Unreadable(error.message().to_owned())).boxed();
    (stand_in(length), Some(Body { length, begin: Arc::new(begin) }))
}

/// As many bytes as a body will have, without the memory: pages that are never touched.
fn stand_in(length: u64) -> PutPayload {
    static NOTHING: LazyLock<Bytes> = LazyLock::new(|| vec![0; 1 << 20].into());
    let whole = NOTHING.len() as u64;
    let piece = |start: u64| NOTHING.slice(..(length - start).min(whole) as usize);
    PutPayload::from_iter((0..length).step_by(1 << 20).map(piece))
}

impl Parts {
    fn take(&self) -> Option<Box<dyn MultipartUpload>> {
        self.upload.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// An upload that is being completed. Where that fails or is given up, it can be given back.
struct Finishing<'a> {
    parts: &'a Parts,
    upload: Option<Box<dyn MultipartUpload>>,
}

impl Drop for Finishing<'_> {
    fn drop(&mut self) {
        if let Some(upload) = self.upload.take() {
            *self.parts.upload.lock().unwrap_or_else(PoisonError::into_inner) = Some(upload);
        }
    }
}

impl Upload for Parts {
    fn part(&self, _number: u32, bytes: Payload) -> Pending<'static, ()> {
        let (payload, body) = sendable(&bytes);
        // It has its number from here on.
        let sending = self.upload.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(|upload| upload.put_part(payload));
        let (kind, store, place, config) = (self.kind, self.store.clone(), self.place.clone(), self.config.clone());
        Box::pin(async move {
            let Some(sending) = sending else { return Ok(()) };
            let watch = Watch::until(place.deadline);
            let sent = match body {
                Some(body) => watch.of(body.sent_by(sending)).await,
                None => watch.of(sending).await,
            };
            sent.map_err(|error| explain(kind, &place.place(), &store, &config, &error, &watch.trace()))
        })
    }

    fn finish(&self) -> Pending<'_, ()> {
        Box::pin(async move {
            let mut finishing = Finishing { parts: self, upload: self.take() };
            let Some(upload) = &mut finishing.upload else { return Ok(()) };
            let watch = Watch::until(self.place.deadline);
            let completed = watch.of(upload.complete()).await;
            completed.map_err(|error| explain(self.kind, &self.place.place(), &self.store, &self.config, &error, &watch.trace()))?;
            finishing.upload = None;
            Ok(())
        })
    }

    fn abort(&self) -> Pending<'_, ()> {
        Box::pin(async move {
            if let Some(upload) = self.take() {
                give_back(upload, self.budget.clone()).await;
            }
            Ok(())
        })
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if let Some(upload) = self.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(give_back(upload, self.budget.clone()));
        }
    }
}

async fn give_back(mut upload: Box<dyn MultipartUpload>, budget: Arc<Budget>) {
    let _request = budget.request().await;
    let _ = Watch::until(None).of(upload.abort()).await;
}
