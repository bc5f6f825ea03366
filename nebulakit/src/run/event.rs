//! What happens in a run, as data.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::gate::GateTakes;
use super::lookup::{Caller, Lookup};
use super::path::NodePath;
use crate::coordinator::{JobFailure, OutputStream, RunId, Usage, WaitsFor, millis, wall};

/// The version of the events' form: [`EventKind::Created`] has it. It changes where a reader of the former one would misread an event.
pub const EVENT_VERSION: u32 = 1;

/// Outputs of more bytes than these are not in their event.
const SMALL: usize = 4096;

/// Something that happened in a run.
///
/// As JSON it is one flat object; `event` says which kind it is:
/// `{"sequence":3,"at":"2026-11-29T10:00:00Z","node":"n0","event":"started","attempt":0}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// Its place among the events of its run, from 0.
    pub sequence: u64,
    /// When it happened, by the wall clock of who recorded it.
    #[serde(with = "wall")]
    pub at: SystemTime,
    /// The node that it happened to; [`None`] where it is the run itself.
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
        /// The version of its events' form, [`EVENT_VERSION`].
        version: u32,
        /// What names the run.
        run: RunId,
        /// What it runs: the full name of a workflow or a task.
        name: Cow<'static, str>,
        /// What runs it, as `local`.
        backend: Cow<'static, str>,
        /// How many nodes its graph has, those of its sub-workflows and of both arms of its conditions among them; what maps and dynamic tasks will run is
        /// not known yet.
        nodes: u64,
        /// The run that it goes on with, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resumes: Option<RunId>,
        /// The node of that run which was to run again, with all that needs it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<NodePath>,
    },
    /// What the node needs is there: it waits for its turn.
    Ready {
        /// What it runs: the full name of a task or a workflow, or what kind of node it is.
        of: Cow<'static, str>,
    },
    /// The node succeeded in the run that this one goes on with, and runs again.
    Again {
        /// Why.
        because: Again,
    },
    /// An equal call of a task with `cache(serialize)` runs: the node waits for what that gives.
    Behind {
        /// That call.
        call: Caller,
    },
    /// The cache was asked for the outputs of a task with `cache(..)`.
    LookedUp {
        /// What came of it.
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
        /// How long the pause is, in milliseconds.
        #[serde(rename = "delay_ms", with = "millis")]
        delay: Duration,
        /// Why it failed.
        failure: JobFailure,
        /// What it took of the machine, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        used: Option<Usage>,
    },
    /// It still waits for its turn.
    Queued {
        /// What for.
        waits_for: WaitsFor,
    },
    /// The list of a map is there.
    Mapped {
        /// How many elements it has.
        elements: u64,
    },
    /// A condition was decided.
    Decided {
        /// For which of its arms.
        arm: Arm,
    },
    /// A gate waits for somebody.
    Waiting {
        /// The signal that it waits for.
        signal: Cow<'static, str>,
        /// What it takes.
        #[serde(default)]
        takes: GateTakes,
    },
    /// Somebody answered a signal, and the answer is kept for its gate.
    Answered {
        /// The signal.
        signal: String,
    },
    /// Somebody answered a signal, and no gate takes such an answer: another one can follow.
    Refused {
        /// The signal.
        signal: String,
        /// Why it was refused.
        why: String,
    },
    /// The node is over, and its outputs are there.
    Succeeded {
        /// Its outputs.
        outputs: Recorded,
        /// The digest of its inputs, by which a run that goes on with this one tells whether it has to run again; [`None`] where nobody asked for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inputs: Option<String>,
        /// The sizes and times of the files in the folder of runs that the outputs name, as one digest; [`None`] where they name none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        files: Option<String>,
        /// Where they are from.
        #[serde(default, skip_serializing_if = "Origin::is_run")]
        from: Origin,
        /// What its last attempt took of the machine, where it had one and that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        used: Option<Usage>,
    },
    /// The node failed for good.
    Failed {
        /// Why.
        failure: JobFailure,
        /// What its last attempt took of the machine, where it had one and that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        used: Option<Usage>,
    },
    /// The node never began, because one that it needs did not succeed.
    Skipped {
        /// That node.
        because: NodePath,
    },
    /// The node was stopped: somebody cancelled the run, or another node failed.
    Cancelled,
    /// What the node stored is deleted, since nothing needs it any more.
    Deleted {
        /// How many files that were.
        files: u64,
        /// How large they were together.
        bytes: u64,
    },
    /// A task said how far it has come.
    Progress {
        /// How much is done.
        done: u64,
        /// Of how much, if that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
    },
    /// Tasks of the run have read and stored data.
    Moved {
        /// How much by now, in bytes.
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
        /// To which of its streams.
        stream: OutputStream,
        /// The line, without its end.
        line: String,
    },
    /// Somebody asked the run to stop.
    Stopping,
    /// The run is over: the last event of every run.
    Ended {
        /// How.
        outcome: RunOutcome,
        /// What it gave, if it succeeded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outputs: Option<Recorded>,
    },
}

/// Which way a condition went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    /// The arm whose test held, from 0.
    Taken(u32),
    /// No test held.
    Otherwise,
}

/// Why a node runs again that succeeded in the run that this one goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Again {
    /// Somebody asked for it, or for a node that it needs; or it handles a failure.
    Asked,
    /// It is given something else: another value, or a file in which something else is.
    Inputs,
    /// Its task takes or gives something else, or it is not known what it took and gave.
    Interface,
    /// A file that it stored has changed or is gone.
    Outputs,
    /// Its files were deleted, since nothing needed them any more, and now something does.
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
    /// They were remembered: another node had the same inputs.
    Cache,
    /// They are those of the run that this one goes on with.
    Resumed,
}

/// Where the outputs of a node are recorded, as the bytes of an `outputs.pb`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Recorded {
    /// Nowhere: nobody asked for them.
    Not,
    /// In the event itself, since they are small.
    Here(#[serde(with = "super::base64")] Vec<u8>),
    /// In the data of the run's folder, by what they are.
    Data {
        /// The SHA-256 digest of the bytes, in lower-case hex.
        sha256: String,
        /// How many bytes they are.
        size: u64,
    },
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// All of it is done.
    Succeeded,
    /// It failed.
    Failed {
        /// The node that failed first, or the handler that failed in turn; [`None`] where it was none of the nodes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<NodePath>,
        /// Why.
        failure: JobFailure,
    },
    /// Somebody stopped it.
    Cancelled,
}

impl Recorded {
    /// The form of outputs that are small: they stand in their event.
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
