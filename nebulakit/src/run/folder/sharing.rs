//! A lock for data that runs share: active runs use the data, and it is cleared only while no run is active.
//!
//! A run may reuse data that already exists before its log says so. Only a lock can tell the process that clears data about that.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::run::error::{At as _, RecordError};

/// As long as this exists, data that runs share is not cleared. The kernel releases it when the process ends.
#[derive(Debug)]
pub(crate) struct InUse {
    _file: File,
}

/// As long as this exists, no run begins, and none is active.
#[derive(Debug)]
pub(crate) struct Cleared {
    _file: File,
}

impl InUse {
    /// Waits until nothing is being cleared.
    ///
    /// # Errors
    /// When the lock at `path` cannot be created or taken.
    pub(super) fn take(path: &Path) -> Result<Self, RecordError> {
        let file = open(path)?;
        file.lock_shared().at("lock", path)?;
        Ok(Self { _file: file })
    }
}

impl Cleared {
    /// Takes the lock if no run is active.
    ///
    /// # Errors
    /// As for [`InUse::take`].
    pub(super) fn take(path: &Path) -> Result<Option<Self>, RecordError> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(RecordError::io("lock", path, &error)),
        }
    }
}

fn open(path: &Path) -> Result<File, RecordError> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path).at("open", path)
}
