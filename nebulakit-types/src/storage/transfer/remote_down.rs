//! From a store that is reached by requests to a file: one range at a time, or many.

use std::collections::BTreeMap;
use std::future::ready;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

use super::super::budget::Request;
#[cfg(feature = "client")]
use super::super::checksum::Summed;
use super::super::content::{Content, Extent};
use super::super::handle::Storage;
use super::super::local::{Partial, Target};
use super::super::object::ObjectMeta;
use super::super::shown::shown;
use super::super::stores::Located;
use super::super::words::ONE_TRY;
use super::limits::{PART, PARTS_AT_FIRST, PARTS_AT_MOST};
use super::pieces::Pieces;
use crate::{Error, ErrorKind, Result};

/// Pieces from this size on are worth another thread.
const LARGE: u64 = 64 << 10;

/// One range that is through.
struct Pumped {
    start: u64,
    end: u64,
    #[cfg(feature = "client")]
    sum: Option<Summed>,
}

impl Storage {
    pub(super) async fn fetch_remote(&self, place: &Located, target: &Target, listed: Option<u64>) -> Result<u64> {
        let opening = listed.is_none().then(|| self.inner.progress.opening());
        let url = place.address.url();
        let request = self.slot(url).await?;
        // What is known to be small needs no range.
        let wanted = if listed.is_some_and(|size| size <= PART) { Extent::All } else { Extent::First(PART) };
        let opened = self.open_start(place, &wanted).await?;
        let size = opened.meta.size;
        if size != ObjectMeta::UNKNOWN {
            self.expected(listed, size);
        }
        drop(opening);
        let version = opened.meta.etag.clone();
        let partial = Partial::beside(target)?;
        let length = match (opened.range.end, &version) {
            (end, _) if end == size => self.pump(place, opened, &partial, request).await?.end,
            (_, Some(version)) => self.fetch_ranges(place, opened, version, &partial, request).await?,
            // Ranges that cannot be shown to be of one version are not put together.
            (_, None) => {
                drop(opened);
                let opened = self.open(place, &Extent::All, None).await?.there(url)?;
                self.pump(place, opened, &partial, request).await?.end
            }
        };
        if size == ObjectMeta::UNKNOWN {
            self.expected(listed, length);
        }
        partial.publish()?;
        self.inner.progress.done();
        Ok(length)
    }

    /// Writes what comes of one range; large pieces of a whole object on another thread, while the next ones come. Ranges of one object keep
    /// the line filled for each other, and their writes would wait for one another.
    async fn pump(&self, place: &Located, opened: Content, partial: &Partial, request: Request) -> Result<Pumped> {
        let mut pieces = Pieces::new(self.clone(), place.clone(), opened, true);
        let start = pieces.range().start;
        let is_whole = pieces.range() == (0..pieces.meta().size);
        let mut end = start;
        // A store of the user's may need none.
        let has_runtime = tokio::runtime::Handle::try_current().is_ok();
        let mut written = ready(Ok(())).left_future();
        while let Some((at, piece)) = pieces.next().await? {
            // One after the other: a body that begins again writes over what it wrote.
            written.await?;
            let length = piece.len() as u64;
            end = at + length;
            let write = partial.writing(piece, at);
            written = if length < LARGE || !is_whole || !has_runtime {
                ready(write()).left_future()
            } else {
                let write = tokio::task::spawn_blocking(write);
                async move { write.await.unwrap_or_else(|error| Err(Error::new(ErrorKind::Io, format!("a piece was not written: {error}")))) }
                    .right_future()
            };
            self.inner.progress.moved(length);
        }
        written.await?;
        drop(request);
        Ok(Pumped {
            start,
            end,
            #[cfg(feature = "client")]
            sum: pieces.sum(),
        })
    }

    #[allow(unused_mut, reason = "checksums are those of clients")]
    async fn fetch_ranges(&self, place: &Located, mut first: Content, version: &str, partial: &Partial, request: Request) -> Result<u64> {
        let (url, size) = (place.address.url(), first.meta.size);
        #[cfg(feature = "client")]
        {
            // One that cannot be put together of ranges is not summed up for nothing.
            first.checksum = first.checksum.filter(|checksum| checksum.can_be_joined());
        }
        #[cfg(feature = "client")]
        let checksum = first.checksum;
        let mut through = BTreeMap::new();
        let mut rest = (first.range.end..size).step_by(PART as usize).map(|start| start..(start + PART).min(size));
        let mut active: FuturesUnordered<BoxFuture<'_, Result<Pumped>>> = FuturesUnordered::new();
        active.push(self.pump(place, first, partial, request).boxed());
        let mut allowed = PARTS_AT_FIRST;
        loop {
            while active.len() < allowed
                && let Some(range) = rest.next()
            {
                let fetch = async move {
                    let request = self.slot(url).await?;
                    let opened = self.open(place, &Extent::Range(range.clone()), Some(version)).await?;
                    let opened = opened
                        .if_there()
                        .filter(|opened| opened.range == range && opened.meta.size == size && opened.meta.etag.as_deref() == Some(version));
                    let changed =
                        || Error::new(ErrorKind::Changed, format!("`{}`: the object changed while it was read{ONE_TRY}", shown(url)));
                    #[allow(unused_mut, reason = "checksums are those of clients")]
                    let mut opened = opened.ok_or_else(changed)?;
                    #[cfg(feature = "client")]
                    {
                        // It may be that of the range.
                        opened.checksum = opened.checksum.filter(|own| Some(*own) == checksum);
                    }
                    self.pump(place, opened, partial, request).await
                };
                active.push(fetch.boxed());
            }
            let Some(done) = active.next().await else { break };
            let done = done?;
            through.insert(done.start, done);
            allowed = (allowed + 1).min(PARTS_AT_MOST);
        }
        #[cfg(feature = "client")]
        // A store that does not name it with every range is not held to it.
        let sums: Option<Vec<Summed>> = through.into_values().map(|done| done.sum).collect();
        #[cfg(feature = "client")]
        if let (Some(checksum), Some(sums)) = (checksum, sums)
            // Of an object that was uploaded in parts of the size of these ranges, S3 names that of the part.
            && !sums.first().is_some_and(|first| checksum.is_of(*first))
            && let Some(Some(all)) = sums.into_iter().map(Some).reduce(|before, after| checksum.joined(before?, after?))
        {
            checksum.check(url, all)?;
        }
        Ok(size)
    }
}
