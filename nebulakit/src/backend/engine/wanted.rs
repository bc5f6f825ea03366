//! How a run was to be run, for the process that drives it on: `driver.json` in the folder of its plan.

use std::io;

use serde::{Deserialize, Serialize};

use crate::backend::node::{self, PlanFolder};
use crate::backend::{CacheUse, Options};
use crate::run::{Durability, Keep, NodePath, RunId};

/// The name of the file.
const NAME: &str = "driver.json";

/// What counts of the options once a run has begun.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Wanted {
    reads_cache: bool,
    writes_cache: bool,
    keeps_all: bool,
    survives_power_loss: bool,
    /// The run that it goes on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resumes: Option<String>,
    /// The node of that run from which on it runs again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
}

impl Wanted {
    pub(super) fn of(options: &Options) -> Self {
        Self {
            reads_cache: options.cache == CacheUse::On,
            writes_cache: options.cache != CacheUse::Off,
            keeps_all: options.keep == Keep::All,
            survives_power_loss: options.durability == Durability::Disk,
            resumes: options.resumes.as_ref().map(ToString::to_string),
            from: options.from.as_ref().map(ToString::to_string),
        }
    }

    /// Writes it into the folder of a plan.
    pub(super) fn write(&self, plan: &PlanFolder) -> io::Result<()> {
        node::publish(&plan.path().join(NAME), &serde_json::to_vec(self).map_err(io::Error::other)?)
    }

    /// The options of the run whose plan it is.
    pub(super) fn read(plan: &PlanFolder) -> io::Result<Options> {
        let wanted: Self = serde_json::from_slice(&node::read(&plan.path().join(NAME))?).map_err(io::Error::other)?;
        let cache = match (wanted.reads_cache, wanted.writes_cache) {
            (true, _) => CacheUse::On,
            (false, true) => CacheUse::Overwrite,
            (false, false) => CacheUse::Off,
        };
        let keep = if wanted.keeps_all { Keep::All } else { Keep::Outputs };
        let durability = if wanted.survives_power_loss { Durability::Disk } else { Durability::Kernel };
        let mut options = Options::new().cache(cache).keep(keep).durability(durability);
        options.resumes = wanted.resumes.as_deref().map(RunId::from);
        options.from = wanted.from.as_deref().map(NodePath::from);
        Ok(options)
    }
}

/// The options of the run whose plan it is.
///
/// # Errors
/// When they cannot be read.
#[cfg(feature = "slurm")]
pub(in crate::backend) fn wanted(plan: &PlanFolder) -> io::Result<Options> {
    Wanted::read(plan)
}
