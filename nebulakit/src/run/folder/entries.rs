//! What is in folders.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;

use crate::run::error::{At as _, RecordError};

/// What is in a folder; nothing where it is not there.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn entries(folder: &Path) -> Result<Vec<DirEntry>, RecordError> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect::<io::Result<_>>().at("read", folder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(RecordError::io("read", folder, &error)),
    }
}
