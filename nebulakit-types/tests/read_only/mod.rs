//! A directory in which nobody may write, root included.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

pub(crate) struct ReadOnly(Option<tempfile::TempDir>);

impl ReadOnly {
    pub(crate) fn path(&self) -> &Path {
        self.0.as_ref().map_or(Path::new("/sys/kernel"), tempfile::TempDir::path)
    }
}

/// One of permissions; for a user whom these do not bind (root, in most containers), the kernel's own, which refuses all the same.
pub(crate) fn directory() -> ReadOnly {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(directory.path().join("probe"), "").is_err() { ReadOnly(Some(directory)) } else { ReadOnly(None) }
}
