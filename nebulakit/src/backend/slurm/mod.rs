//! Slurm: each attempt at a node is a job of its own, or an element of an array, submitted with `sbatch` and watched with `squeue` and `sacct`.
//!
//! Everything goes through Slurm's own client programs, which are on each machine from which jobs are submitted: there is no library to match a
//! cluster's version. `flags`, `script` and `file_names` say a job in their words, `arrays` puts equal ones together, `client` runs the programs, and
//! `submitted`, `queue`, `accounts` and `state` read what they say.

mod accounts;
mod arrays;
mod backend;
mod client;
mod cluster;
mod file_names;
mod flags;
#[cfg(test)]
mod odd_answers;
#[cfg(test)]
mod on_a_cluster;
mod queue;
mod script;
mod section;
mod settings;
mod state;
mod submitted;
mod submitting;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

pub(crate) use self::backend::KIND;
pub use self::backend::SlurmBackend;
use self::client::Client;
use self::cluster::Cluster;
use self::queue::Queue;
use self::settings::Rules;
use crate::backend::engine::{Engine, EngineError, EngineId, EngineJob, NotSubmitted, Seen};
use crate::services::env::Environment;

/// How many jobs one `scancel` ends.
const CANCELLED_AT_ONCE: usize = 500;

/// A Slurm cluster.
struct Slurm {
    name: String,
    client: Client,
    rules: Rules,
    /// Of a cluster that is not the one of this machine, its name.
    cluster: Option<String>,
    /// Whose arrays are listed there, in case that the answer to a submit is lost.
    plans: Mutex<BTreeSet<PathBuf>>,
    user: u32,
    limits: OnceCell<Cluster>,
}

impl Slurm {
    /// The cluster that Slurm's programs on this machine speak to, or that one of its clusters.
    fn new(name: &str, own: &Environment, cluster: Option<String>, rules: Rules) -> Self {
        let user = rustix::process::getuid().as_raw();
        Self { name: name.to_owned(), client: Client::new(own), rules, cluster, plans: Mutex::default(), user, limits: OnceCell::new() }
    }

    /// The word that names the cluster, where it is not the one of this machine.
    fn of_cluster(&self) -> Option<String> {
        self.cluster.as_ref().map(|cluster| format!("--clusters={cluster}"))
    }

    fn plans(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn limits(&self) -> &Cluster {
        self.limits.get_or_init(|| Cluster::ask(&self.client)).await
    }

    async fn queue(&self) -> Result<Queue, EngineError> {
        Queue::ask(&self.client, self.user, self.of_cluster()).await
    }

    /// The number of the job, or of the array, that Slurm has under a name: one that is over, maybe only in the accounts.
    async fn number(&self, queue: &Queue, name: &str) -> Result<Option<String>, EngineError> {
        match queue.find(name) {
            Some(number) => Ok(Some(number)),
            None => accounts::find(&self.client, name, self.of_cluster()).await,
        }
    }
}

impl Engine for Slurm {
    fn name(&self) -> &str {
        &self.name
    }

    fn drives(&self, plan: &Path) {
        self.plans().insert(plan.to_owned());
    }

    fn submit<'a>(&'a self, jobs: &'a [EngineJob]) -> BoxFuture<'a, Vec<Result<EngineId, NotSubmitted>>> {
        Box::pin(submitting::submit(self, jobs))
    }

    fn look<'a>(&'a self, ids: &'a [EngineId]) -> BoxFuture<'a, Result<HashMap<EngineId, Seen>, EngineError>> {
        Box::pin(async move {
            let queue = self.queue().await?;
            let (mut seen, mut forgotten) = (HashMap::with_capacity(ids.len()), Vec::new());
            for id in ids {
                match queue.look(id)? {
                    Some(state) => drop(seen.insert(id.clone(), state)),
                    None => forgotten.push(id),
                }
            }
            if !forgotten.is_empty()
                && let Some(ends) = accounts::ends(&self.client, &forgotten, self.of_cluster()).await?
            {
                seen.extend(ends.into_iter().filter(|(id, _)| forgotten.contains(&id)));
            }
            Ok(seen)
        })
    }

    fn cancel<'a>(&'a self, ids: &'a [EngineId]) -> BoxFuture<'a, Result<(), EngineError>> {
        Box::pin(async move {
            for some in ids.chunks(CANCELLED_AT_ONCE) {
                // One that is over, or unknown, is no failure with `--quiet`.
                let mut words = vec!["--quiet".to_owned()];
                words.extend(self.of_cluster());
                words.extend(some.iter().map(|id| id.as_str().to_owned()));
                let said = self.client.ask("scancel", &words).await.map_err(|error| EngineError(error.to_string()))?;
                if said.code != Some(0) && !said.stderr.contains("Invalid job id specified") {
                    return Err(EngineError(format!("`scancel` failed, with {}", said.shown())));
                }
            }
            Ok(())
        })
    }

    fn find<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<EngineId>, EngineError>> {
        Box::pin(async move {
            let queue = self.queue().await?;
            if let Some(number) = self.number(&queue, name).await? {
                return Ok(Some(number.into()));
            }
            let plans: Vec<_> = self.plans().iter().cloned().collect();
            for plan in plans {
                let arrays = arrays::find(&plan, name);
                let arrays =
                    arrays.map_err(|error| EngineError(format!("cannot read the arrays of the plan {}: {error}", plan.display())))?;
                for (array, index) in arrays {
                    if let Some(number) = self.number(&queue, &array).await? {
                        return Ok(Some(format!("{number}_{index}").into()));
                    }
                }
            }
            Ok(None)
        })
    }
}
