//! What comes piece by piece: bodies and long listings. Their faults are explained as those of any other operation.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use object_store::list::{PaginatedListOptions, PaginatedListResult};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ListResult};

use super::super::fault::explain;
use super::super::object::{Below, Found};
use super::super::transfer::{Opened, Wanted, crowded};
use super::super::transport::Wrapped;
use super::names::{facts, key_path, object_path};
use super::{Clouds, Done, Objects, Place};
use crate::{ErrorKind, Result};

impl Clouds {
    /// Opens an object or a range of it, of the version named by an etag where one is given; one request.
    pub(in super::super) async fn open(&self, place: &Place<'_>, wanted: &Wanted, version: Option<&str>) -> Result<Found<Opened>> {
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
        let Done { out, store, watch } = match self.read(place, open).await? {
            Found::There(done) => done,
            Found::Absent(end) => return Ok(Found::Absent(end)),
        };
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
        Ok(Found::There(Opened { meta, range, checksum, body: body.boxed() }))
    }

    /// The keys below a prefix, verbatim, and their sizes, a page at a time.
    pub(in super::super) async fn walk(&self, place: &Place<'_>) -> Result<BoxStream<'static, Result<(String, u64)>>> {
        let prefix = key_path(place, place.key.trim_end_matches('/'))?;
        let pages = self.pages(place, &prefix, None).await?;
        let named = move |page: ListResult| {
            let objects = page.objects.iter().filter_map(|object| Some((below(&prefix, &object.location)?, object.size)));
            stream::iter(objects.map(Ok).collect::<Vec<_>>())
        };
        Ok(pages.map_ok(named).try_flatten().boxed())
    }

    /// What stands directly below a prefix, a page at a time.
    pub(in super::super) async fn level(&self, place: &Place<'_>) -> Result<BoxStream<'static, Result<Below>>> {
        let prefix = key_path(place, place.key.trim_end_matches('/'))?;
        let pages = self.pages(place, &prefix, Some("/")).await?;
        let mut last = None;
        let named = move |mut page: ListResult| {
            // Some stores name a prefix with each page that has keys below it.
            page.common_prefixes.retain(|prefix| Some(prefix) != last.as_ref());
            last = page.common_prefixes.last().cloned().or(last.take());
            let objects = page.objects.iter().filter_map(|object| Some(Below::Object(below(&prefix, &object.location)?, object.size)));
            let name = |found: &Path| Some(below(&prefix, found)?.strip_suffix('/')?.to_owned());
            let prefixes = page.common_prefixes.iter().filter_map(|found| name(found).map(Below::Prefix));
            stream::iter(objects.chain(prefixes).map(Ok).collect::<Vec<_>>())
        };
        Ok(pages.map_ok(named).try_flatten().boxed())
    }

    /// The pages of a listing, each by a request of the budget's. The first is fetched at once.
    async fn pages(
        &self,
        place: &Place<'_>,
        prefix: &Path,
        delimiter: Option<&'static str>,
    ) -> Result<impl Stream<Item = Result<ListResult>> + Send + 'static + use<>> {
        let asked = (!prefix.is_root()).then(|| format!("{}/", prefix.as_ref()));
        let options = move |page_token| {
            let mut options = PaginatedListOptions { delimiter: delimiter.map(Into::into), page_token, ..PaginatedListOptions::default() };
            options.extensions.insert(Wrapped);
            options
        };
        let begin = |objects: Arc<dyn Objects>| {
            let asked = asked.clone();
            async move { Ok((objects.list_paginated(asked.as_deref(), options(None)).await?, objects)) }
        };
        let budget = self.connector.budget().clone();
        let request = budget.request_until(place.deadline).await.ok_or_else(|| crowded(place.url))?;
        let Some(Done { out: (first, objects), store, watch }) = self.read(place, begin).await?.if_there() else {
            return Ok(stream::empty().left_stream());
        };
        drop(request);
        let (config, owned) = (self.config.clone(), place.kept());
        let next = move |token: String| {
            let (objects, asked, watch, budget) = (objects.clone(), asked.clone(), watch.clone(), budget.clone());
            let (store, config, owned) = (store.clone(), config.clone(), owned.clone());
            async move {
                let _request = budget.request_until(owned.deadline).await.ok_or_else(|| crowded(&owned.url))?;
                let next = watch.of(objects.list_paginated(asked.as_deref(), options(Some(token)))).await;
                next.map_err(|error| explain(&owned.place(), &store, &config, &error, &watch.trace()))
            }
        };
        let pages = stream::try_unfold(Page::Here(first), move |page| {
            let next = next.clone();
            async move {
                let found = match page {
                    Page::Here(first) => first,
                    Page::Next(token) => next(token).await?,
                    Page::None => return Ok(None),
                };
                Ok(Some((found.result, found.page_token.map_or(Page::None, Page::Next))))
            }
        });
        Ok(pages.right_stream())
    }
}

/// Where a listing stands.
enum Page {
    Here(PaginatedListResult),
    Next(String),
    None,
}

/// A key as it stands below a prefix.
fn below(prefix: &Path, found: &Path) -> Option<String> {
    let key = Wrapped::key(found.as_ref());
    if prefix.is_root() { Some(key) } else { key.strip_prefix(prefix.as_ref())?.strip_prefix('/').map(str::to_owned) }
}
