//! `plan.json`: which program runs the plan, and where its data goes.

use std::collections::BTreeMap;
use std::path::Path;

use nebulakit_types::visible;
use serde::{Deserialize, Serialize};

use super::files;
use super::folder::PlanFolder;
use super::refusal::Refusal;
use crate::process::program;

/// The version of the format of a plan's folder. A program of an older version would misread a newer one.
pub(in crate::backend) const PLAN_VERSION: u32 = 1;

/// What `plan.json` says. Keys that are not known are left alone: an engine may keep its own there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend) struct PlanFile {
    /// The version of the format, [`PLAN_VERSION`].
    pub(in crate::backend) version: u32,
    /// The plan's id.
    pub(in crate::backend) id: String,
    /// The workflow or task.
    pub(in crate::backend) name: String,
    /// The backend that it was compiled for.
    pub(in crate::backend) backend: String,
    /// The build id of its program.
    pub(in crate::backend) build: String,
    /// Where the program is, from the plan's folder on.
    pub(in crate::backend) program: String,
    /// The folder of the run, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend) run: Option<String>,
    /// The prefix of what tasks store; the folder of the attempt where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend) data: Option<String>,
    /// Variables that tasks get besides those of their jobs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(in crate::backend) variables: BTreeMap<String, String>,
}

/// The version alone.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

impl PlanFile {
    /// Reads the plan of a folder; this program can run it.
    pub(super) fn read_for_this_program(folder: &PlanFolder) -> Result<Self, Refusal> {
        let path = folder.plan_file();
        let plan = Self::read(&path).map_err(|why| Refusal::unfit(format!("cannot read the plan {}: {why}", path.display())))?;
        let own = program::id().map_err(|error| Refusal::unfit(format!("cannot tell which build this program is: {error}")))?;
        if plan.build != own {
            let program = folder.path().join(&plan.program);
            return Err(Refusal::unfit(format!(
                "the plan {} was made by the build `{}`, and this program is the build `{own}`\nhint: run the plan's own copy of its program, {}; in an \
                 image, build the image from the program that made the plan",
                visible::line(&plan.id),
                visible::line(&plan.build),
                program.display()
            )));
        }
        Ok(plan)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub(in crate::backend) fn read(path: &Path) -> Result<Self, String> {
        let text = files::read(path).map_err(|error| error.to_string())?;
        let Version { version } = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        if version != PLAN_VERSION {
            return Err(format!("it is of version {version}, and this program reads version {PLAN_VERSION}"));
        }
        serde_json::from_slice(&text).map_err(|error| error.to_string())
    }

    /// Writes it into the folder of the plan.
    ///
    /// # Errors
    /// When it cannot be written.
    #[cfg(feature = "run")]
    pub(in crate::backend) fn write(&self, folder: &PlanFolder) -> std::io::Result<()> {
        let text = serde_json::to_vec(self).map_err(std::io::Error::other)?;
        files::publish(&folder.plan_file(), &text)
    }
}
