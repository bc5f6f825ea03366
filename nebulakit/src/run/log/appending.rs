//! A file that whole lines are appended to.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::run::error::{At as _, RecordError};

/// As many bytes wait in memory, and no more.
const ROOM: usize = 64 << 10;

/// A file that whole lines are appended to: many by one `write`, so that what others see of it ends with a line, or with one that a crash has torn. After a
/// write that failed nothing more is written, since it could follow half a line.
#[derive(Debug)]
pub(super) struct Appending {
    file: File,
    path: PathBuf,
    /// How many bytes it has, all of them whole lines.
    length: u64,
    waiting: Vec<u8>,
    failed: Option<RecordError>,
}

impl Appending {
    /// Opens the file, which is made where it is not there. What is behind its first `length` bytes is cut off.
    ///
    /// # Errors
    /// When that fails.
    pub(super) fn open(path: &Path, length: u64) -> Result<Self, RecordError> {
        let file = OpenOptions::new().create(true).append(true).open(path).at("open", path)?;
        file.set_len(length).at("write", path)?;
        Ok(Self { file, path: path.to_owned(), length, waiting: Vec::new(), failed: None })
    }

    /// Opens the file behind its last whole line.
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

    /// Has `line` put one or more lines behind those that wait. Where it fails, nothing of it is kept.
    ///
    /// # Errors
    /// When it fails, when so much waits that it has to be written and cannot be, or when that was so before.
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

    /// Writes what waits. When it returns, the kernel has it.
    ///
    /// # Errors
    /// When it cannot be written, or could not before.
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

    /// The file itself, for what it takes to have it on disk.
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

/// How many bytes of a file are whole lines.
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
