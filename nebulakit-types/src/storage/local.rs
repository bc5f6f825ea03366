//! Files of this machine, by `std::fs` on the calling thread: a thread pool costs more than the small files of a task take.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind as Io, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::location::shown_path;
use crate::{Error, ErrorKind, Result};

/// How the names of files begin that are being written; listings pass over them.
const PARTIAL: &str = ".nebulakit-partial-";

fn fault(verb: &str, path: &Path, error: io::Error) -> Error {
    let kind = match error.kind() {
        Io::NotFound => ErrorKind::NotFound,
        Io::PermissionDenied | Io::ReadOnlyFilesystem => ErrorKind::Denied,
        _ => ErrorKind::Io,
    };
    Error::new(kind, format!("cannot {verb} {}", shown_path(path))).with_source(error)
}

/// A file below something that is no directory is as absent as any.
fn absent(error: &io::Error) -> bool {
    matches!(error.kind(), Io::NotFound | Io::NotADirectory)
}

pub(super) fn get(path: &Path) -> Result<Option<Bytes>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(error) if absent(&error) => Ok(None),
        Err(error) => Err(fault("read", path, error)),
    }
}

pub(super) fn exists(path: &Path) -> Result<bool> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.is_file()),
        Err(error) if absent(&error) => Ok(false),
        Err(error) => Err(fault("look at", path, error)),
    }
}

pub(super) fn delete(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if !absent(&error) => Err(fault("delete", path, error)),
        _ => Ok(()),
    }
}

/// Writes beside the target and renames: whoever looks sees the whole file or none.
///
/// There is no `fsync`: a rename after the write is what every reader on this machine can tell apart, and a machine that loses power loses
/// the attempt with it.
pub(super) fn put(path: &Path, parts: &[Bytes]) -> Result<()> {
    let Some(name) = path.file_name() else {
        return Err(Error::new(ErrorKind::Url, format!("{} names no file", shown_path(path))));
    };
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let (partial, file) = create(directory)?;
    let target = directory.join(name);
    let done = write(file, parts).and_then(|()| fs::rename(&partial, &target));
    done.map_err(|error| {
        // The first error is the one to report; a leftover that cannot be removed is passed over by listings.
        let _ = fs::remove_file(&partial);
        fault("write", path, error)
    })
}

fn create(directory: &Path) -> Result<(PathBuf, File)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let partial = directory.join(format!("{PARTIAL}{}-{number}", std::process::id()));
        match File::create_new(&partial) {
            Ok(file) => return Ok((partial, file)),
            // Left by an earlier process of this number.
            Err(error) if error.kind() == Io::AlreadyExists => {}
            Err(error) if error.kind() == Io::NotFound && !directory.exists() => {
                fs::create_dir_all(directory).map_err(|error| fault("create the directory", directory, error))?;
            }
            Err(error) => return Err(fault("write in", directory, error)),
        }
    }
}

fn write(mut file: File, parts: &[Bytes]) -> io::Result<()> {
    if let [whole] = parts {
        return file.write_all(whole);
    }
    let mut file = BufWriter::with_capacity(64 * 1024, file);
    parts.iter().try_for_each(|part| file.write_all(part))?;
    file.flush()
}

/// The files below a directory, by their relative names with `/`, and their sizes; none where there is no directory.
///
/// Links to files count as files; links to directories are not followed, so that a circle has an end.
pub(super) fn list(root: &Path) -> Result<Vec<(String, u64)>> {
    let mut found = Vec::new();
    let mut open = vec![(root.to_owned(), String::new())];
    while let Some((directory, prefix)) = open.pop() {
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if absent(&error) => continue,
            Err(error) => return Err(fault("list", &directory, error)),
        };
        for entry in entries {
            let entry = entry.map_err(|error| fault("list", &directory, error))?;
            let Ok(name) = entry.file_name().into_string() else {
                return Err(Error::new(ErrorKind::Url, format!("the name of {} is not UTF-8", shown_path(&entry.path()))));
            };
            let kind = entry.file_type().map_err(|error| fault("look at", &entry.path(), error))?;
            if kind.is_dir() {
                open.push((entry.path(), format!("{prefix}{name}/")));
            } else if !name.starts_with(PARTIAL)
                && let Ok(metadata) = fs::metadata(entry.path())
                && metadata.is_file()
            {
                found.push((format!("{prefix}{name}"), metadata.len()));
            }
        }
    }
    Ok(found)
}
