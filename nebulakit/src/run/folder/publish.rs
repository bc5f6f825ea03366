//! Writes files so that they exist completely or not at all.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::run::error::{At as _, RecordError};

/// Whether a record survives a power loss, or only the end of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// It has reached the kernel: it survives the end of the process, even `kill -9`.
    #[default]
    Kernel,
    /// It has reached the disk: it also survives a power loss.
    Disk,
}

/// Writes a file under a temporary name, and renames it when it is complete. An existing file with its name is replaced.
///
/// # Errors
/// When it cannot be written. Then nothing of it is left.
pub(crate) fn publish(path: &Path, bytes: &[u8], durability: Durability) -> Result<(), RecordError> {
    let temporary = temporary(path);
    let published = write(&temporary, bytes, durability).and_then(|()| fs::rename(&temporary, path));
    if published.is_err() {
        // The error that is told is the one that led here.
        let _ = fs::remove_file(&temporary);
    }
    published.at("write", path)?;
    match (durability, path.parent()) {
        (Durability::Disk, Some(folder)) => sync_folder(folder),
        _ => Ok(()),
    }
}

/// Does the same if nothing has that name yet, and returns whether it did.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn publish_first(path: &Path, bytes: &[u8]) -> Result<bool, RecordError> {
    let temporary = temporary(path);
    let published = write(&temporary, bytes, Durability::Kernel).and_then(|()| fs::hard_link(&temporary, path));
    let _ = fs::remove_file(&temporary);
    match published {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        published => published.map(|()| true).at("write", path),
    }
}

/// A unique name next to `path`, which readers do not take for one of their files.
fn temporary(path: &Path) -> PathBuf {
    path.with_file_name(format!(".{}", Uuid::new_v4().simple()))
}

/// Whether a file has such a temporary name, and so may have been left by a crash.
pub(super) fn is_temporary(name: &OsStr) -> bool {
    matches!(name.as_encoded_bytes(), [b'.', rest @ ..] if rest.len() == 32 && rest.iter().all(u8::is_ascii_hexdigit))
}

fn write(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    match durability {
        Durability::Kernel => Ok(()),
        Durability::Disk => file.sync_data(),
    }
}

/// Syncs the names in a folder to disk.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), RecordError> {
    File::open(folder).and_then(|folder| folder.sync_all()).at("sync", folder)
}

/// Creates a folder for this user only, and its parents, if they do not exist.
pub(crate) fn make(path: &Path) -> Result<(), RecordError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).at("make", path)
}
