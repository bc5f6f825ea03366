//! What comes piece by piece: bodies and long listings. Their faults are explained as those of any other operation.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::list::{PaginatedListOptions, PaginatedListResult};
use object_store::{GetOptions, GetRange};

use super::super::fault::explain;
use super::super::object::Below;
use super::super::transfer::{Opened, Wanted};
use super::names::{facts, key_path, object_path};
use super::objects::below;
use super::{Clouds, Done, Objects, Place};
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
        let open = |objects: Arc<dyn Objects>| {
            let (path, options) = (path.clone(), options.clone());
            async move { objects.get_opts(&path, options).await }
        };
        let Some(Done { out, store, watch }) = self.read(place, open).await? else { return Ok(None) };
        let meta = facts(&out.meta, &out.attributes);
        let (range, checksum) = (out.range.clone(), out.extensions.get().copied());
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
        Ok(Some(Opened { meta, range, checksum, body: body.boxed() }))
    }

    /// The keys below a prefix and their sizes, a page at a time. The first page is fetched at once.
    pub(in super::super) async fn walk(&self, place: &Place<'_>) -> Result<BoxStream<'static, Result<(String, u64)>>> {
        let prefix = key_path(place, place.key.trim_end_matches('/'))?;
        let begin = |objects: Arc<dyn Objects>| {
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

    /// What stands directly below a prefix, a page at a time. The first page is fetched at once.
    pub(in super::super) async fn level(&self, place: &Place<'_>) -> Result<BoxStream<'static, Result<Below>>> {
        let prefix = key_path(place, place.key.trim_end_matches('/'))?;
        let asked = (!prefix.is_root()).then(|| format!("{}/", prefix.as_ref()));
        let begin = |objects: Arc<dyn Objects>| {
            let asked = asked.clone();
            async move { Ok((objects.list_paginated(asked.as_deref(), page(None)).await?, objects)) }
        };
        let Some(Done { out: (first, objects), store, watch }) = self.read(place, begin).await? else { return Ok(stream::empty().boxed()) };
        let (config, owned) = (self.config.clone(), place.kept());
        let next = move |token: String| {
            let (objects, asked, watch) = (objects.clone(), asked.clone(), watch.clone());
            let (store, config, owned) = (store.clone(), config.clone(), owned.clone());
            async move {
                let next = watch.of(objects.list_paginated(asked.as_deref(), page(Some(token)))).await;
                next.map_err(|error| explain(&owned.place(), &store, &config, &error, &watch.trace()))
            }
        };
        let named = move |PaginatedListResult { result, .. }: PaginatedListResult| {
            let objects = result.objects.iter().filter_map(|object| Some(Below::Object(below(&prefix, &object.location)?, object.size)));
            let prefixes = result.common_prefixes.iter().filter_map(|found| below(&prefix, found).map(Below::Prefix));
            stream::iter(objects.chain(prefixes).map(Ok).collect::<Vec<_>>())
        };
        let pages = stream::try_unfold((Page::Here(first), None), move |(page, last)| {
            let next = next.clone();
            async move {
                let mut found = match page {
                    Page::Here(first) => first,
                    Page::Next(token) => next(token).await?,
                    Page::None => return Ok(None),
                };
                let rest = found.page_token.take().map_or(Page::None, Page::Next);
                // Some stores name a prefix with each page that has keys below it.
                found.result.common_prefixes.retain(|prefix| Some(prefix) != last.as_ref());
                let last = found.result.common_prefixes.last().cloned().or(last);
                Ok(Some((found, (rest, last))))
            }
        });
        Ok(pages.map_ok(named).try_flatten().boxed())
    }
}

/// Where a listing stands.
enum Page {
    Here(PaginatedListResult),
    Next(String),
    None,
}

fn page(token: Option<String>) -> PaginatedListOptions {
    PaginatedListOptions { delimiter: Some("/".into()), page_token: token, ..PaginatedListOptions::default() }
}
