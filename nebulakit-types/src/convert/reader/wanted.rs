//! One object that literals refer to, while its bytes come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::bounds::Bounds;
use crate::storage::shown;
use crate::{Error, ErrorKind, Result};

/// What is kept of an object whose length the store tells before its bytes come: 64 MiB. What a store says may be untrue.
const KEPT_AHEAD: u64 = 64 << 20;

/// One object of a round: where it is, and the bytes of it that have come.
#[derive(Debug)]
pub struct Wanted {
    pub(super) number: usize,
    pub(super) uri: String,
    pub(super) root: Arc<str>,
    pub(super) declared: Option<u64>,
    pub(super) bounds: Bounds,
    pub(super) room: Arc<AtomicU64>,
    pub(super) ahead: usize,
    pub(super) pieces: Vec<u8>,
}

impl Wanted {
    /// Where it is.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The name of the literal that it was first found through.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Says how many bytes the store promises, before any comes.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`] when these are more than the reference declares or the bounds allow.
    pub fn announce(&mut self, size: u64) -> Result<()> {
        self.check(size, "has")?;
        if size > self.room.load(Ordering::Relaxed) {
            return Err(self.no_room(&format!("with the {size} bytes of")));
        }
        self.ahead = usize::try_from(size.min(KEPT_AHEAD)).unwrap_or_default();
        Ok(())
    }

    /// Takes the bytes that come next.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`] when there are now more of them than the reference declares, or than the bounds allow together with those of
    /// all other objects: nothing more is to be read then.
    pub fn receive(&mut self, piece: &[u8]) -> Result<()> {
        let length = piece.len() as u64;
        self.check(self.pieces.len() as u64 + length, "has at least")?;
        let take = |room: u64| room.checked_sub(length);
        if self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
            return Err(self.no_room("with"));
        }
        self.pieces.reserve(std::mem::take(&mut self.ahead).max(piece.len()));
        // A piece may be a small part of a large buffer, which it would keep.
        self.pieces.extend_from_slice(piece);
        Ok(())
    }

    fn check(&self, size: u64, has: &str) -> Result<()> {
        match self.declared {
            Some(declared) if size > declared => Err(longer(&self.uri, &self.root, size, declared, has)),
            _ => Ok(()),
        }
    }

    fn no_room(&self, with: &str) -> Error {
        let error = self.bounds.exceeded(format!(
            "{with} `{}`, the offloaded literals have more than {} bytes together, which is the limit",
            shown(&self.uri),
            self.bounds.bytes
        ));
        error.at_field(&self.root)
    }
}

/// The error of a content with more bytes than were declared.
pub(super) fn longer(uri: &str, root: &str, size: u64, declared: u64, has: &str) -> Error {
    let text = format!("the offloaded literal `{}` {has} {size} bytes, and its reference declares {declared}", shown(uri));
    Error::new(ErrorKind::OutOfRange, text).at_field(root)
}
