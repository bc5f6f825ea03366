//! Lists the runs of a folder. Runs that are unchanged since they were indexed are not read again.

use std::collections::HashMap;

use crate::coordinator::RunId;
use crate::run::error::RecordError;
use crate::run::folder::{RunFolder, RunsFolder};
use crate::run::handle::RunHandle;
use crate::run::state::RunStatus;
use crate::run::summary::{Known, RunSummary, Stamp};
use crate::run::tracker::Index;
use crate::run::watch::undriven;

/// All runs of a folder.
#[derive(Debug)]
#[non_exhaustive]
pub struct Summaries {
    /// The runs, the oldest first. One that cannot be read does not hide the others.
    pub runs: Vec<(RunId, Result<RunSummary, RecordError>)>,
    /// Why the index was not used or had to be rebuilt, if so. The list is the same, but takes longer.
    pub without_index: Option<String>,
}

impl RunsFolder {
    /// The summaries of all runs. With the feature `tracker`, an index in the folder stores them, and only runs that have changed since are read.
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

/// The summary of a run. If it was read again and will not change, it is added to `changed`.
fn summary(run: &RunFolder, known: Option<Known>, changed: &mut HashMap<String, Known>) -> Result<RunSummary, RecordError> {
    // Asked before the events are read: what comes in between is another stamp.
    let stamp = Stamp::of(&run.events());
    if let Some(known) = known.filter(|known| known.stamp == stamp) {
        let is_interrupted = !matches!(known.summary.status, RunStatus::Ended(_)) && !run.is_driven()?;
        let status = if is_interrupted { undriven(run) } else { known.summary.status };
        return Ok(RunSummary { status, ..known.summary });
    }
    let handle = RunHandle::of(run.clone());
    let (status, state) = (handle.status()?, handle.state()?);
    let summary = RunSummary::of(&state, status);
    if matches!(summary.status, RunStatus::Ended(_) | RunStatus::Interrupted | RunStatus::Elsewhere) {
        changed.insert(run.id().to_string(), Known { stamp, summary: RunSummary::of(&state, state.status.clone()) });
    }
    Ok(summary)
}
