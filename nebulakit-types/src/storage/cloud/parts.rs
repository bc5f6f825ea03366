//! An object that is uploaded in parts, several at a time.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use object_store::{MultipartUpload, PutMultipartOptions, PutPayload};

use super::super::budget::Budget;
use super::super::fault::explain;
use super::super::location::shown;
use super::super::transfer::crowded;
use super::super::transport::{Body, Watch};
use super::super::{PutOptions, StorageConfig};
use super::names::{attributes, new_object_path};
use super::objects::stand_in;
use super::{Clouds, Done, Objects, Owned, Place, Store};
use crate::Result;

/// What a part is made of.
pub(in super::super) enum Part {
    /// Bytes in memory.
    Held(Vec<Bytes>),
    /// What is read while it is sent.
    Streamed(Body),
}

/// An upload under way. It is visible when complete; dropped before that, what was uploaded is given back to the store.
pub(in super::super) struct Parts {
    upload: Option<Box<dyn MultipartUpload>>,
    store: Store,
    place: Owned,
    config: Arc<StorageConfig>,
    budget: Arc<Budget>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("url", &shown(&self.place.url)).finish_non_exhaustive()
    }
}

impl Clouds {
    pub(in super::super) async fn begin_parts(&self, place: &Place<'_>, options: &PutOptions) -> Result<Parts> {
        let path = new_object_path(place)?;
        let attributes = attributes(place, &self.config, options)?;
        let begin = |objects: Arc<dyn Objects>| {
            let path = path.clone();
            let options = PutMultipartOptions { attributes: attributes.clone(), ..Default::default() };
            async move { objects.put_multipart_opts(&path, options).await }
        };
        let Done { out, store, .. } = self.write(place, begin).await?.there()?;
        let (place, config, budget) = (place.kept(), self.config.clone(), self.connector.budget().clone());
        Ok(Parts { upload: Some(out), store, place, config, budget })
    }
}

impl Parts {
    /// The request that sends the next part; parts may be sent side by side.
    pub(in super::super) fn send(&mut self, part: Part) -> impl Future<Output = Result<()>> + Send + 'static + use<> {
        let (payload, body) = match part {
            Part::Held(pieces) => (PutPayload::from_iter(pieces), None),
            Part::Streamed(body) => (stand_in(body.length), Some(body)),
        };
        let sending = self.upload.as_mut().map(|upload| upload.put_part(payload));
        let (store, place, config) = (self.store.clone(), self.place.clone(), self.config.clone());
        async move {
            let Some(sending) = sending else { return Ok(()) };
            let watch = Watch::until(place.deadline);
            let sent = match body {
                Some(body) => watch.of(body.sent_by(sending)).await,
                None => watch.of(sending).await,
            };
            sent.map_err(|error| explain(&place.place(), &store, &config, &error, &watch.trace()))
        }
    }

    /// Makes the object of the parts, in the order in which they were handed to [`Parts::send`].
    pub(in super::super) async fn complete(mut self) -> Result<()> {
        let Some(upload) = self.upload.as_mut() else { return Ok(()) };
        let Some(request) = self.budget.request_until(self.place.deadline).await else {
            let error = crowded(&self.place.url);
            self.abort().await;
            return Err(error);
        };
        let watch = Watch::until(self.place.deadline);
        let completed = watch.of(upload.complete()).await;
        drop(request);
        match completed {
            Ok(_) => {
                self.upload = None;
                Ok(())
            }
            Err(error) => {
                let error = explain(&self.place.place(), &self.store, &self.config, &error, &watch.trace());
                self.abort().await;
                Err(error)
            }
        }
    }

    /// Gives back what was uploaded. That this fails is no news to whoever has a failure to report already; stores have rules that clean up.
    ///
    /// Whoever is out of time does not wait for it.
    pub(in super::super) async fn abort(mut self) {
        if self.place.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return;
        }
        if let Some(upload) = self.upload.take() {
            give_back(upload, self.budget.clone()).await;
        }
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if let Some(upload) = self.upload.take()
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
