//! `driver-job.json`: how a run is to be driven by jobs, for each of them and for who has one follow the other.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use super::allocation::Allocation;
use crate::backend::node::PlanFolder;
use crate::task::strategy::Strategy;

/// The name of the file.
const NAME: &str = "driver-job.json";

/// How a run is to be driven.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::backend::slurm) struct Order {
    /// Whether its nodes run inside of the job that drives it.
    pub(in crate::backend::slurm) packed: bool,
    /// Whether each of these jobs submits the next one.
    pub(in crate::backend::slurm) follows_itself: bool,
    pub(in crate::backend::slurm) allocation: Allocation,
    /// How tasks run that do not say so themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend::slurm) strategy: Option<String>,
    /// How many tokens there are, by their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::backend::slurm) tokens: Vec<(String, u32)>,
    /// How many tasks run at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend::slurm) jobs: Option<usize>,
}

impl Order {
    /// Writes it into the folder of a plan.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(in crate::backend::slurm) fn write(&self, plan: &PlanFolder) -> io::Result<()> {
        fs::write(plan.path().join(NAME), serde_json::to_vec(self).map_err(io::Error::other)?)
    }

    /// That of a plan; [`None`] if its run is driven elsewhere.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(in crate::backend::slurm) fn read(plan: &PlanFolder) -> io::Result<Option<Self>> {
        match fs::read(plan.path().join(NAME)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => serde_json::from_slice(&text?).map(Some).map_err(io::Error::other),
        }
    }

    /// How tasks run that do not say so themselves.
    pub(in crate::backend::slurm) fn strategy(&self) -> Option<Strategy> {
        self.strategy.clone().map(Strategy::named)
    }
}
