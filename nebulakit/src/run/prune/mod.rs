//! Removes runs that are over, and leftover data that no run refers to.

mod choice;
mod pruned;
mod shared;
mod uses;

use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;

pub use self::choice::{Fate, Prune};
pub use self::pruned::Pruned;
use self::pruned::size;
use self::uses::Uses;
use crate::coordinator::RunId;
use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::folder::{HiddenRun, RunsFolder};

impl RunsFolder {
    /// Deletes a run: its events, its logs, the files that its nodes stored, and data and copies of inputs that no other run and no cache entry refers to.
    ///
    /// Data that runs share is removed only while no run is active; otherwise [`Pruned::not_cleared`] says so, and a later [`prune`](Self::prune) removes it.
    ///
    /// # Errors
    /// When there is no such run, when a process drives it or a run that goes on with it, or when its folder cannot be renamed. [`Pruned::left`] names what cannot be removed.
    pub fn delete(&self, run: &RunId) -> Result<Pruned, RecordError> {
        let folder = self.run(run)?;
        // What cannot be read may refer to anything.
        let uses = Uses::of_run(&folder).ok();
        let mut pruned = Pruned { runs: vec![run.clone()], ..Pruned::default() };
        pruned.remove(folder.hide()?.path());
        if uses.as_ref().is_none_or(Uses::is_any_shared) {
            shared::clear(self, uses.as_ref(), &mut pruned)?;
        }
        Ok(pruned)
    }

    /// Deletes the runs that are over and chosen by `prune`, as [`delete`](Self::delete) does, but for those whose files runs use that are kept. It clears
    /// away what crashes have left, too. Where a run that is kept cannot be read, it deletes nothing, and [`Pruned::unread`] says so.
    ///
    /// # Errors
    /// When the folder cannot be read.
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
        let used = match self.used(&all, &chosen) {
            Ok(used) => used,
            Err(error) => return Ok(Pruned { unread: Some(error.parts().0.to_owned()), ..Pruned::default() }),
        };
        let going: Vec<RunId> =
            all.iter().filter(|run| chosen.contains(run) && !used.iter().any(|(used, _)| used == *run)).cloned().collect();
        let mut pruned = Pruned { used, ..Pruned::default() };
        if prune.is_dry {
            pruned.bytes = going.iter().filter_map(|run| self.run(run).ok()).map(|folder| size(folder.path())).sum();
            pruned.runs = going;
            return Ok(pruned);
        }
        let mut hidden = self.hide(&going, &mut pruned);
        if let Err(error) = self.show_used(&mut hidden, &all, &mut pruned) {
            hidden.values().try_for_each(HiddenRun::show)?;
            pruned.unread = Some(error.parts().0.to_owned());
            return Ok(pruned);
        }
        for run in going {
            if let Some(hidden) = hidden.remove(&run) {
                pruned.remove(hidden.path());
                pruned.runs.push(run);
            }
        }
        shared::clear(self, None, &mut pruned)?;
        Ok(pruned)
    }

    /// Hides runs, but for those that are gone already, go on, or cannot be hidden.
    fn hide(&self, runs: &[RunId], pruned: &mut Pruned) -> HashMap<RunId, HiddenRun> {
        let mut hidden = HashMap::new();
        for run in runs {
            match self.run(run).and_then(|folder| folder.hide()) {
                Ok(one) => drop(hidden.insert(run.clone(), one)),
                Err(error) => match error.kind() {
                    RecordErrorKind::NotFound | RecordErrorKind::Io(ErrorKind::NotFound) | RecordErrorKind::Driven => {}
                    _ => pruned.left.push(error.parts().0.to_owned()),
                },
            }
        }
        hidden
    }

    /// Shows those again whose files a run uses that goes on, or that is not among the `known`: it may have taken them from the cache, as long as they were not hidden.
    ///
    /// # Errors
    /// When one of these runs cannot be read, or a hidden one cannot be shown.
    fn show_used(&self, hidden: &mut HashMap<RunId, HiddenRun>, known: &[RunId], pruned: &mut Pruned) -> Result<(), RecordError> {
        let known: HashSet<_> = known.iter().collect();
        let mut users = Vec::new();
        for run in self.list()? {
            if !known.contains(&run) || self.run(&run).is_ok_and(|folder| folder.is_driven().unwrap_or(true)) {
                users.push(run);
            }
        }
        while !users.is_empty() {
            let used = self.used(&users, &hidden.keys().cloned().collect())?;
            users = used.iter().map(|(run, _)| run.clone()).collect();
            users.iter().filter_map(|run| hidden.remove(run)).try_for_each(|hidden| hidden.show())?;
            pruned.used.extend(used);
        }
        Ok(())
    }

    /// The chosen runs whose files others use that are kept, each with one of those.
    ///
    /// # Errors
    /// When one of those cannot be read.
    fn used(&self, all: &[RunId], chosen: &HashSet<RunId>) -> Result<Vec<(RunId, RunId)>, RecordError> {
        let mut used: Vec<(RunId, RunId)> = Vec::new();
        let mut kept: Vec<RunId> = all.iter().filter(|run| !chosen.contains(run)).cloned().collect();
        while let Some(run) = kept.pop().filter(|_| !chosen.is_empty()) {
            let uses = match self.run(&run).and_then(|folder| Uses::of_run(&folder)) {
                Ok(uses) => uses,
                // Another process has removed it meanwhile.
                Err(error) if error.kind() == RecordErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
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
