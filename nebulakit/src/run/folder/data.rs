//! Data by what it is: the same bytes are there once, whichever run they are of.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use crate::run::digest;
use crate::run::error::{At as _, RecordError, RecordErrorKind};
use crate::run::event::Recorded;
use crate::run::folder::publish::{Durability, make, publish, sync_folder};

/// The folder of data, where the first two digits of a digest are a folder, and the digest a file in it.
#[derive(Debug, Clone)]
pub(crate) struct Data(pub(super) PathBuf);

impl Data {
    /// Keeps bytes: small ones for the event that tells of them, others in a file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn keep(&self, bytes: &[u8], durability: Durability) -> Result<Recorded, RecordError> {
        if let Some(small) = Recorded::small(bytes) {
            return Ok(small);
        }
        let sha256 = digest::of(bytes);
        self.store(&sha256, bytes, durability)?;
        Ok(Recorded::Data { sha256, size: bytes.len() as u64 })
    }

    fn store(&self, sha256: &str, bytes: &[u8], durability: Durability) -> Result<(), RecordError> {
        let (folder, path) = self.place(sha256);
        let is_there = fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64);
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
            Durability::Disk => sync_folder(&self.0),
        }
    }

    /// The bytes that were kept; [`None`] where nobody asked for them.
    ///
    /// # Errors
    /// When their file is not there, cannot be read, or holds something else.
    pub(crate) fn read(&self, kept: &Recorded) -> Result<Option<Vec<u8>>, RecordError> {
        let (sha256, size) = match kept {
            Recorded::Not => return Ok(None),
            Recorded::Here(bytes) => return Ok(Some(bytes.clone())),
            Recorded::Data { sha256, size } => (sha256, *size),
        };
        if sha256.len() != 64 || !sha256.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(RecordError::new(RecordErrorKind::Corrupt, format!("`{sha256}` is not the SHA-256 digest of data")));
        }
        let path = self.place(sha256).1;
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(RecordError::new(RecordErrorKind::NotFound, format!("the data `{}` is not there any more", path.display())));
            }
            Err(error) => return Err(RecordError::io("read", &path, &error)),
        };
        if bytes.len() as u64 != size || digest::of(&bytes) != *sha256 {
            let damaged = format!("the data `{}` is damaged: it is not the {size} bytes that its name stands for", path.display());
            return Err(RecordError::new(RecordErrorKind::Corrupt, damaged).with_hint("delete it: a resumed run makes it again"));
        }
        Ok(Some(bytes))
    }

    fn place(&self, sha256: &str) -> (PathBuf, PathBuf) {
        let folder = self.0.join(&sha256[..2]);
        let path = folder.join(sha256);
        (folder, path)
    }
}
