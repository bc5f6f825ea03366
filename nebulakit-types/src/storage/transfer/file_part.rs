//! Parts of a local file.

use std::fs::File;
use std::path::Path;

use bytes::Bytes;

use super::super::local;
use super::super::shown::shown_path;
use crate::{Error, ErrorKind, Result};

/// A range of a file that must not have changed.
pub(super) fn read(file: &File, path: &Path, start: u64, end: u64) -> Result<Bytes> {
    let length = usize::try_from(end - start).map_err(|error| Error::new(ErrorKind::OutOfRange, error.to_string()))?;
    let bytes = local::read_at(file, start, length).map_err(|error| local::fault("read", path, error))?;
    if bytes.len() < length {
        return Err(Error::new(ErrorKind::Changed, shrank(path, end, start + bytes.len() as u64)));
    }
    Ok(bytes)
}

fn shrank(path: &Path, size: u64, now: u64) -> String {
    format!("{} changed while it was read: it had {size} bytes at least, then {now}", shown_path(path))
}
