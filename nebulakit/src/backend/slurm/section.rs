//! `[backends.slurm]`: what is said of the cluster and of how it is asked.

use nebulakit_types::visible;

use super::driving::Allocation;
use crate::backend::engine::{Keys, Mistakes, Pace};

/// What drives a run where a job does.
pub(super) const JOB: &str = "job";

/// Where a run may be driven.
const WHERE: [&str; 2] = ["here", JOB];

/// What the section says.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    /// `--clusters`: another cluster than the one of this machine.
    pub(super) cluster: Option<String>,
    /// The variables that jobs get besides those that workers have.
    pub(super) variables: Vec<String>,
    pub(super) pace: Pace,
    /// Whether the nodes of a run share an allocation.
    pub(super) packed: bool,
    /// Whether a job drives the run.
    pub(super) is_driven_by_a_job: bool,
    /// What a job asks for that drives a run.
    pub(super) allocation: Allocation,
}

impl Section {
    /// Reads it.
    pub(super) fn read(keys: Option<Keys<'_>>, mistakes: &mut Mistakes) -> Self {
        let Some(mut keys) = keys else { return Self::default() };
        keys.text("kind", mistakes);
        let usual = Pace::default();
        let driver = keys.text("driver", mistakes);
        if let Some(driver) = driver.as_ref().filter(|driver| !WHERE.contains(&driver.as_str())) {
            mistakes.push(keys.mistake("driver", &format!("expected `here` or `job`, found `{}`", visible::line(driver))));
        }
        let allocation = keys.below("allocation", mistakes).map(|keys| Allocation::read(keys, mistakes)).unwrap_or_default();
        let section = Self {
            packed: keys.flag("packed", mistakes).unwrap_or_default(),
            is_driven_by_a_job: driver.as_deref() == Some(JOB),
            allocation,
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
