//! Files that other processes and machines read meanwhile: they are there whole, or not at all.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use uuid::Uuid;

/// Makes a folder for this user only, and those above it, where they are not there.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Writes a file that replaces another one of that name.
///
/// # Errors
/// When it cannot be written. Then nothing of it is left.
pub(super) fn publish(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_file_name(format!(".{}", Uuid::new_v4().simple()));
    let published = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if published.is_err() {
        // The error that led here is the one that is told.
        let _ = fs::remove_file(&temporary);
    }
    published
}

/// Writes a file, whole, if there is none of that name yet; whether it did.
///
/// # Errors
/// When it cannot be written.
pub(super) fn publish_first(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let temporary = path.with_file_name(format!(".{}", Uuid::new_v4().simple()));
    let published = write_new(&temporary, bytes).and_then(|()| fs::hard_link(&temporary, path));
    let _ = fs::remove_file(&temporary);
    match published {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        // Some file systems have no links. There a reader may see less than the whole for a moment.
        Err(_) => create_first(path, bytes),
    }
}

/// Creates a file if there is none of that name yet, and writes into it then; whether it did. That it is there is what counts.
///
/// # Errors
/// When it cannot be created or written.
pub(super) fn create_first(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    match write_new(path, bytes) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        written => written.map(|()| true),
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_one_stays_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        for write in [publish_first, create_first] {
            assert!(write(&path, b"1").unwrap());
            assert!(!write(&path, b"2").unwrap());
            assert_eq!(fs::read(&path).unwrap(), b"1");
            publish(&path, b"3").unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"3");
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
            fs::remove_file(&path).unwrap();
        }
        assert!(publish(&dir.path().join("none/x"), b"").is_err());
    }
}
