//! How much offloaded literals may come to.

use crate::{Error, ErrorKind};

/// How many bytes the offloaded literals of one task may have together, each counted once, unless it is set otherwise: 8 GiB. The platform's
/// own largest literal has 1000 MiB.
pub const MAX_OFFLOADED: u64 = 8 << 30;

/// How many objects are fetched for the literals of one task: 50,000, which is ten lists of 5,000.
pub const MAX_OBJECTS: usize = 50_000;

/// How deep offloaded literals may refer to each other: 16 rounds of fetching. Each list or map of offloaded values is one.
pub const MAX_ROUNDS: usize = 16;

/// Decoding may walk over an eighth of [`Bounds::bytes`], by the default 1 GiB, however little was fetched.
const FLOOR: u64 = 8;

/// How many times the fetched bytes decoding may walk over, where that is more than the floor.
const REPEATS: u64 = 16;

/// What offloaded literals may come to, together.
///
/// Decoding walks over the bytes of an object once for each reference to it, and so for what it refers to in turn: in all at most an eighth
/// of [`Bounds::bytes`], or 16 times what was fetched, whichever is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How many bytes are fetched, each object counted once.
    pub bytes: u64,
    /// How many objects are fetched.
    pub objects: usize,
    /// How deep they refer to each other.
    pub rounds: usize,
    /// The setting that raises [`Bounds::bytes`], for messages; empty where there is none.
    pub setting: &'static str,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { bytes: MAX_OFFLOADED, objects: MAX_OBJECTS, rounds: MAX_ROUNDS, setting: "" }
    }
}

impl Bounds {
    /// How many bytes decoding may walk over after `fetched` bytes were fetched.
    pub(super) fn expanded(&self, fetched: u64) -> u64 {
        (self.bytes / FLOOR).max(fetched.saturating_mul(REPEATS))
    }

    /// The error of more than is allowed.
    pub(super) fn exceeded(&self, what: String) -> Error {
        let error = Error::new(ErrorKind::OutOfRange, what);
        match self.setting {
            "" => error,
            setting => error.with_hint(format!("`{setting}` sets the limit, in MiB")),
        }
    }
}
