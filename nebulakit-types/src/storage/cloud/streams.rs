//! What comes piece by piece: bodies and long listings. Their faults are explained as those of any other operation.

use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::list::PaginatedListOptions;
use object_store::path::Path;
use object_store::{GetOptions, GetRange};

use super::super::content::{Chunks, Content, Extent};
use super::super::object::Answer;
use super::super::page::{Depth, Page};
use super::super::transport::Wrapped;
use super::bucket::{Objects, Place};
use super::fault::explain;
use super::names::{facts, key_path, object_path};
use super::requests::{Done, Requests};
use crate::{ErrorKind, Result};

/// Opens an object or a range of it, of the version named by an etag where one is given; one request.
pub(super) async fn open(requests: &Requests, place: &Place<'_>, extent: &Extent, version: Option<&str>) -> Result<Answer<Content>> {
    let path = object_path(place)?;
    let range = match extent {
        Extent::All => None,
        Extent::From(start) => Some(GetRange::Offset(*start)),
        Extent::First(length) => Some(GetRange::Bounded(0..*length)),
        Extent::Range(range) => Some(GetRange::Bounded(range.clone())),
    };
    let options = GetOptions { range, if_match: version.map(str::to_owned), ..GetOptions::default() };
    let open = |objects: Arc<dyn Objects>| {
        let (path, options) = (path.clone(), options.clone());
        async move { objects.get_opts(&path, options).await }
    };
    let Done { out, store, watch } = match requests.read(place, open).await? {
        Answer::There(done) => done,
        Answer::Absent(end) => return Ok(Answer::Absent(end)),
    };
    let meta = facts(&out.meta, &out.attributes);
    let (range, checksum) = (out.range.clone(), out.extensions.get().copied());
    let (kind, config, owned, record) = (requests.kind, requests.config.clone(), place.kept(), watch.clone());
    let body = watch.stream(out.into_stream());
    let body = body.map_err(move |error| {
        let trace = record.trace();
        let explained = explain(kind, &owned.place(), &store, &config, &error, &trace);
        match explained.kind() {
            // The client asked for the rest itself, and was given another version, or was told that there is no rest.
            ErrorKind::Io if trace.last.is_none() => explained.of_kind(ErrorKind::Unavailable),
            ErrorKind::OutOfRange => explained.of_kind(ErrorKind::Changed),
            _ => explained,
        }
    });
    Ok(Answer::There(Content { meta, range, checksum, body: Chunks::streamed(body.boxed()) }))
}

/// A page of what stands below a prefix, its keys verbatim.
pub(super) async fn page(requests: &Requests, place: &Place<'_>, depth: Depth, token: Option<&str>) -> Result<Page> {
    let prefix = key_path(place, place.key.trim_end_matches('/'))?;
    let asked = (!prefix.is_root()).then(|| format!("{}/", prefix.as_ref()));
    let delimiter = match depth {
        Depth::One => Some("/"),
        Depth::All => None,
    };
    let list = |objects: Arc<dyn Objects>| {
        let (asked, page_token) = (asked.clone(), token.map(str::to_owned));
        let mut options = PaginatedListOptions { delimiter: delimiter.map(Into::into), page_token, ..PaginatedListOptions::default() };
        options.extensions.insert(Wrapped);
        async move { objects.list_paginated(asked.as_deref(), options).await }
    };
    let Some(Done { out, .. }) = requests.read(place, list).await?.if_there() else { return Ok(Page::default()) };
    let objects = out.result.objects.iter().filter_map(|object| Some((below(&prefix, &object.location)?, object.size))).collect();
    let name = |found: &Path| Some(below(&prefix, found)?.strip_suffix('/')?.to_owned());
    let prefixes = out.result.common_prefixes.iter().filter_map(name).collect();
    Ok(Page::new(objects, prefixes, out.page_token))
}

/// A key as it stands below a prefix.
fn below(prefix: &Path, found: &Path) -> Option<String> {
    let key = Wrapped::key(found.as_ref());
    if prefix.is_root() { Some(key) } else { key.strip_prefix(prefix.as_ref())?.strip_prefix('/').map(str::to_owned) }
}
