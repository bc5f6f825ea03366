//! The events of a run, as data.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::gate::GateTakes;
use super::lookup::{Caller, Lookup};
use super::path::NodePath;
use crate::coordinator::{JobFailure, OutputStream, RunId, Usage, WaitsFor, millis, wall};

/// The version of the events' format, stored in [`EventKind::Created`]. It changes when a reader of the older version would misread an event.
pub const EVENT_VERSION: u32 = 1;

/// Larger outputs, in bytes, are not stored in their event.
const SMALL: usize = 4096;

/// Something that happened in a run.
///
/// As JSON it is one flat object; `event` says which kind it is:
/// `{"sequence":3,"at":"2026-11-29T10:00:00Z","node":"n0","event":"started","attempt":0}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// Its position among the events of its run, from 0.
    pub sequence: u64,
    /// When it happened, by the wall clock of the process that recorded it; of what runs elsewhere, by that of who says so.
    #[serde(with = "wall")]
    pub at: SystemTime,
    /// The node that it happened to; [`None`] if it is the run itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodePath>,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The run exists: the first event of every run.
    Created {
        /// The version of its events' format, [`EVENT_VERSION`].
        version: u32,
        /// The id of the run.
        run: RunId,
        /// What it runs: the full name of a workflow or a task.
        name: Cow<'static, str>,
        /// The backend that runs it, such as `local`.
        backend: Cow<'static, str>,
        /// How many nodes its graph has, including those of its sub-workflows and of all arms of its conditions. The nodes that maps and dynamic tasks will run
        /// are not known yet.
        nodes: u64,
        /// The run that it resumes, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resumes: Option<RunId>,
        /// The node of that run which was to run again, with every node that depends on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<NodePath>,
    },
    /// Everything that the node needs is available: it waits for its turn.
    Ready {
        /// What it runs: the full name of a task or a workflow, or the kind of node.
        of: Cow<'static, str>,
    },
    /// The node succeeded in the run that this one resumes, and runs again.
    Again {
        /// Why.
        because: Again,
    },
    /// An equal call of a task with `cache(serialize)` is running: the node waits for its outputs.
    Behind {
        /// That call.
        call: Caller,
    },
    /// The cache was asked for the outputs of a task with `cache(..)`.
    LookedUp {
        /// The result.
        found: Lookup,
    },
    /// An attempt began, or the node's own nodes may begin.
    Started {
        /// Which attempt, from 0.
        attempt: u32,
    },
    /// An attempt failed, and another one follows.
    Retrying {
        /// Which attempt failed, from 0.
        attempt: u32,
        /// The pause before the next attempt, in milliseconds.
        #[serde(rename = "delay_ms", with = "millis")]
        delay: Duration,
        /// Why it failed.
        failure: JobFailure,
        /// The resources that it took, if known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        used: Option<Usage>,
    },
    /// The node is still waiting for its turn.
    Queued {
        /// What for.
        waits_for: WaitsFor,
    },
    /// An engine runs the attempt: that of a cluster, or of a cloud.
    Placed {
        /// The engine: the name of a backend.
        engine: String,
        /// The job's id there.
        id: String,
        /// The machine that it runs on, if the engine or the job itself said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<String>,
    },
    /// The list of a map is available.
    Mapped {
        /// How many elements it has.
        elements: u64,
    },
    /// A condition was decided.
    Decided {
        /// The arm that was taken.
        arm: Arm,
    },
    /// A gate waits for an answer.
    Waiting {
        /// The signal that it waits for.
        signal: Cow<'static, str>,
        /// What it takes.
        #[serde(default)]
        takes: GateTakes,
    },
    /// A signal was answered, and the answer is kept for its gate.
    Answered {
        /// The signal.
        signal: String,
    },
    /// A signal was answered, but no gate accepts such an answer: another one can follow.
    Refused {
        /// The signal.
        signal: String,
        /// Why it was refused.
        why: String,
    },
    /// The node is over and has outputs.
    Succeeded {
        /// Its outputs.
        outputs: Recorded,
        /// The digest of its inputs, with which a run that resumes this one decides whether the node must run again; [`None`] if it was not needed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inputs: Option<String>,
        /// A digest of the sizes and times of the files in the folder of runs that the outputs name; [`None`] if they name none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        files: Option<String>,
        /// Where the outputs are from.
        #[serde(default, skip_serializing_if = "Origin::is_run")]
        from: Origin,
        /// The resources that its last attempt took, if it had one and they are known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        used: Option<Usage>,
    },
    /// The node failed for good.
    Failed {
        /// Why.
        failure: JobFailure,
        /// The resources that its last attempt took, if it had one and they are known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        used: Option<Usage>,
    },
    /// The node never began, because a node that it needs did not succeed.
    Skipped {
        /// That node.
        because: NodePath,
    },
    /// The node was stopped: somebody cancelled the run, or another node failed.
    Cancelled,
    /// The files that the node stored are deleted, because nothing needs them any more.
    Deleted {
        /// How many files there were.
        files: u64,
        /// Their total size.
        bytes: u64,
    },
    /// A task reported its progress.
    Progress {
        /// How much is done.
        done: u64,
        /// The total, if known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
    },
    /// Tasks of the run have read and stored data.
    Moved {
        /// The total so far, in bytes.
        bytes: u64,
    },
    /// A task wrote to its log.
    Log {
        /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
        level: String,
        /// What it wrote.
        message: String,
    },
    /// A task in a process or a container printed a line.
    Output {
        /// The stream that it printed to.
        stream: OutputStream,
        /// The line, without its end.
        line: String,
    },
    /// The run was asked to stop.
    Stopping,
    /// The run is over: the last event of every run.
    Ended {
        /// How it ended.
        outcome: RunOutcome,
        /// Its outputs, if it succeeded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outputs: Option<Recorded>,
    },
}

/// Which arm a condition took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    /// The arm whose test held, from 0.
    Taken(u32),
    /// No test held.
    Otherwise,
}

/// Why a node runs again although it succeeded in the run that this one resumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Again {
    /// The user asked for it, or for a node that it needs; or it handles a failure.
    Asked,
    /// Its inputs are different: another value, or a file with other contents.
    Inputs,
    /// Its task's interface is different, or the earlier one is not known.
    Interface,
    /// A file that it stored has changed or is gone.
    Outputs,
    /// Its files were deleted, because nothing needed them any more, and now something does.
    Deleted,
}

/// Where the outputs of a node are from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// It ran.
    #[default]
    Run,
    /// They are from the cache: an equal call ran before.
    Cache,
    /// They are from the run that this one resumes.
    Resumed,
}

/// Where the outputs of a node are recorded, as the bytes of an `outputs.pb`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Recorded {
    /// Nowhere: they were not needed.
    Not,
    /// In the event itself, because they are small.
    Here(#[serde(with = "super::base64")] Vec<u8>),
    /// In a `data` folder, by their digest.
    Data {
        /// The SHA-256 digest of the bytes, in lower-case hex.
        sha256: String,
        /// Their size in bytes.
        size: u64,
    },
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// It succeeded.
    Succeeded,
    /// It failed.
    Failed {
        /// The node that failed first, or the failure handler, if that failed too; [`None`] if it was none of the nodes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<NodePath>,
        /// Why.
        failure: JobFailure,
    },
    /// It was stopped.
    Cancelled,
}

impl Recorded {
    /// Small outputs, which are stored in their event.
    pub(super) fn small(outputs: &[u8]) -> Option<Self> {
        (outputs.len() <= SMALL).then(|| Self::Here(outputs.to_vec()))
    }
}

impl Origin {
    /// Whether the node ran in this run.
    #[must_use]
    pub fn is_run(&self) -> bool {
        *self == Self::Run
    }
}
