//! What Batch alone knows of a job: it stands in the project's settings, never in code.

use std::collections::BTreeMap;

use nebulakit_types::visible;

use super::section::texts;
use crate::backend::engine::{EngineJob, Keys, Mistakes, Scope, sorted};

/// The settings of jobs on Batch: `[task.NAME.aws-batch]`, `[workflow.NAME.aws-batch]` or `[defaults.aws-batch]` in `nebulakit.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    /// The job queue, instead of the backend's.
    pub(super) queue: Option<String>,
    /// The job role, instead of the backend's.
    pub(super) job_role: Option<String>,
    /// Whose share of a fair-share queue it takes.
    pub(super) share: Option<String>,
    /// How urgent it is among those of its share.
    pub(super) priority: Option<u32>,
    /// Variables by their names, each with the ARN of the secret that it holds.
    pub(super) secrets: BTreeMap<String, String>,
}

/// The settings of all jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rules {
    tasks: Vec<(String, Settings)>,
    workflows: Vec<(String, Settings)>,
    defaults: Settings,
}

impl Rules {
    /// Reads them.
    pub(super) fn read(found: Vec<(Scope, Keys<'_>)>, mistakes: &mut Mistakes) -> Self {
        let mut rules = Self::default();
        for (scope, keys) in found {
            let settings = Settings::read(keys, mistakes);
            match scope {
                Scope::Task(name) => rules.tasks.push((name, settings)),
                Scope::Workflow(name) => rules.workflows.push((name, settings)),
                Scope::All => rules.defaults = settings,
            }
        }
        rules
    }

    /// Those of a job: what is said of its task counts most, then what is said of the workflow, then the defaults.
    pub(super) fn of(&self, job: &EngineJob) -> Settings {
        let mut settings = Settings::default();
        for found in sorted(&self.tasks, job.task).into_iter().chain(sorted(&self.workflows, &job.workflow)).chain([&self.defaults]) {
            settings.fill(found);
        }
        settings
    }

    /// The queues that they name.
    pub(super) fn queues(&self) -> impl Iterator<Item = &str> {
        let all = self.tasks.iter().chain(&self.workflows).map(|(_, settings)| settings).chain([&self.defaults]);
        all.filter_map(|settings| settings.queue.as_deref())
    }
}

impl Settings {
    fn read(mut keys: Keys<'_>, mistakes: &mut Mistakes) -> Self {
        let settings = Self {
            queue: keys.text("queue", mistakes),
            job_role: keys.text("job_role", mistakes),
            share: keys.text("share", mistakes),
            priority: keys.count("priority", mistakes),
            secrets: texts("secrets", &mut keys, mistakes),
        };
        for (name, arn) in &settings.secrets {
            if !arn.starts_with("arn:") {
                // What stands there may be the secret itself.
                let said = format!("`{}`: expected the ARN of a secret or of a parameter, which begins with `arn:`", visible::line(name));
                mistakes.push(keys.mistake("secrets", &said));
            }
        }
        keys.done(mistakes);
        settings
    }

    /// Takes what `other` says of what this leaves open.
    fn fill(&mut self, other: &Self) {
        self.queue = self.queue.take().or_else(|| other.queue.clone());
        self.job_role = self.job_role.take().or_else(|| other.job_role.clone());
        self.share = self.share.take().or_else(|| other.share.clone());
        self.priority = self.priority.or(other.priority);
        for (name, arn) in &other.secrets {
            self.secrets.entry(name.clone()).or_insert_with(|| arn.clone());
        }
    }
}
