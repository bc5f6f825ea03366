//! `[backends.slurm]`: what is said of the cluster and of how it is asked.

use crate::backend::engine::{Keys, Mistakes, Pace};

/// What the section says.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    /// `--clusters`: another cluster than the one of this machine.
    pub(super) cluster: Option<String>,
    /// The variables that jobs get besides those that workers have.
    pub(super) variables: Vec<String>,
    pub(super) pace: Pace,
}

impl Section {
    /// Reads it.
    pub(super) fn read(keys: Option<Keys<'_>>, mistakes: &mut Mistakes) -> Self {
        let Some(mut keys) = keys else { return Self::default() };
        keys.text("kind", mistakes);
        let usual = Pace::default();
        let section = Self {
            cluster: keys.text("cluster", mistakes),
            variables: keys.texts("variables", mistakes).unwrap_or_default(),
            pace: Pace {
                poll: keys.span("poll", mistakes).unwrap_or(usual.poll),
                settle: keys.span("settle", mistakes).unwrap_or(usual.settle),
                lost: keys.span("lost", mistakes).unwrap_or(usual.lost),
                queue: keys.span("queue_timeout", mistakes),
                ..usual
            },
        };
        keys.done(mistakes);
        section
    }
}
