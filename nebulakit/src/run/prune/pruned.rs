//! What came of it.

use std::fs;
use std::path::Path;

use crate::coordinator::RunId;

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Pruned {
    /// The runs that are gone, the oldest first; with [`Prune::dry_run`](crate::run::Prune::dry_run), those that would be.
    pub runs: Vec<RunId>,
    /// Runs that are kept all the same, each with a run that is kept and uses its files.
    pub used: Vec<(RunId, RunId)>,
    /// How many bytes the files had that are gone.
    pub bytes: u64,
    /// Why data that runs share was not looked through, if it was not.
    pub not_cleared: Option<String>,
}

/// How many bytes the files below a path have. What is removed meanwhile counts for nothing.
pub(super) fn size(path: &Path) -> u64 {
    let Ok(about) = fs::symlink_metadata(path) else { return 0 };
    if !about.is_dir() {
        return about.len();
    }
    fs::read_dir(path).map_or(0, |entries| entries.flatten().map(|entry| size(&entry.path())).sum())
}
