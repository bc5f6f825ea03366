//! What nodes log and print, in a file for each.

use std::collections::HashMap;
use std::io::ErrorKind;

use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::folder::RunFolder;
use crate::run::log::appending::Appending;
use crate::run::log::clock::Clock;
use crate::run::path::NodePath;

/// How many files are open at once.
const OPEN: usize = 32;

/// The longest part of a line that takes a line of the file, in bytes.
const LONGEST_PART: usize = 64 << 10;

/// Stands behind the source of a line that goes on in the next one of that source.
pub(crate) const GOES_ON: &str = "+";

/// Where a line is cut that is too long for one of the file: not within a character, where it is of some.
fn cut(line: &[u8]) -> usize {
    let begins = |at: &usize| line[*at] & 0b1100_0000 != 0b1000_0000;
    (LONGEST_PART - 3..=LONGEST_PART).rev().find(begins).unwrap_or(LONGEST_PART)
}

/// The logs of a run's nodes, and of the run itself.
#[derive(Debug)]
pub(super) struct NodeLogs {
    folder: RunFolder,
    clock: Clock,
    open: HashMap<Option<NodePath>, Open>,
    used: u64,
}

#[derive(Debug)]
struct Open {
    file: Appending,
    /// The larger, the later it was used.
    used: u64,
}

impl NodeLogs {
    pub(super) fn new(folder: RunFolder, clock: Clock) -> Self {
        Self { folder, clock, open: HashMap::new(), used: 0 }
    }

    /// Appends what came from `source` as it is; a line of the file for each of its lines, each behind the time and the source. One that is longer than [`LONGEST_PART`], or
    /// that goes on in what comes next, has several, and a [`GOES_ON`] behind the source of all but the last.
    ///
    /// # Errors
    /// When the file cannot be opened or written, or when `source` is not a word that can be read again.
    pub(super) fn append(&mut self, node: Option<&NodePath>, source: &str, text: &[u8]) -> Result<(), RecordError> {
        if source.is_empty() || source.ends_with(GOES_ON) || source.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
            let wrong =
                format!("`{source}` cannot be the source of a line of a log: name it with a word that does not end with `{GOES_ON}`");
            return Err(RecordError::new(RecordErrorKind::Io(ErrorKind::InvalidInput), wrong));
        }
        let before = format!("{} {source}", jiff::Timestamp::try_from(self.clock.now()).unwrap_or(jiff::Timestamp::MAX));
        let file = self.opened(node)?;
        let mut put = |mark: &str, text: &[u8]| {
            file.append(|waiting| {
                for piece in [before.as_bytes(), mark.as_bytes(), b" ", text, b"\n"] {
                    waiting.extend_from_slice(piece);
                }
                Ok(())
            })
        };
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let mut line = line;
            while line.len() > LONGEST_PART {
                let (first, rest) = line.split_at(cut(line));
                put(GOES_ON, first)?;
                line = rest;
            }
            match line.strip_suffix(b"\n") {
                Some(line) => put("", line.strip_suffix(b"\r").unwrap_or(line))?,
                None => put(GOES_ON, line)?,
            }
        }
        Ok(())
    }

    fn opened(&mut self, node: Option<&NodePath>) -> Result<&mut Appending, RecordError> {
        let node = node.cloned();
        self.used += 1;
        if !self.open.contains_key(&node) {
            self.make_room()?;
            let file = Appending::behind_last_line(&self.folder.log(node.as_ref()))?;
            self.open.insert(node.clone(), Open { file, used: self.used });
        }
        let open = self.open.get_mut(&node).expect("it was put there if it was not");
        open.used = self.used;
        Ok(&mut open.file)
    }

    /// Closes the file that was not used for the longest time, where as many are open as may be.
    fn make_room(&mut self) -> Result<(), RecordError> {
        if self.open.len() < OPEN {
            return Ok(());
        }
        let oldest = self.open.iter().min_by_key(|(_, open)| open.used).map(|(node, _)| node.clone());
        let oldest = oldest.and_then(|node| self.open.remove(&node));
        oldest.map_or(Ok(()), |mut open| open.file.write())
    }

    /// Writes what waits of a node, and closes its file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn close(&mut self, node: Option<&NodePath>) -> Result<(), RecordError> {
        if self.open.is_empty() {
            return Ok(());
        }
        self.open.remove(&node.cloned()).map_or(Ok(()), |mut open| open.file.write())
    }

    /// Writes what waits, of all of them.
    ///
    /// # Errors
    /// The first one, when some cannot be written.
    pub(super) fn write(&mut self) -> Result<(), RecordError> {
        self.open.values_mut().map(|open| open.file.write()).fold(Ok(()), Result::and)
    }
}
