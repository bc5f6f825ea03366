//! Files that are there whole or not at all.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::run::error::{At as _, RecordError};

/// Whether something survives the end of the machine's power, or of the process alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// It has reached the kernel: it survives the end of the process, `kill -9` too.
    #[default]
    Kernel,
    /// It has reached the disk: it survives a loss of power too.
    Disk,
}

/// Writes a file under a temporary name, and gives it its own when it is whole. What was there under that name is replaced.
///
/// # Errors
/// When it cannot be written. Nothing is left of it then.
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

/// Does the same where nothing has that name, and says whether it did.
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

/// A name beside `path` that nothing else has, and that no reader takes for a file of its own.
fn temporary(path: &Path) -> PathBuf {
    path.with_file_name(format!(".{}", Uuid::new_v4().simple()))
}

/// Whether a file has such a name: a crash may have left it.
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

/// Has the names in a folder reach the disk.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), RecordError> {
    File::open(folder).and_then(|folder| folder.sync_all()).at("sync", folder)
}

/// Makes a folder for this user alone, and those above it, where they are not there.
pub(crate) fn make(path: &Path) -> Result<(), RecordError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).at("make", path)
}
