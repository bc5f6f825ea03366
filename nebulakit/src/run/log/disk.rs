//! Has events reach the disk, many at a time.

use std::fs::File;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::run::error::RecordError;

/// A file that is synced for all who wait for it together: one sync at a time, and those who come meanwhile share the next one.
#[derive(Debug)]
pub(super) struct Disk {
    file: File,
    path: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How many events are on disk.
    synced: u64,
    is_syncing: bool,
    failed: Option<RecordError>,
}

impl Disk {
    pub(super) fn new(file: File, path: PathBuf) -> Self {
        Self { file, path, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Waits until the first `events` are on disk. `written` says how many the kernel has at that moment.
    ///
    /// # Errors
    /// When a sync failed, this one or one before: what the kernel does with the data then is unknown.
    pub(super) fn wait(&self, events: u64, written: impl Fn() -> u64) -> Result<(), RecordError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(failed) = &state.failed {
                return Err(failed.clone());
            }
            if state.synced >= events {
                return Ok(());
            }
            if state.is_syncing {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.is_syncing = true;
            drop(state);
            let covered = written();
            let synced = self.file.sync_data();
            state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.is_syncing = false;
            match synced {
                Ok(()) => state.synced = covered,
                Err(cause) => state.failed = Some(RecordError::io("sync", &self.path, &cause)),
            }
            self.changed.notify_all();
        }
    }
}
