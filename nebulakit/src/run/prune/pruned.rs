//! The result of pruning.

use std::fs;
use std::path::Path;

use crate::coordinator::RunId;

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Pruned {
    /// The runs that were removed, the oldest first; with [`Prune::dry_run`](crate::run::Prune::dry_run), those that would be.
    pub runs: Vec<RunId>,
    /// Chosen runs that are kept nevertheless, each with a kept run that uses its files.
    pub used: Vec<(RunId, RunId)>,
    /// The total size of the removed files, in bytes.
    pub bytes: u64,
    /// Why data that runs share was not cleared, if it was not.
    pub not_cleared: Option<String>,
}

/// The total size of the files below a path, in bytes. Files that are removed meanwhile do not count.
pub(super) fn size(path: &Path) -> u64 {
    let Ok(about) = fs::symlink_metadata(path) else { return 0 };
    if !about.is_dir() {
        return about.len();
    }
    fs::read_dir(path).map_or(0, |entries| entries.flatten().map(|entry| size(&entry.path())).sum())
}
