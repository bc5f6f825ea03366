//! How much memory a block of a table may ask for: a few bytes of it can claim gigabytes.

use std::fmt::Display;

use super::object::TableObject;
use crate::storage::shown;
use crate::{Error, ErrorKind};

/// What a block may become when nothing else is set, in bytes: 1 GiB. Whole batches of usual writers have tens of MiB.
const USUAL: u64 = 1 << 30;

/// What becomes no more than this many times what is stored of it is never refused: real data shrinks about so far at most, and who reads a
/// large file has memory for it.
const FOLD: u64 = 16;

const MIB: u64 = 1 << 20;

/// The limit of one table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(u64);

impl Limit {
    pub(super) fn of(object: &TableObject) -> Self {
        Self(object.block_limit().unwrap_or(USUAL))
    }

    /// The limit in bytes, whatever is stored.
    pub(super) fn bytes(self) -> u64 {
        self.0
    }

    /// Whether `stored` bytes may become `expanded`.
    pub(super) fn allows(self, expanded: u64, stored: u64) -> bool {
        expanded <= self.0.max(stored.saturating_mul(FOLD))
    }

    /// Of the table at `url`, `what` becomes more than that.
    pub(super) fn exceeded(self, url: &str, what: impl Display) -> Error {
        Error::new(ErrorKind::OutOfRange, format!("cannot read the table `{}`: {}", shown(url), self.clause(what)))
    }

    /// The same without the table.
    pub(super) fn clause(self, what: impl Display) -> String {
        let Self(bytes) = self;
        let limit = if bytes.is_multiple_of(MIB) { format!("{} MiB", bytes / MIB) } else { format!("{bytes} bytes") };
        format!("{what}, and the limit is {limit}; `NEBULAKIT_MAX_TABLE_BLOCK_MB` raises it")
    }
}
