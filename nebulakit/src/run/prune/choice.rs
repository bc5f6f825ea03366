//! Which runs to remove.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use crate::coordinator::RunId;
use crate::run::error::RecordError;
use crate::run::event::RunOutcome;
use crate::run::folder::RunsFolder;
use crate::run::state::RunStatus;

/// Which runs to remove: those that are over and meet every condition. Without a condition, all that are over.
#[derive(Debug, Clone, Default)]
pub struct Prune {
    older_than: Option<Duration>,
    keep: usize,
    fates: Vec<Fate>,
    pub(super) is_dry: bool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fate {
    /// It succeeded.
    Succeeded,
    /// It failed.
    Failed,
    /// It was stopped.
    Cancelled,
    /// The process that drove it is gone.
    Interrupted,
}

impl Fate {
    /// The fate of a run; [`None`] while a process drives it.
    #[must_use]
    pub fn of(status: &RunStatus) -> Option<Self> {
        match status {
            RunStatus::Ended(RunOutcome::Succeeded) => Some(Self::Succeeded),
            RunStatus::Ended(RunOutcome::Failed { .. }) => Some(Self::Failed),
            RunStatus::Ended(RunOutcome::Cancelled) => Some(Self::Cancelled),
            RunStatus::Interrupted => Some(Self::Interrupted),
            RunStatus::Unknown | RunStatus::Running | RunStatus::Stopping | RunStatus::Elsewhere => None,
        }
    }
}

impl Prune {
    /// All runs that are over.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only those that ended longer ago than this; for an interrupted run, its beginning counts.
    #[must_use]
    pub fn older_than(self, age: Duration) -> Self {
        Self { older_than: Some(age), ..self }
    }

    /// Except the latest `count` of those that [`fate`](Self::fate) selects.
    #[must_use]
    pub fn keep(self, count: usize) -> Self {
        Self { keep: count, ..self }
    }

    /// Only those that ended this way, or in another way given by a further call.
    #[must_use]
    pub fn fate(mut self, fate: Fate) -> Self {
        self.fates.push(fate);
        self
    }

    /// Removes nothing, and only reports what would be removed.
    #[must_use]
    pub fn dry_run(self) -> Self {
        Self { is_dry: true, ..self }
    }

    /// The runs to remove. One that cannot be read stays.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(super) fn chosen(&self, runs: &RunsFolder) -> Result<HashSet<RunId>, RecordError> {
        let now = SystemTime::now();
        let mut left = self.keep;
        let mut chosen = HashSet::new();
        for (run, summary) in runs.summaries()?.runs.into_iter().rev() {
            let Some((fate, since)) = summary.ok().and_then(|run| Some((Fate::of(&run.status)?, run.ended.or(run.created)))) else {
                continue;
            };
            if !self.fates.is_empty() && !self.fates.contains(&fate) {
                continue;
            }
            if left > 0 {
                left -= 1;
                continue;
            }
            let is_old = |age: &Duration| since.is_some_and(|since| now.duration_since(since).is_ok_and(|since| since >= *age));
            if self.older_than.as_ref().is_none_or(is_old) {
                chosen.insert(run);
            }
        }
        Ok(chosen)
    }
}
