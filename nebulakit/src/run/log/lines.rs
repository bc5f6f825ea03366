//! Complete lines of a file that may grow.

use std::fmt::Display;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::run::error::{At as _, RecordError, RecordErrorKind};

/// Every line is shorter than this, in bytes.
pub(super) const LONGEST: usize = 16 << 20;

/// Where a line is, without its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    offset: u64,
    length: u32,
}

/// Reads a file's lines, as far as they are whole. What is behind the last of them is not there yet, or never will be: a crash has torn it.
#[derive(Debug)]
pub(crate) struct Lines {
    file: BufReader<File>,
    path: PathBuf,
    line: Vec<u8>,
    /// Where the next line begins.
    offset: u64,
    /// How many lines were read.
    count: u64,
}

impl Lines {
    /// Opens the file; [`None`] if it does not exist yet.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, RecordError> {
        match File::open(path) {
            Ok(file) => Ok(Some(Self {
                file: BufReader::with_capacity(64 << 10, file),
                path: path.to_owned(),
                line: Vec::new(),
                offset: 0,
                count: 0,
            })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(RecordError::io("open", path, &error)),
        }
    }

    /// Reopens a file that was read up to there.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn again(path: &Path, (offset, count): (u64, u64)) -> Result<Option<Self>, RecordError> {
        let Some(mut lines) = Self::open(path)? else { return Ok(None) };
        lines.go_to(offset)?;
        lines.count = count;
        Ok(Some(lines))
    }

    /// The next line, without its line break; [`None`] if there is none yet.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is too long.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, RecordError> {
        self.line.clear();
        let longest = LONGEST as u64 + 1;
        let length = self.file.by_ref().take(longest).read_until(b'\n', &mut self.line).at("read", &self.path)?;
        if self.line.pop_if(|last| *last == b'\n').is_some() {
            self.offset += length as u64;
            self.count += 1;
            return Ok(Some(&self.line));
        }
        if self.line.len() > LONGEST {
            return Err(self.corrupt(self.count + 1, format!("it has more than {LONGEST} bytes")));
        }
        // It is read anew when there is more: who drives the run next may have put something else there.
        self.file.seek(SeekFrom::Start(self.offset)).at("read", &self.path)?;
        Ok(None)
    }

    /// The line that is there, without its end.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn at(&self, span: Span) -> Result<Vec<u8>, RecordError> {
        let mut line = vec![0; span.length as usize];
        self.file.get_ref().read_exact_at(&mut line, span.offset).at("read", &self.path)?;
        Ok(line)
    }

    fn go_to(&mut self, offset: u64) -> Result<(), RecordError> {
        self.offset = self.file.seek(SeekFrom::Start(offset)).at("read", &self.path)?;
        Ok(())
    }

    /// Where the line is that was read last.
    pub(crate) fn last(&self) -> Span {
        let length = self.line.len();
        Span { offset: self.offset - length as u64 - 1, length: u32::try_from(length).expect("a line has fewer bytes than `LONGEST`") }
    }

    /// Where the next line begins: how many bytes of the file are whole lines, as far as it was read.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// How many lines were read.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The error of a file that was changed while it was read.
    pub(crate) fn changed(&self, what: impl Display) -> RecordError {
        RecordError::new(RecordErrorKind::Corrupt, format!("`{}` changed while it was being read: {what}", self.path.display()))
    }

    /// The error of a damaged line, counted from 1.
    pub(crate) fn corrupt(&self, line: u64, what: impl Display) -> RecordError {
        RecordError::new(RecordErrorKind::Corrupt, format!("line {line} of `{}` is damaged: {what}", self.path.display()))
            .with_hint(format!("keep a copy, and cut the file after line {}: everything up to there is intact", line - 1))
    }
}
