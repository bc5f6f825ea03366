//! The lock of a run: one process at a time drives it, as long as that process lives.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::process::host_name::host_name;
use crate::run::error::{At as _, RecordError, RecordErrorKind};

/// How often a lock is tried: a process that only checks whether a run is driven holds it for a moment.
const TRIES: u32 = 20;

const PAUSE: Duration = Duration::from_millis(5);

/// The lock of a run, while this process holds it. The kernel releases it when the process ends, however that happens.
#[derive(Debug)]
pub(crate) struct DriverLock {
    _file: File,
}

impl DriverLock {
    /// Takes the lock of the run that `path` belongs to, and writes into it which process holds it.
    ///
    /// # Errors
    /// When another process holds it, or the file cannot be written.
    pub(super) fn take(path: &Path, run: &str) -> Result<Self, RecordError> {
        let mut file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path).at("open", path)?;
        for tried in 1.. {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(RecordError::io("lock", path, &error)),
                Err(TryLockError::WouldBlock) if tried < TRIES => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) if !is_taken(path)? => {
                    return Err(RecordError::new(
                        RecordErrorKind::Driven,
                        format!("another run is resuming the run `{run}` and needs its data"),
                    ));
                }
                Err(TryLockError::WouldBlock) => {
                    let holder = fs::read_to_string(path).unwrap_or_default();
                    let holder = if holder.is_empty() { "another process" } else { holder.trim_end() };
                    return Err(RecordError::new(RecordErrorKind::Driven, format!("{holder} drives the run `{run}`")));
                }
            }
        }
        let text = format!("process {}{}\n", std::process::id(), host_name().map(|host| format!(" on {host}")).unwrap_or_default());
        file.rewind().and_then(|()| file.write_all(text.as_bytes())).and_then(|()| file.set_len(text.len() as u64)).at("write", path)?;
        Ok(Self { _file: file })
    }
}

/// Keeps a run as it is as long as this value exists. Several can exist at once.
#[derive(Debug)]
pub(crate) struct RunHold {
    _file: File,
}

impl RunHold {
    /// Holds the run that the lock at `path` belongs to; [`None`] if a process drives it, which keeps it from being removed too.
    ///
    /// # Errors
    /// When the run is gone.
    pub(super) fn take(path: &Path) -> Result<Option<Self>, RecordError> {
        let gone = |cause: io::Error| match cause.kind() {
            io::ErrorKind::NotFound => {
                RecordError::new(RecordErrorKind::NotFound, format!("`{}` is gone: the run was deleted", path.display()))
            }
            _ => RecordError::io("open", path, &cause),
        };
        let file = File::open(path).map_err(gone)?;
        for _ in 0..TRIES {
            match file.try_lock_shared() {
                Ok(()) => {
                    // The run may have been hidden between the two, and this lock with it.
                    let there = fs::metadata(path).map_err(gone)?;
                    let is_same = file.metadata().at("read", path)?.ino() == there.ino();
                    return Ok(is_same.then_some(Self { _file: file }));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
                Err(TryLockError::Error(error)) => return Err(RecordError::io("lock", path, &error)),
            }
        }
        Ok(None)
    }
}

/// Whether a process holds this lock.
///
/// # Errors
/// When that cannot be checked.
pub(super) fn is_taken(path: &Path) -> Result<bool, RecordError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(RecordError::io("open", path, &error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(RecordError::io("lock", path, &error)),
    }
}
