//! The folder of one container, for what it shares with this process.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// A folder of this user's alone. It is removed with this.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes one below `parent`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn make(parent: &Path) -> io::Result<Self> {
        let path = std::path::absolute(parent)?.join(format!("nebulakit-{}", Uuid::new_v4().simple()));
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| io::Error::new(error.kind(), format!("cannot make `{}`: {error}", path.display())))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes a folder in it that a container sees, whose program may run as another user where it `is_open`: nobody else gets as far.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn shared(&self, name: &str, is_open: bool) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        if is_open {
            std::fs::set_permissions(&path, Permissions::from_mode(0o777))?;
        }
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What another user has written there stays.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
