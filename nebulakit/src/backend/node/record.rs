//! What an attempt leaves of itself: `record.json`.

use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::files;
use super::folder::AttemptFolder;
use super::plan_file::PLAN_VERSION;

/// The name of the file.
const NAME: &str = "record.json";

/// How an attempt began: what its claim says, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend) struct Begun {
    /// The path of the node.
    pub(in crate::backend) node: String,
    /// Which attempt, from 0.
    pub(in crate::backend) attempt: u32,
    /// When it was claimed.
    #[serde(with = "instant")]
    pub(in crate::backend) began: SystemTime,
    /// The machine, if it has a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend) host: Option<String>,
    /// The process that claimed it.
    pub(in crate::backend) pid: u32,
    /// By which the engine knows the job: its variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(in crate::backend) engine: BTreeMap<String, String>,
}

/// The record of an attempt that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::backend) struct Record {
    /// The version of the format of the plan's folder.
    pub(in crate::backend) version: u32,
    /// How it began.
    #[serde(flatten)]
    pub(in crate::backend) begun: Begun,
    /// The task that it ran; empty where it came to none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(in crate::backend) task: String,
    /// When it was over.
    #[serde(with = "instant")]
    pub(in crate::backend) ended: SystemTime,
    /// How.
    pub(in crate::backend) outcome: Outcome,
    /// For a success: the attempt whose outputs count. Where two attempts at a node succeed, those of the first do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend) outputs: Option<u32>,
    /// For a node that is skipped: the condition that took another arm, or was skipped itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend) because: Option<String>,
    /// For a condition: which arm it takes, from 0; behind the last one is "otherwise".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend) arm: Option<usize>,
    /// The exit code of the task's process, where it had one and ended by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend) exit: Option<i32>,
    /// The signal that ended the task's process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend) signal: Option<i32>,
    /// The CPU time that the task's process took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend) cpu_seconds: Option<f64>,
    /// The most memory that the task's process had at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend) peak_bytes: Option<u64>,
    /// Why it is no success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::backend) failure: Option<FailureRecord>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::backend) enum Outcome {
    /// The outputs are stored.
    Succeeded,
    /// The task said that it failed.
    Failed,
    /// The task's process ended before it said anything, or never began.
    Ended,
    /// It is in an arm of a condition that is not taken. Nothing ran.
    Skipped,
}

/// Why an attempt is no success, as the events of runs have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend) struct FailureRecord {
    /// The kind of the failure, a word of `coordinator::FailureKind`.
    pub(in crate::backend) kind: String,
    /// The code that a console shows.
    pub(in crate::backend) code: String,
    /// What happened, with causes.
    pub(in crate::backend) message: String,
    /// Whether another attempt may succeed.
    pub(in crate::backend) recoverable: bool,
}

impl Begun {
    /// The record of an attempt that is over now.
    pub(super) fn over(self, task: String, outcome: Outcome) -> Record {
        Record {
            version: PLAN_VERSION,
            begun: self,
            task,
            ended: SystemTime::now(),
            outcome,
            outputs: None,
            because: None,
            arm: None,
            exit: None,
            signal: None,
            cpu_seconds: None,
            peak_bytes: None,
            failure: None,
        }
    }
}

impl Record {
    /// Puts it where it belongs, and says that it is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn leave(&self, attempt: &AttemptFolder) -> io::Result<()> {
        files::publish(&attempt.file(NAME), &serde_json::to_vec(self).map_err(io::Error::other)?)?;
        attempt.say_ended()
    }

    /// Reads that of an attempt; [`None`] where there is none yet.
    ///
    /// # Errors
    /// When it cannot be read, or is not one.
    pub(in crate::backend) fn of(attempt: &AttemptFolder) -> io::Result<Option<Self>> {
        let path = attempt.file(NAME);
        let text = match files::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| io::Error::other(format!("{} is no record: {error}", path.display())))
    }
}

/// Instants as text: RFC 3339, to the millisecond.
mod instant {
    use std::time::SystemTime;

    use jiff::Timestamp;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.3}", Timestamp::try_from(*at).unwrap_or(Timestamp::MAX)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        String::deserialize(deserializer)?.parse::<Timestamp>().map(Into::into).map_err(de::Error::custom)
    }
}
