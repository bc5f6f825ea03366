//! A file to which complete lines are appended.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::run::error::{At as _, RecordError};

/// Maximum bytes buffered in memory.
const ROOM: usize = 64 << 10;

/// A file to which complete lines are appended: many with one `write`, so that readers see it end with a complete line, or one that a crash has torn. After a
/// failed write nothing more is written, because it could follow half a line.
#[derive(Debug)]
pub(super) struct Appending {
    file: File,
    path: PathBuf,
    /// How many bytes it has, all of them complete lines.
    length: u64,
    waiting: Vec<u8>,
    failed: Option<RecordError>,
}

impl Appending {
    /// Opens the file, and creates it if it does not exist. Everything after its first `length` bytes is cut off.
    ///
    /// # Errors
    /// When that fails.
    pub(super) fn open(path: &Path, length: u64) -> Result<Self, RecordError> {
        let file = OpenOptions::new().create(true).append(true).open(path).at("open", path)?;
        file.set_len(length).at("write", path)?;
        Ok(Self { file, path: path.to_owned(), length, waiting: Vec::new(), failed: None })
    }

    /// Opens the file, and cuts it off after its last complete line.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub(super) fn behind_last_line(path: &Path) -> Result<Self, RecordError> {
        let length = match File::open(path) {
            Ok(file) => whole_lines(&file).at("read", path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(RecordError::io("open", path, &error)),
        };
        Self::open(path, length)
    }

    /// Lets `line` add one or more lines to the buffer. If it fails, nothing of it is kept.
    ///
    /// # Errors
    /// When it fails, when the buffer is full and cannot be written, or when an earlier write failed.
    pub(super) fn append(&mut self, line: impl FnOnce(&mut Vec<u8>) -> Result<(), RecordError>) -> Result<(), RecordError> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        let before = self.waiting.len();
        if let Err(error) = line(&mut self.waiting) {
            self.waiting.truncate(before);
            return Err(error);
        }
        if self.waiting.len() < ROOM { Ok(()) } else { self.write() }
    }

    /// Writes the buffer. When it returns, the kernel has the lines.
    ///
    /// # Errors
    /// When the buffer cannot be written, or an earlier write failed.
    pub(super) fn write(&mut self) -> Result<(), RecordError> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        if self.waiting.is_empty() {
            return Ok(());
        }
        match self.file.write_all(&self.waiting) {
            Ok(()) => {
                self.length += self.waiting.len() as u64;
                self.waiting.clear();
                self.waiting.shrink_to(ROOM);
                Ok(())
            }
            Err(cause) => {
                // Readers ignore half a line, and the next writer cuts it off, should this fail too. Whole lines stay: readers may have seen them.
                let written = self.file.metadata().map_or(0, |about| about.len().saturating_sub(self.length));
                let written = &self.waiting[..self.waiting.len().min(usize::try_from(written).unwrap_or(usize::MAX))];
                let whole = written.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last as u64 + 1);
                let _ = self.file.set_len(self.length + whole);
                let error = RecordError::io("write", &self.path, &cause);
                self.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    /// The file itself, for syncing it to disk.
    pub(super) fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

impl Drop for Appending {
    fn drop(&mut self) {
        // Nobody is left to hear of it.
        let _ = self.write();
    }
}

/// How many bytes of a file are complete lines.
fn whole_lines(file: &File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut block = vec![0; 4096];
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let part = &mut block[..(end - start) as usize];
        file.read_exact_at(part, start)?;
        if let Some(last) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + last as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}
