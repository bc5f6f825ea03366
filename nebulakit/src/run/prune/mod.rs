//! Removes runs that are over, and leftover data that no run refers to.

mod choice;
mod pruned;
mod shared;
mod uses;

use std::collections::HashSet;

pub use self::choice::{Fate, Prune};
pub use self::pruned::Pruned;
use self::pruned::size;
use self::uses::Uses;
use crate::coordinator::RunId;
use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::folder::{RunFolder, RunsFolder};

impl RunsFolder {
    /// Deletes a run: its events, its logs, the files that its nodes stored, and data and copies of inputs that no other run and no cache entry refers to.
    ///
    /// Data that runs share is removed only while no run is active; otherwise [`Pruned::not_cleared`] says so, and a later [`prune`](Self::prune) removes it.
    ///
    /// # Errors
    /// When there is no such run, when a process drives it or a run that resumes it, or when a file cannot be removed.
    pub fn delete(&self, run: &RunId) -> Result<Pruned, RecordError> {
        let folder = self.run(run)?;
        // What cannot be read may refer to anything.
        let uses = Uses::of_run(&folder).ok();
        let mut pruned = Pruned { bytes: remove(&folder)?, runs: vec![run.clone()], ..Pruned::default() };
        if uses.as_ref().is_none_or(Uses::is_any_shared) {
            shared::clear(self, uses.as_ref(), &mut pruned)?;
        }
        Ok(pruned)
    }

    /// Deletes the runs that are over and chosen by `prune`, as [`delete`](Self::delete) does, except those whose files are used by runs that are kept. It also
    /// removes what crashes have left behind.
    ///
    /// # Errors
    /// When the folder cannot be read, or when a file cannot be removed.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::run::{Fate, Prune, RunsFolder};
    ///
    /// # let scratch = tempfile::tempdir()?;
    /// let runs = RunsFolder::open(scratch.path())?;
    /// let pruned = runs.prune(&Prune::new().keep(10).fate(Fate::Failed))?;
    /// assert!(pruned.runs.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn prune(&self, prune: &Prune) -> Result<Pruned, RecordError> {
        let all = self.list()?;
        let chosen = prune.chosen(self)?;
        let used = self.used(&all, &chosen)?;
        let mut pruned = Pruned::default();
        for run in all.into_iter().filter(|run| chosen.contains(run) && !used.iter().any(|(used, _)| used == run)) {
            let Some(bytes) = self.pruned(&run, prune)? else { continue };
            pruned.bytes += bytes;
            pruned.runs.push(run);
        }
        pruned.used = used;
        if !prune.is_dry {
            shared::clear(self, None, &mut pruned)?;
        }
        Ok(pruned)
    }

    /// Removes a run, and returns how many bytes it had; [`None`] if it was already gone, or is driven.
    fn pruned(&self, run: &RunId, prune: &Prune) -> Result<Option<u64>, RecordError> {
        let folder = match self.run(run) {
            Ok(folder) => folder,
            Err(error) if error.kind() == RecordErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if prune.is_dry {
            return Ok(Some(size(folder.path())));
        }
        match remove(&folder) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == RecordErrorKind::Driven => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The chosen runs whose files are used by runs that are kept, each with one such run.
    fn used(&self, all: &[RunId], chosen: &HashSet<RunId>) -> Result<Vec<(RunId, RunId)>, RecordError> {
        let mut used: Vec<(RunId, RunId)> = Vec::new();
        let mut kept: Vec<RunId> = all.iter().filter(|run| !chosen.contains(run)).cloned().collect();
        while let Some(run) = kept.pop().filter(|_| !chosen.is_empty()) {
            // One that cannot be read gives nothing to anybody.
            let Ok(uses) = self.run(&run).and_then(|folder| Uses::of_run(&folder)) else { continue };
            for other in uses.runs.into_iter().filter(|other| chosen.contains(other)) {
                if !used.iter().any(|(known, _)| *known == other) {
                    kept.push(other.clone());
                    used.push((other, run.clone()));
                }
            }
        }
        used.sort_unstable_by_key(|(run, _)| run.to_string());
        Ok(used)
    }
}

/// Removes a run that no process drives, and returns how many bytes it had.
fn remove(folder: &RunFolder) -> Result<u64, RecordError> {
    let bytes = size(folder.path());
    folder.remove().map(|()| bytes)
}
