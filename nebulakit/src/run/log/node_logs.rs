//! What nodes log and print, in a file for each.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::Write as _;

use crate::run::error::RecordError;
use crate::run::folder::RunFolder;
use crate::run::log::appending::Appending;
use crate::run::log::clock::Clock;
use crate::run::path::NodePath;

/// How many files are open at once.
const OPEN: usize = 32;

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

    /// Appends what came from `source`; a line of the file for each of its lines, each with the time and the source.
    ///
    /// # Errors
    /// When the file cannot be opened or written.
    pub(super) fn append(&mut self, node: Option<&NodePath>, source: impl Display, text: &str) -> Result<(), RecordError> {
        let at = jiff::Timestamp::try_from(self.clock.now()).unwrap_or(jiff::Timestamp::MAX);
        self.opened(node)?.append(|waiting| {
            for line in text.split('\n') {
                // Memory takes what is written.
                let _ = writeln!(waiting, "{at} {source} {line}");
            }
            Ok(())
        })
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
