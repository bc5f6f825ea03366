//! What a list tells of runs: a fold of their events, which is remembered where there is an index.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::coordinator::RunId;
use crate::run::error::RecordError;
use crate::run::folder::{RunFolder, RunsFolder};
use crate::run::handle::RunHandle;
use crate::run::state::{Counts, RunState, RunStatus};
use crate::run::tracker::Index;

/// What a list tells of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunSummary {
    /// What it runs.
    pub name: String,
    /// What runs it.
    pub backend: String,
    /// The run that it goes on with.
    pub resumes: Option<RunId>,
    /// Where it stands.
    pub status: RunStatus,
    /// How many nodes its graph has, as far as that was known when it began.
    pub planned: u64,
    /// How many of its nodes stand where.
    pub counts: Counts,
    /// When it was created.
    pub created: Option<SystemTime>,
    /// When it ended.
    pub ended: Option<SystemTime>,
}

/// All runs of a folder.
#[derive(Debug)]
#[non_exhaustive]
pub struct Summaries {
    /// Each of them, the oldest first. One that cannot be read does not hide the others.
    pub runs: Vec<(RunId, Result<RunSummary, RecordError>)>,
    /// Why the index was not used, or was made anew, if it was: it takes longer then, and gives the same.
    pub without_index: Option<String>,
}

/// What tells whether a file has changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stamp {
    pub(super) size: u64,
    pub(super) modified_ns: i64,
    pub(super) inode: u64,
}

/// A summary, and the stamp of the events that it was made of.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) stamp: Stamp,
    pub(super) summary: RunSummary,
}

impl RunsFolder {
    /// What a list tells of all runs. With the feature `tracker`, an index in the folder remembers it, and only runs are read that have changed since.
    ///
    /// # Errors
    /// When the folder cannot be read.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::run::RunsFolder;
    ///
    /// # let scratch = tempfile::tempdir()?;
    /// let runs = RunsFolder::open(scratch.path())?;
    /// assert!(runs.summaries()?.runs.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn summaries(&self) -> Result<Summaries, RecordError> {
        let ids = self.list()?;
        let (mut index, mut known) = Index::open(self.path());
        let mut changed = HashMap::new();
        let read = |id: RunId| {
            let summary = self.run(&id).and_then(|run| summary(&run, known.remove(&id.to_string()), &mut changed));
            (id, summary)
        };
        let runs = ids.into_iter().map(read).collect();
        index.update(&changed, known.keys());
        Ok(Summaries { runs, without_index: index.why_not() })
    }
}

/// The summary of a run. Where it was made anew and stays as it is, it is in `changed`, too.
fn summary(run: &RunFolder, known: Option<Known>, changed: &mut HashMap<String, Known>) -> Result<RunSummary, RecordError> {
    // Asked before the events are read: what comes in between is another stamp.
    let stamp = Stamp::of(&run.events());
    if let Some(known) = known.filter(|known| known.stamp == stamp) {
        let is_interrupted = !matches!(known.summary.status, RunStatus::Ended(_)) && !run.is_driven()?;
        let status = if is_interrupted { RunStatus::Interrupted } else { known.summary.status };
        return Ok(RunSummary { status, ..known.summary });
    }
    let handle = RunHandle::of(run.clone());
    let (status, state) = (handle.status()?, handle.state()?);
    let summary = RunSummary::of(&state, status);
    if matches!(summary.status, RunStatus::Ended(_) | RunStatus::Interrupted) {
        changed.insert(run.id().to_string(), Known { stamp, summary: RunSummary::of(&state, state.status.clone()) });
    }
    Ok(summary)
}

impl RunSummary {
    fn of(state: &RunState, status: RunStatus) -> Self {
        Self {
            name: state.name.to_string(),
            backend: state.backend.to_string(),
            resumes: state.resumes.clone(),
            status,
            planned: state.planned,
            counts: state.counts(),
            created: state.created,
            ended: state.ended,
        }
    }
}

impl Stamp {
    /// That of a file; of one that is not there, one that no file has.
    fn of(path: &Path) -> Self {
        let about = fs::metadata(path).ok();
        about.map_or_else(Self::default, |about| Self {
            size: about.len(),
            modified_ns: about.mtime().wrapping_mul(1_000_000_000).wrapping_add(about.mtime_nsec()),
            inode: about.ino(),
        })
    }
}
