//! Outputs of tasks that are remembered from one run to the next.
//!
//! ```text
//! cache/<task>/<sha256>.json    an entry: its key, part by part, and where its outputs are
//! contents/<path>               the digest of a file of this machine, as of its size, time of change and inode
//! ```

mod content;
mod entries;
mod key;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use self::content::Contents;
pub use self::entries::{Cache, CacheEntry};
pub use self::key::CacheKey;
pub(crate) use self::value::{is_whole, of_variables};
