//! Files that other processes and machines read meanwhile: they are there whole, or not at all. Where a plan is in an object store, they are objects.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use bytes::Bytes;
use uuid::Uuid;

use super::stored;

/// Makes a folder for this user only, and those above it, where they are not there.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    match stored::url(folder) {
        // Prefixes are there by themselves.
        Some(_) => Ok(()),
        None => DirBuilder::new().recursive(true).mode(0o700).create(folder),
    }
}

/// Reads a file.
///
/// # Errors
/// When it cannot be read; of one that is not there, of that kind.
pub(in crate::backend) fn read(path: &Path) -> io::Result<Bytes> {
    match stored::url(path) {
        Some(url) => stored::read(url),
        None => fs::read(path).map(Bytes::from),
    }
}

/// Reads a file of text.
///
/// # Errors
/// As [`read`], and when it is not UTF-8.
pub(in crate::backend) fn read_text(path: &Path) -> io::Result<String> {
    let bytes = read(path)?;
    String::from_utf8(bytes.into()).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Whether there is such a file.
///
/// # Errors
/// When a store does not tell.
pub(in crate::backend) fn exists(path: &Path) -> io::Result<bool> {
    match stored::url(path) {
        Some(url) => stored::exists(url),
        None => Ok(path.is_file()),
    }
}

/// Whether there is a file of that name, or a folder.
///
/// # Errors
/// When a store does not tell.
pub(super) fn is_there(path: &Path) -> io::Result<bool> {
    match stored::url(path) {
        Some(url) => Ok(stored::exists(url)? || stored::is_filled(url)?),
        None => Ok(path.exists()),
    }
}

/// Removes a file.
///
/// # Errors
/// When that cannot be done.
#[cfg(feature = "run")]
pub(in crate::backend) fn remove(path: &Path) -> io::Result<()> {
    match stored::url(path) {
        Some(url) => stored::remove(url),
        None => fs::remove_file(path),
    }
}

/// Copies a file or a folder of this machine to a place in an object store, once.
///
/// # Errors
/// When it cannot be stored.
#[cfg(feature = "run")]
pub(in crate::backend) fn upload(from: &Path, to: &Path) -> io::Result<()> {
    match stored::url(to) {
        Some(url) => stored::upload(from, url),
        None => Err(io::Error::other(format!("{} is in no object store", to.display()))),
    }
}

/// The names of what is in a folder of an object store; [`None`] of one on this machine, which tells by its time whether anything is new.
///
/// # Errors
/// When it cannot be listed.
#[cfg(feature = "run")]
pub(in crate::backend) fn names(folder: &Path) -> io::Result<Option<Vec<String>>> {
    stored::url(folder).map(stored::names).transpose()
}

/// The names of the folders in one of an object store.
///
/// # Errors
/// When it cannot be listed.
#[cfg(feature = "aws-batch")]
pub(in crate::backend) fn folders(folder: &Path) -> io::Result<Vec<String>> {
    stored::url(folder).map_or(Ok(Vec::new()), stored::folders)
}

/// Writes a file that replaces another one of that name.
///
/// # Errors
/// When it cannot be written. Then nothing of it is left.
pub(in crate::backend) fn publish(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(url) = stored::url(path) {
        return stored::put(url, bytes);
    }
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
    if let Some(url) = stored::url(path) {
        return stored::create(url, bytes);
    }
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
pub(in crate::backend) fn create_first(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    if let Some(url) = stored::url(path) {
        return stored::create(url, bytes);
    }
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
