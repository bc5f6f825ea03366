//! The summary of a run in a list: a fold of its events, which can be stored.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::coordinator::RunId;
use crate::run::state::{Counts, RunState, RunStatus};

/// The summary of a run in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunSummary {
    /// The full name of the workflow or task that it runs.
    pub name: String,
    /// The backend that runs it.
    pub backend: String,
    /// The run that it resumes.
    pub resumes: Option<RunId>,
    /// Its status.
    pub status: RunStatus,
    /// How many nodes its graph has, as far as known when it began.
    pub planned: u64,
    /// How many of its nodes have which status.
    pub counts: Counts,
    /// When it was created.
    pub created: Option<SystemTime>,
    /// When it ended.
    pub ended: Option<SystemTime>,
    /// When the last of its events came.
    #[serde(default)]
    pub latest: Option<SystemTime>,
}

/// Metadata of a file that shows whether it has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stamp {
    pub(super) size: u64,
    pub(super) modified_ns: i64,
    pub(super) inode: u64,
}

/// A summary, and the stamp of the events that it was computed from.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) stamp: Stamp,
    pub(super) summary: RunSummary,
}

impl RunSummary {
    pub(super) fn of(state: &RunState, status: RunStatus) -> Self {
        Self {
            name: state.name.to_string(),
            backend: state.backend.to_string(),
            resumes: state.resumes.clone(),
            status,
            planned: state.planned,
            counts: state.counts(),
            created: state.created,
            ended: state.ended,
            latest: state.latest,
        }
    }
}

impl Stamp {
    /// The stamp of a file; for a missing file, one that no file has.
    pub(super) fn of(path: &Path) -> Self {
        let about = fs::metadata(path).ok();
        about.map_or_else(Self::default, |about| Self {
            size: about.len(),
            modified_ns: about.mtime().wrapping_mul(1_000_000_000).wrapping_add(about.mtime_nsec()),
            inode: about.ino(),
        })
    }
}
