//! Batch as it is reached from here, and what is known of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::client::Clients;
use super::definition::Definition;
use super::fault::Fault;
use super::section::Section;
use super::settings::Rules;
use crate::backend::engine::{EngineJob, TaskRules};

/// How often an attempt may be preempted, unless set otherwise.
const PREEMPTIONS: u32 = 10;

/// The most tries that Batch makes at a job.
pub(super) const MOST_TRIES: u32 = 10;

/// The service, in one region and for one account.
pub(super) struct Batch {
    pub(super) name: String,
    pub(super) clients: Clients,
    pub(super) section: Section,
    pub(super) rules: Rules,
    /// What is said of tasks whatever the engine.
    pub(super) tasks: Arc<TaskRules>,
    definitions: Mutex<HashMap<Definition, Arc<OnceCell<String>>>>,
    /// Whose arrays are listed there, in case that the answer to a submit is lost.
    plans: Mutex<BTreeSet<PathBuf>>,
    /// How many elements the arrays have that were submitted here.
    sizes: Mutex<BTreeMap<String, usize>>,
}

impl Batch {
    pub(super) fn new(name: &str, clients: Clients, section: Section, rules: Rules, tasks: Arc<TaskRules>) -> Self {
        Self {
            name: name.to_owned(),
            clients,
            section,
            rules,
            tasks,
            definitions: Mutex::default(),
            plans: Mutex::default(),
            sizes: Mutex::default(),
        }
    }

    pub(super) fn plans(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sizes(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ARN of a definition, which is asked for once.
    pub(super) async fn definition(&self, definition: Definition) -> Result<String, Fault> {
        let cell = {
            let mut all = self.definitions.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(definition.clone()).or_default())
        };
        cell.get_or_try_init(|| definition.arn(&self.clients.asks)).await.cloned()
    }

    /// How often Batch may try the job, where its machine is taken away: each time spends a preemption.
    pub(super) fn tries(&self, job: &EngineJob) -> u32 {
        let preemptions = self.tasks.of(&job.workflow, job.task).preemptions.unwrap_or(PREEMPTIONS);
        preemptions.saturating_add(1).min(MOST_TRIES)
    }

    /// The queues in which jobs may be.
    pub(super) fn queues(&self) -> BTreeSet<String> {
        self.section.queue.as_deref().into_iter().chain(self.rules.queues()).map(str::to_owned).collect()
    }
}
