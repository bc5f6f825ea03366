//! The logs of nodes: what they log and print, one file each.

use std::collections::HashMap;
use std::io::ErrorKind;

use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::folder::RunFolder;
use crate::run::log::appending::Appending;
use crate::run::log::clock::Clock;
use crate::run::path::NodePath;

/// How many files are open at once.
const OPEN: usize = 32;

/// Maximum bytes of a line in the file; longer lines are split.
const LONGEST_PART: usize = 64 << 10;

/// Follows the source of a line that continues in the next one from that source.
pub(crate) const GOES_ON: &str = "+";

/// Where to cut a line that is too long for the file: not within a character, if it is UTF-8.
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
    /// The larger this is, the later the file was used.
    used: u64,
}

impl NodeLogs {
    pub(super) fn new(folder: RunFolder, clock: Clock) -> Self {
        Self { folder, clock, open: HashMap::new(), used: 0 }
    }

    /// Appends text from `source` unchanged: one line of the file for each of its lines, after the time and the source. A line that is longer than
    /// [`LONGEST_PART`], or that continues in the next call, takes several, with [`GOES_ON`] after the source of all but the last.
    ///
    /// # Errors
    /// When the file cannot be opened or written, or when `source` is not a word that can be read again.
    pub(super) fn append(&mut self, node: Option<&NodePath>, source: &str, text: &[u8]) -> Result<(), RecordError> {
        if source.is_empty() || source.ends_with(GOES_ON) || source.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
            let wrong = format!("`{source}` cannot be the source of a log line; use a word that does not end with `{GOES_ON}`");
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

    /// Closes the least recently used file if too many are open.
    fn make_room(&mut self) -> Result<(), RecordError> {
        if self.open.len() < OPEN {
            return Ok(());
        }
        let oldest = self.open.iter().min_by_key(|(_, open)| open.used).map(|(node, _)| node.clone());
        let oldest = oldest.and_then(|node| self.open.remove(&node));
        oldest.map_or(Ok(()), |mut open| open.file.write())
    }

    /// Writes the buffered lines of a node, and closes its file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn close(&mut self, node: Option<&NodePath>) -> Result<(), RecordError> {
        if self.open.is_empty() {
            return Ok(());
        }
        self.open.remove(&node.cloned()).map_or(Ok(()), |mut open| open.file.write())
    }

    /// Writes the buffered lines of all files.
    ///
    /// # Errors
    /// The first one, if some cannot be written.
    pub(super) fn write(&mut self) -> Result<(), RecordError> {
        self.open.values_mut().map(|open| open.file.write()).fold(Ok(()), Result::and)
    }
}
