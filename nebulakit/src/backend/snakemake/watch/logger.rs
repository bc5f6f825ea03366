//! A line of the logger plugin.

use serde::Deserialize;

/// What Snakemake tells.
#[derive(Debug, Deserialize)]
pub(super) struct Logged {
    pub(super) event: String,
    #[serde(default)]
    pub(super) jobid: Option<u64>,
    #[serde(default)]
    job_id: Option<u64>,
    #[serde(default)]
    output: Vec<String>,
    #[serde(default)]
    pub(super) message: Option<String>,
}

impl Logged {
    /// The job, in whichever field it is.
    pub(super) fn job(&self) -> Option<u64> {
        self.jobid.or(self.job_id)
    }

    /// The folder of the job's node.
    pub(super) fn folder(&self) -> Option<String> {
        Some(self.output.first()?.rsplit_once('/')?.0.to_owned())
    }
}
