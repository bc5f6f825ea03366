//! The cache: outputs of tasks, kept from one run to the next.
//!
//! ```text
//! cache/<task>/<sha256>.json    an entry: its key, part by part, and where its outputs are
//! contents/<path>               the digest of a local file, with its size, modification time and inode
//! turns/<sha256>.lock           a running call of a task with `cache(serialize)`: it holds the lock, and equal calls wait for it
//! ```

mod content;
mod entries;
mod key;
mod structs;
#[cfg(test)]
mod tests;
mod turn;
mod value;

pub(crate) use self::content::Contents;
pub use self::entries::{Cache, CacheEntry, Cleared, Nearest};
pub(crate) use self::key::KeyMaker;
pub(crate) use self::structs::may_have_files;
pub(crate) use self::turn::{Turn, Turns};
pub(crate) use self::value::{is_whole, of_variables, paths_in};
