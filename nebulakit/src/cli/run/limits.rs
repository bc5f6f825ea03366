//! How much of this machine a run may use.

use std::sync::Arc;

use clap::ArgMatches;

use super::options;
use super::subject::Subject;
use crate::cli::setting::Setting;
use crate::coordinator::{CoordinatorBuilder, ProcessStrategy, Resource, Strategy, ThreadStrategy};
use crate::task::registry::Registry;

/// How much of this machine a run may use.
pub(super) struct Limits {
    /// How many tasks run at once, and on how many cores.
    jobs: Option<usize>,
    tokens: Vec<(Arc<str>, u32)>,
    /// What a task that asks for more than there is gets all of.
    cut: &'static [Resource],
}

impl Limits {
    /// Those that the command line says.
    pub(super) fn of(subject: &Subject, matches: &ArgMatches, setting: &Setting<'_>) -> Self {
        let (jobs, tokens) = (matches.get_one::<usize>(options::JOBS).copied(), options::token_limits(matches));
        match subject.alone() {
            // Nothing else is there that it could wait for.
            Some(_) => {
                let tokens = if tokens.is_empty() { any_number(setting.registry) } else { tokens };
                Self { jobs, tokens, cut: &[Resource::Cores, Resource::Memory, Resource::Gpus] }
            }
            None if jobs.is_some() => Self { jobs, tokens, cut: &[Resource::Cores] },
            None => Self { jobs, tokens, cut: &[] },
        }
    }

    /// Sets the coordinator of a run up with them.
    pub(super) fn set(&self, builder: CoordinatorBuilder) -> CoordinatorBuilder {
        let builder = self.tokens.iter().fold(builder.cut(self.cut), |builder, (name, tokens)| builder.tokens(Arc::clone(name), *tokens));
        match self.jobs {
            Some(jobs) => of_jobs(builder, jobs),
            None => builder,
        }
    }
}

/// More of all tokens than anything takes.
fn any_number(registry: &Registry) -> Vec<(Arc<str>, u32)> {
    let names = registry.iter().flat_map(|task| task.options.tokens).map(|(name, _)| *name);
    names.map(|name| (Arc::from(name), u32::MAX)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "nobody has that many cores")]
fn of_jobs(builder: CoordinatorBuilder, jobs: usize) -> CoordinatorBuilder {
    builder
        .jobs(jobs)
        .cores(jobs as f64)
        .strategy(Strategy::Thread, ThreadStrategy::with_slots(jobs))
        .strategy(Strategy::Process, ProcessStrategy::with_slots(jobs))
}
