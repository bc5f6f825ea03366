//! The result of pruning.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::coordinator::RunId;
use crate::run::error::RecordError;

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
    /// Why none of the chosen runs were removed, if none were: a run that stays cannot be read, and may use the files of any other.
    pub unread: Option<String>,
    /// Why data that runs share was not looked through, if it was not.
    pub not_cleared: Option<String>,
    /// What could not be removed, and why. The next prune tries again.
    pub left: Vec<String>,
}

impl Pruned {
    /// Removes a file, or a folder with all that is in it, and counts its bytes.
    pub(super) fn remove(&mut self, path: &Path) {
        let bytes = size(path);
        match remove_all(path) {
            Ok(()) => self.bytes += bytes,
            Err(error) => self.left.push(RecordError::io("remove", path, &error).parts().0.to_owned()),
        }
    }
}

/// Removes it, also where another process does the same, and where folders are read-only, as those of a Go build are.
fn remove_all(path: &Path) -> io::Result<()> {
    let removed = match path.is_dir().then(|| fs::remove_dir_all(path)) {
        None => fs::remove_file(path),
        Some(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => make_writable(path).and_then(|()| fs::remove_dir_all(path)),
        Some(removed) => removed,
    };
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// Makes all folders below a path writable.
fn make_writable(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            make_writable(&entry.path())?;
        }
    }
    Ok(())
}

/// The total size of the files below a path, in bytes. Files that are removed meanwhile do not count.
pub(super) fn size(path: &Path) -> u64 {
    let Ok(about) = fs::symlink_metadata(path) else { return 0 };
    if !about.is_dir() {
        return about.len();
    }
    fs::read_dir(path).map_or(0, |entries| entries.flatten().map(|entry| size(&entry.path())).sum())
}
