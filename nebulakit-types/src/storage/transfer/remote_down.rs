//! From a store that is reached by requests to a file: one range at a time, or many.

use std::path::Path;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

use super::super::budget::Request;
use super::super::local::Partial;
use super::super::location::shown;
use super::pieces::Pieces;
use super::{Opened, PART, PARTS_AT_FIRST, PARTS_AT_MOST, Wanted, nothing};
use crate::storage::{ObjectMeta, Storage};
use crate::{Error, ErrorKind, Result};

impl Storage {
    pub(super) async fn fetch_remote(&self, url: &str, path: &Path, listed: Option<u64>) -> Result<u64> {
        let opening = listed.is_none().then(|| self.0.progress.opening());
        let request = self.0.budget.request().await;
        // What is known to be small needs no range.
        let wanted = if listed.is_some_and(|size| size <= PART) { Wanted::All } else { Wanted::First(PART) };
        let opened = self.open_start(url, &wanted).await?;
        let size = opened.meta.size;
        if size != ObjectMeta::UNKNOWN {
            self.expected(listed, size);
        }
        drop(opening);
        let version = opened.meta.etag.clone();
        let partial = Partial::beside(path)?;
        let length = match (opened.range.end, &version) {
            (end, _) if end == size => self.pump(url, opened, &partial, request).await?,
            (_, Some(version)) => self.fetch_ranges(url, opened, version, &partial, request).await?,
            // Ranges that cannot be shown to be of one version are not put together.
            (_, None) => {
                let opened = self.open(url, &Wanted::All, None).await?.ok_or_else(|| nothing(url))?;
                self.pump(url, opened, &partial, request).await?
            }
        };
        if size == ObjectMeta::UNKNOWN {
            self.expected(listed, length);
        }
        partial.publish()?;
        self.0.progress.done();
        Ok(length)
    }

    /// Writes what comes of one range, and gives where it ended.
    async fn pump(&self, url: &str, opened: Opened, partial: &Partial, request: Request) -> Result<u64> {
        let mut pieces = Pieces::new(self.clone(), url, opened, true);
        let mut end = pieces.range().start;
        while let Some((at, piece)) = pieces.next().await? {
            partial.write_at(&piece, at)?;
            end = at + piece.len() as u64;
            self.0.progress.moved(piece.len() as u64);
        }
        drop(request);
        Ok(end)
    }

    async fn fetch_ranges(&self, url: &str, first: Opened, version: &str, partial: &Partial, request: Request) -> Result<u64> {
        let size = first.meta.size;
        let mut rest = (first.range.end..size).step_by(PART as usize).map(|start| start..(start + PART).min(size));
        let mut active: FuturesUnordered<BoxFuture<'_, Result<u64>>> = FuturesUnordered::new();
        active.push(self.pump(url, first, partial, request).boxed());
        let mut allowed = PARTS_AT_FIRST;
        loop {
            while active.len() < allowed
                && let Some(range) = rest.next()
            {
                let fetch = async move {
                    let request = self.0.budget.request().await;
                    let opened = self.open(url, &Wanted::Range(range.clone()), Some(version)).await?;
                    let opened = opened
                        .filter(|opened| opened.range == range && opened.meta.size == size && opened.meta.etag.as_deref() == Some(version));
                    let changed = || Error::new(ErrorKind::Changed, format!("`{}`: the object changed while it was read", shown(url)));
                    self.pump(url, opened.ok_or_else(changed)?, partial, request).await
                };
                active.push(fetch.boxed());
            }
            match active.next().await {
                Some(done) => done.map(drop)?,
                None => return Ok(size),
            }
            allowed = (allowed + 1).min(PARTS_AT_MOST);
        }
    }
}
