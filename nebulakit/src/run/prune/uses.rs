//! What runs refer to outside their own folders.

use std::collections::HashSet;
use std::fs;
use std::io;

use crate::coordinator::RunId;
use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::event::{EventKind, Recorded, RunOutcome};
use crate::run::folder::RunFolder;
use crate::run::log::EventReader;
use crate::run::memo::Cache;

/// What comes before the id of a run in the path of one of its files.
const RUNS: &[u8] = b"/runs/";

/// What comes before the name of a folder of copies of inputs.
const COPIES: &[u8] = b"/inputs/";

/// What is referred to. A path counts anywhere in a value.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Data, by its digests.
    pub(super) data: HashSet<String>,
    /// Other runs, whose files are used.
    pub(super) runs: HashSet<RunId>,
    /// Folders of copies of inputs.
    pub(super) copies: HashSet<String>,
}

impl Uses {
    /// What a run refers to.
    ///
    /// # Errors
    /// When its events or inputs cannot be read.
    pub(super) fn of_run(run: &RunFolder) -> Result<Self, RecordError> {
        let mut uses = Self::default();
        uses.add_run(run)?;
        Ok(uses)
    }

    /// Adds what a run refers to. Files of other runs in its inputs count only as long as it has not succeeded, because it may be resumed.
    ///
    /// # Errors
    /// As for [`of_run`](Self::of_run).
    pub(super) fn add_run(&mut self, run: &RunFolder) -> Result<(), RecordError> {
        let (mut resumes, mut is_done) = (None, false);
        if let Some(mut events) = EventReader::open(&run.events())? {
            while let Some(event) = events.next()? {
                match event.kind {
                    EventKind::Created { resumes: of, .. } => resumes = of,
                    EventKind::Succeeded { outputs, .. } => self.add_recorded(&outputs, run)?,
                    EventKind::Ended { outcome, outputs } => {
                        is_done = outcome == RunOutcome::Succeeded;
                        outputs.map_or(Ok(()), |outputs| self.add_recorded(&outputs, run))?;
                    }
                    _ => {}
                }
            }
        }
        let inputs = match fs::read(run.inputs()) {
            Ok(inputs) => inputs,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(RecordError::io("read", &run.inputs(), &error)),
        };
        self.copies.extend(names_after(&inputs, COPIES).map(str::to_owned));
        if !is_done {
            self.runs.extend(resumes);
            self.runs.extend(names_after(&inputs, RUNS).map(RunId::from));
        }
        self.runs.remove(run.id());
        Ok(())
    }

    /// Adds what the cache refers to: only data, because an entry whose files are gone does not count.
    ///
    /// # Errors
    /// When its entries cannot be read.
    pub(super) fn add_cache(&mut self, cache: &Cache) -> Result<(), RecordError> {
        for entry in cache.list(None)? {
            if let Recorded::Data { sha256, .. } = entry.outputs {
                self.data.insert(sha256);
            }
        }
        Ok(())
    }

    /// Whether there is anything that runs share.
    pub(super) fn is_any_shared(&self) -> bool {
        !self.data.is_empty() || !self.copies.is_empty()
    }

    fn add_recorded(&mut self, outputs: &Recorded, run: &RunFolder) -> Result<(), RecordError> {
        if let Recorded::Data { sha256, .. } = outputs
            && !self.data.insert(sha256.clone())
        {
            return Ok(());
        }
        match run.data().read(outputs) {
            Ok(bytes) => {
                let bytes = bytes.unwrap_or_default();
                self.runs.extend(names_after(&bytes, RUNS).map(RunId::from));
                self.copies.extend(names_after(&bytes, COPIES).map(str::to_owned));
                Ok(())
            }
            // Nobody can use what it names.
            Err(error) if matches!(error.kind(), RecordErrorKind::NotFound | RecordErrorKind::Corrupt) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// The names of files or folders that follow `before`.
fn names_after<'b>(bytes: &'b [u8], before: &'b [u8]) -> impl Iterator<Item = &'b str> {
    let starts = (0..bytes.len()).filter(|start| bytes[*start..].starts_with(before));
    starts.filter_map(|start| {
        let name = &bytes[start + before.len()..];
        let length = name.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte)).count();
        str::from_utf8(&name[..length]).ok().filter(|name| !name.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_they_stand() {
        let bytes = b"\n\x0ffile:///a/.nebulakit/runs/20261129-231501-k3f9/raw/n0\xff/runs/b\x00/runs//inputs/0f";
        assert_eq!(names_after(bytes, RUNS).collect::<Vec<_>>(), ["20261129-231501-k3f9", "b"]);
        assert_eq!(names_after(bytes, COPIES).collect::<Vec<_>>(), ["0f"]);
    }
}
