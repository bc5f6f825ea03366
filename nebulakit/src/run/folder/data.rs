//! Content-addressed data: the same bytes are stored once, whichever run they belong to.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::run::digest;
use crate::run::error::{At as _, RecordError, RecordErrorKind};
use crate::run::event::Recorded;
use crate::run::folder::publish::{Durability, make, publish, sync_folder};

/// The folder of data: the first two digits of a digest are a folder, and the digest is a file in it.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    /// The folder for all runs.
    pub(super) shared: PathBuf,
    /// The folder of a single run, which that run can delete.
    pub(super) own: Option<PathBuf>,
}

/// What stays of a run when no task needs it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Keep {
    /// The outputs of all its tasks.
    #[default]
    All,
    /// The outputs of the run, and what the cache refers to.
    Outputs,
}

impl Data {
    /// Stores bytes: small ones for their event, others in a file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn keep(&self, bytes: &[u8], durability: Durability) -> Result<Recorded, RecordError> {
        keep(&self.shared, bytes, durability)
    }

    /// The same, only for this run, until it is [cleared](Self::clear_own).
    ///
    /// # Errors
    /// As for [`keep`](Self::keep).
    pub(crate) fn keep_own(&self, bytes: &[u8], durability: Durability) -> Result<Recorded, RecordError> {
        let Some(own) = &self.own else { return self.keep(bytes, durability) };
        let kept = keep(own, bytes, durability)?;
        // This folder is made with its first data.
        if let (Recorded::Data { .. }, Durability::Disk, Some(run)) = (&kept, durability, own.parent()) {
            sync_folder(run)?;
        }
        Ok(kept)
    }

    /// Deletes what was stored only for this run.
    pub(crate) fn clear_own(&self) {
        // As a rule there is none, and what stays does no harm.
        self.own.iter().for_each(|own| drop(fs::remove_dir_all(own)));
    }

    /// The stored bytes; [`None`] if they were not recorded.
    ///
    /// # Errors
    /// When their file is missing, cannot be read, or holds something else.
    pub(crate) fn read(&self, kept: &Recorded) -> Result<Option<Vec<u8>>, RecordError> {
        let (sha256, size) = match kept {
            Recorded::Not => return Ok(None),
            Recorded::Here(bytes) => return Ok(Some(bytes.clone())),
            Recorded::Data { sha256, size } => (sha256, *size),
        };
        if sha256.len() != 64 || !sha256.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(RecordError::new(RecordErrorKind::Corrupt, format!("`{sha256}` is not the SHA-256 digest of data")));
        }
        let of_run = self.own.as_ref().map(|own| place(own, sha256).1).filter(|path| path.exists());
        let path = of_run.unwrap_or_else(|| place(&self.shared, sha256).1);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RecordError::new(RecordErrorKind::NotFound, format!("the data `{}` is gone", path.display())));
            }
            Err(error) => return Err(RecordError::io("read", &path, &error)),
        };
        if bytes.len() as u64 != size || digest::of(&bytes) != *sha256 {
            let damaged = format!("the data `{}` is damaged: it is not the {size} bytes that its digest names", path.display());
            return Err(RecordError::new(RecordErrorKind::Corrupt, damaged).with_hint("delete it; a resumed run makes it again"));
        }
        Ok(Some(bytes))
    }
}

fn keep(data: &Path, bytes: &[u8], durability: Durability) -> Result<Recorded, RecordError> {
    if let Some(small) = Recorded::small(bytes) {
        return Ok(small);
    }
    let sha256 = digest::of(bytes);
    store(data, &sha256, bytes, durability)?;
    Ok(Recorded::Data { sha256, size: bytes.len() as u64 })
}

fn store(data: &Path, sha256: &str, bytes: &[u8], durability: Durability) -> Result<(), RecordError> {
    let (folder, path) = place(data, sha256);
    // Its bytes count, not its name: a damaged file is replaced.
    let is_there = fs::read(&path).is_ok_and(|found| found == bytes);
    match durability {
        Durability::Kernel if is_there => return Ok(()),
        // The run that wrote it may not have asked for as much.
        Durability::Disk if is_there => {
            File::open(&path).and_then(|file| file.sync_data()).at("sync", &path)?;
            sync_folder(&folder)?;
        }
        _ => {
            make(&folder)?;
            publish(&path, bytes, durability)?;
        }
    }
    match durability {
        Durability::Kernel => Ok(()),
        Durability::Disk => sync_folder(data),
    }
}

/// The folder and the file of data.
fn place(data: &Path, sha256: &str) -> (PathBuf, PathBuf) {
    let folder = data.join(&sha256[..2]);
    let path = folder.join(sha256);
    (folder, path)
}
