//! The pieces of one range as they come, continued where they break off.

use std::ops::Range;
use std::time::Instant;

use bytes::Bytes;

#[cfg(feature = "client")]
use super::super::checksum::{Checksum, Sum, Summed};
use super::super::content::{Content, Extent};
use super::super::deadline::in_time;
use super::super::handle::Storage;
use super::super::object::ObjectMeta;
use super::super::shown::shown;
use super::super::store::Resilience;
use super::super::stores::Located;
use super::super::words::{LATE, doing, tried};
use crate::{Error, ErrorKind, Result};

/// A body that breaks off more often than this, though something came each time, is given up.
const BREAKS: u32 = 100;

/// A range on its way.
pub(in super::super) struct Pieces {
    storage: Storage,
    place: Located,
    opened: Content,
    at: u64,
    /// Whether something came since it was opened.
    fresh: bool,
    breaks: u32,
    begun: Instant,
    /// Tries left that bring nothing.
    dry: u32,
    /// Whether pieces may come again, from the beginning, where a version has no name by which the rest could be asked for.
    rewinds: bool,
    /// What has come so far, where the store says what all of it comes to.
    #[cfg(feature = "client")]
    sum: Option<Sum>,
}

impl Pieces {
    pub(in super::super) fn new(storage: Storage, place: Located, opened: Content, rewinds: bool) -> Self {
        let at = opened.range.start;
        // The clients of clouds have retries of their own, and what broke off for them without a byte is final.
        let dry = if place.store.resilience() == Resilience::Everything { 0 } else { storage.retries() };
        Self {
            #[cfg(feature = "client")]
            sum: begin(&opened),
            storage,
            place,
            opened,
            at,
            fresh: false,
            breaks: 0,
            begun: Instant::now(),
            dry,
            rewinds,
        }
    }

    pub(super) fn range(&self) -> Range<u64> {
        self.opened.range.clone()
    }

    pub(super) fn meta(&self) -> &ObjectMeta {
        &self.opened.meta
    }

    /// The next piece and the offset where it belongs; `None` when all have come.
    pub(in super::super) async fn next(&mut self) -> Result<Option<(u64, Bytes)>> {
        loop {
            let end = self.opened.range.end;
            if self.at == end {
                return self.end().map(|()| None);
            }
            let broken = match self.come().await {
                Some(Ok(piece)) if piece.is_empty() => continue,
                Some(Ok(piece)) => {
                    let at = self.at;
                    self.at += piece.len() as u64;
                    self.fresh = true;
                    self.count(&piece);
                    if self.at > end {
                        return Err(self.fault(format!("it sent more than the {} bytes that it announced", end - self.opened.range.start)));
                    }
                    return Ok(Some((at, piece)));
                }
                None if end == ObjectMeta::UNKNOWN => return self.end().map(|()| None),
                None => self.fault(format!("it ended at byte {} of {end}", self.at)),
                Some(Err(error)) => error,
            };
            self.resume(broken).await?;
        }
    }

    /// What comes next, in time.
    async fn come(&mut self) -> Option<Result<Bytes>> {
        let next = self.opened.body.next();
        let deadline = self.storage.deadline.filter(|_| self.place.store.resilience() == Resilience::None);
        match in_time(deadline, next).await {
            Some(next) => next,
            None => Some(Err(self.fault(format!("it had not come whole, but up to byte {}{LATE}", self.at)))),
        }
    }

    /// The sum of what has come, where the store says what the whole object comes to.
    #[cfg(feature = "client")]
    pub(super) fn sum(&self) -> Option<Summed> {
        self.sum.as_ref().map(Sum::end)
    }

    #[cfg(feature = "client")]
    fn count(&mut self, piece: &[u8]) {
        if let Some(sum) = &mut self.sum {
            sum.add(piece);
        }
    }

    #[cfg(feature = "client")]
    fn recount(&mut self) {
        self.sum = begin(&self.opened);
    }

    /// Holds what has come against the store's checksum, if it is the whole object.
    #[cfg(feature = "client")]
    fn end(&self) -> Result<()> {
        match (self.opened.checksum, self.sum()) {
            (Some(checksum), Some(sum)) if is_whole(&self.opened) => checksum.check(self.place.address.url(), sum),
            _ => Ok(()),
        }
    }

    #[cfg(not(feature = "client"))]
    fn count(&mut self, _piece: &[u8]) {}

    #[cfg(not(feature = "client"))]
    fn recount(&mut self) {}

    #[cfg(not(feature = "client"))]
    fn end(&self) -> Result<()> {
        Ok(())
    }

    fn fault(&self, why: String) -> Error {
        Error::new(ErrorKind::Unavailable, format!("`{}`: {why}{}", shown(self.place.address.url()), self.effort()))
    }

    fn effort(&self) -> String {
        tried(self.breaks + 1, self.begun.elapsed())
    }

    /// Asks for the rest.
    async fn resume(&mut self, broken: Error) -> Result<()> {
        if self.fresh {
            self.fresh = false;
            self.breaks += 1;
        } else if self.dry > 0 {
            self.dry -= 1;
            self.breaks += 1;
        } else {
            return Err(broken);
        }
        let begun = self.at > self.opened.range.start;
        let version = self.opened.meta.etag.clone();
        let hopeless = version.is_none() && begun && !self.rewinds;
        if broken.kind() != ErrorKind::Unavailable || self.breaks > BREAKS || hopeless || self.storage.is_late() {
            return Err(broken);
        }
        self.storage.wait(self.breaks).await;
        let whole = is_whole(&self.opened);
        if version.is_none() {
            self.at = self.opened.range.start;
            self.recount();
        }
        let wanted = match self.opened.range.end {
            _ if whole && self.at == 0 => Extent::All,
            ObjectMeta::UNKNOWN => Extent::From(self.at),
            end => Extent::Range(self.at..end),
        };
        let again = self.storage.open(&self.place, &wanted, version.as_deref()).await;
        let again = again.map_err(|error| doing(&format!("after a break at byte {}", self.at), error))?;
        let changed = || {
            let text = format!("`{}`: the object changed while it was read{}", shown(self.place.address.url()), self.effort());
            Error::new(ErrorKind::Changed, text)
        };
        let again = again.if_there().ok_or_else(changed)?;
        let same =
            again.meta.etag == version && again.meta.size == self.opened.meta.size && again.range == (self.at..self.opened.range.end);
        if !same {
            return Err(changed());
        }
        self.opened.body = again.body;
        Ok(())
    }
}

fn is_whole(opened: &Content) -> bool {
    opened.range == (0..opened.meta.size)
}

/// Begins to sum up what comes, where the sum will be held against a checksum: by itself, or together with those of other ranges.
#[cfg(feature = "client")]
fn begin(opened: &Content) -> Option<Sum> {
    opened.checksum.filter(|checksum| is_whole(opened) || checksum.can_be_joined()).map(Checksum::begin)
}
