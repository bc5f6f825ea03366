//! What comes piece by piece: bodies and long listings. Their faults are explained as those of any other operation.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{DynObjectStore, GetOptions, GetRange};

use super::super::fault::explain;
use super::super::transfer::{Opened, Wanted};
use super::names::{facts, key_path, object_path};
use super::objects::below;
use super::{Clouds, Done, Place};
use crate::{ErrorKind, Result};

impl Clouds {
    /// Opens an object or a range of it, of the version named by an etag where one is given; one request.
    pub(in super::super) async fn open(&self, place: &Place<'_>, wanted: &Wanted, version: Option<&str>) -> Result<Option<Opened>> {
        let path = object_path(place)?;
        let range = match wanted {
            Wanted::All => None,
            Wanted::From(start) => Some(GetRange::Offset(*start)),
            Wanted::First(length) => Some(GetRange::Bounded(0..*length)),
            Wanted::Range(range) => Some(GetRange::Bounded(range.clone())),
        };
        let options = GetOptions { range, if_match: version.map(str::to_owned), ..GetOptions::default() };
        let open = |objects: Arc<DynObjectStore>| {
            let (path, options) = (path.clone(), options.clone());
            async move { objects.get_opts(&path, options).await }
        };
        let Some(Done { out, store, watch }) = self.read(place, open).await? else { return Ok(None) };
        let meta = facts(&out.meta, &out.attributes);
        let range = out.range.clone();
        let (config, owned, record) = (self.config.clone(), place.kept(), watch.clone());
        let body = watch.stream(out.into_stream());
        let body = body.map_err(move |error| {
            let trace = record.trace();
            let explained = explain(&owned.place(), &store, &config, &error, &trace);
            match explained.kind() {
                // The client asked for the rest itself, and was given another version, or was told that there is no rest.
                ErrorKind::Io if trace.last.is_none() => explained.of_kind(ErrorKind::Unavailable),
                ErrorKind::OutOfRange => explained.of_kind(ErrorKind::Changed),
                _ => explained,
            }
        });
        Ok(Some(Opened { meta, range, body: body.boxed() }))
    }

    /// The keys below a prefix and their sizes, a page at a time. The first page is fetched at once.
    pub(in super::super) async fn walk(&self, place: &Place<'_>) -> Result<BoxStream<'static, Result<(String, u64)>>> {
        let prefix = key_path(place, place.key.trim_end_matches('/'))?;
        let begin = |objects: Arc<DynObjectStore>| {
            let prefix = (!prefix.is_root()).then(|| prefix.clone());
            async move {
                let mut found = objects.list(prefix.as_ref());
                let first = found.try_next().await?;
                Ok((first, found))
            }
        };
        let Some(Done { out: (first, rest), store, watch }) = self.read(place, begin).await? else { return Ok(stream::empty().boxed()) };
        let (config, owned, record) = (self.config.clone(), place.kept(), watch.clone());
        let rest = watch.stream(rest).map_err(move |error| explain(&owned.place(), &store, &config, &error, &record.trace()));
        let Some(first) = first else { return Ok(stream::empty().boxed()) };
        let found = stream::iter([Ok(first)]).chain(rest);
        let named =
            move |object: object_store::ObjectMeta| std::future::ready(Ok(below(&prefix, &object.location).map(|key| (key, object.size))));
        Ok(found.try_filter_map(named).boxed())
    }
}
