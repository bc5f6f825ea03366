//! What goes wrong with files, in the words of this crate.

use std::io::{self, ErrorKind as Io};
use std::path::Path;

use super::shown::shown_path;
use crate::{Error, ErrorKind};

/// How the names of files begin that are being written; listings pass over them.
pub(super) const PARTIAL: &str = ".nebulakit-partial-";

pub(super) fn fault(verb: &str, path: &Path, error: io::Error) -> Error {
    let kind = match error.kind() {
        Io::NotFound => ErrorKind::NotFound,
        Io::PermissionDenied | Io::ReadOnlyFilesystem => ErrorKind::Denied,
        Io::InvalidFilename => ErrorKind::Name,
        _ => ErrorKind::Io,
    };
    Error::new(kind, format!("{CANNOT}{verb} {}", shown_path(path))).with_source(error)
}

/// What an error of this file's says could not be done, and to which file.
pub(super) fn cannot(error: &Error) -> Option<&str> {
    error.message().strip_prefix(CANNOT)
}

/// How errors of this file's begin.
pub(super) const CANNOT: &str = "cannot ";

/// Whether a file is missing. One whose parent is not a directory is missing, too.
pub(super) fn absent(error: &io::Error) -> bool {
    matches!(error.kind(), Io::NotFound | Io::NotADirectory)
}

/// Whether a file of that name is one that is being written.
pub(super) fn is_partial(name: &str) -> bool {
    name.starts_with(PARTIAL)
}
