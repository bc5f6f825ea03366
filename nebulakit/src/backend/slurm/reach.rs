//! How a cluster is reached, and what is known of it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::accounts;
use super::client::Client;
use super::cluster::Cluster;
use super::queue::Queue;
use super::settings::Rules;
use crate::backend::engine::EngineError;
use crate::services::env::Environment;

/// A Slurm cluster.
#[derive(Debug)]
pub(super) struct Slurm {
    pub(super) name: String,
    pub(super) client: Client,
    pub(super) rules: Rules,
    /// Of a cluster that is not the one of this machine, its name.
    cluster: Option<String>,
    /// Whose arrays are listed there, in case that the answer to a submit is lost.
    plans: Mutex<BTreeSet<PathBuf>>,
    user: u32,
    limits: OnceCell<Cluster>,
}

impl Slurm {
    /// The cluster that Slurm's programs on this machine speak to, or that one of its clusters.
    pub(super) fn new(name: &str, own: &Environment, cluster: Option<String>, rules: Rules) -> Self {
        let user = rustix::process::getuid().as_raw();
        Self { name: name.to_owned(), client: Client::new(own), rules, cluster, plans: Mutex::default(), user, limits: OnceCell::new() }
    }

    /// The word that names the cluster, where it is not the one of this machine.
    pub(super) fn of_cluster(&self) -> Option<String> {
        self.cluster.as_ref().map(|cluster| format!("--clusters={cluster}"))
    }

    pub(super) fn plans(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn limits(&self) -> &Cluster {
        self.limits.get_or_init(|| Cluster::ask(&self.client)).await
    }

    pub(super) async fn queue(&self) -> Result<Queue, EngineError> {
        Queue::ask(&self.client, self.user, self.of_cluster()).await
    }

    /// How long a job may still run; [`None`] for any time, or where Slurm gives no answer.
    pub(super) async fn time_left(&self, job: &str) -> Option<Duration> {
        let mut words = vec!["--noheader".to_owned(), format!("--jobs={job}"), "--format=%L".to_owned()];
        words.extend(self.of_cluster());
        let said = self.client.ask("squeue", &words).await.ok()?;
        said.stdout.lines().find_map(|line| span(line.trim()))
    }

    /// Finds out whether jobs can be submitted from this machine.
    ///
    /// # Errors
    /// When they cannot, with Slurm's words.
    pub(super) async fn can_submit(&self) -> Result<(), EngineError> {
        let mut words = vec!["--test-only".to_owned()];
        words.extend(self.of_cluster());
        let said = self.client.submit(&words, &[], "#!/bin/sh\n").await.map_err(|error| EngineError(error.to_string()))?;
        if said.code == Some(0) { Ok(()) } else { Err(EngineError(format!("`sbatch` said: {}", said.shown()))) }
    }

    /// The number of the job, or of the array, that Slurm has under a name: one that is over, maybe only in the accounts.
    pub(super) async fn number(&self, queue: &Queue, name: &str) -> Result<Option<String>, EngineError> {
        match queue.find(name) {
            Some(number) => Ok(Some(number)),
            None => accounts::find(&self.client, name, self.of_cluster()).await,
        }
    }
}

/// A span of time as Slurm writes it: `2-03:04:05`, `03:04:05` or `04:05`.
fn span(text: &str) -> Option<Duration> {
    let (days, rest) = text.split_once('-').unwrap_or(("0", text));
    let parts: Vec<u64> = rest.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [hours, minutes, seconds] = match *parts.as_slice() {
        [minutes, seconds] => [0, minutes, seconds],
        [hours, minutes, seconds] => [hours, minutes, seconds],
        _ => return None,
    };
    let hours = days.parse::<u64>().ok()?.checked_mul(24)?.checked_add(hours)?;
    Some(Duration::from_secs(hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_words_are_none() {
        for (text, seconds) in [("0:59", 59), ("12:34", 754), ("1:00:00", 3600), ("2-03:04:05", 183_845)] {
            assert_eq!(span(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["UNLIMITED", "NOT_SET", "INVALID", "", "5"] {
            assert_eq!(span(text), None, "{text}");
        }
    }
}
