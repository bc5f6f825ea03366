//! What runs share is used by those that go on, and cleared while none does.
//!
//! A run that begins takes data for kept that is there already, before its log says so. Nothing but a lock can tell who clears it of that.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::run::error::{At as _, RecordError};

/// As long as this is there, nothing is cleared that runs share. The kernel gives it back with the end of the process.
#[derive(Debug)]
pub(crate) struct InUse {
    _file: File,
}

/// As long as this is there, no run begins, and none goes on.
#[derive(Debug)]
pub(crate) struct Cleared {
    _file: File,
}

impl InUse {
    /// Waits until nothing is being cleared.
    ///
    /// # Errors
    /// When the lock at `path` cannot be made or taken.
    pub(super) fn take(path: &Path) -> Result<Self, RecordError> {
        let file = open(path)?;
        file.lock_shared().at("lock", path)?;
        Ok(Self { _file: file })
    }
}

impl Cleared {
    /// Takes it where no run goes on.
    ///
    /// # Errors
    /// As of [`InUse::take`].
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
