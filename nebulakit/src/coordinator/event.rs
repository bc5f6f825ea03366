//! What happens to jobs, as data.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::coordinator::id::{RequestId, RunId};
use crate::coordinator::job::{JobFailure, JobOutcome};
use crate::coordinator::usage::Usage;
use crate::task::quantity::written;

/// The version of the form in which events are written. Readers take an event of a later one for what they know of it.
pub const EVENT_VERSION: u32 = 1;

/// One thing that happened, in the order of the coordinator's ledger.
///
/// It holds no live values: it can be written down and read elsewhere.
///
/// # Examples
/// ```
/// use nebulakit::coordinator::{JobEvent, EventKind};
///
/// let line = r#"{"version":1,"sequence":7,"at":"2026-01-02T03:04:05Z","job":"job-1","run":"job-1","event":"started","attempt":0}"#;
/// let event: JobEvent = serde_json::from_str(line)?;
/// assert!(matches!(event.kind, EventKind::Started { attempt: 0 }));
/// assert_eq!(serde_json::to_string(&event)?, line);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JobEvent {
    /// [`EVENT_VERSION`].
    pub version: u32,
    /// Its place among the events of its coordinator, from 1. Some are missing to a subscriber that came late or was too slow.
    pub sequence: u64,
    /// When it happened, by the wall clock.
    #[serde(with = "wall")]
    pub at: SystemTime,
    /// The job; [`None`] for what concerns no job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<RequestId>,
    /// The job's run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// The job was taken.
    Submitted {
        /// The name of its strategy.
        strategy: Cow<'static, str>,
        /// What people call it.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "shared")]
        name: Option<Arc<str>>,
        /// The job that started it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<RequestId>,
    },
    /// An attempt began.
    Started {
        /// Which, from 0.
        attempt: u32,
    },
    /// An attempt failed, and another one follows.
    Retrying {
        /// Which failed, from 0.
        attempt: u32,
        /// How long the pause is, in milliseconds.
        #[serde(rename = "delay_ms", with = "millis")]
        delay: Duration,
        /// The memory that the next one asks for, in bytes, where this one ran out of it and the next gets more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        memory: Option<u64>,
        /// Why it failed.
        failure: JobFailure,
        /// What it took, where that is measured.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        used: Option<Usage>,
    },
    /// It is over.
    Finished {
        /// How many attempts there were.
        attempts: u32,
        /// How it ended.
        outcome: JobOutcome,
    },
    /// It said how far it is.
    Progress {
        /// Units of work that are done.
        done: u64,
        /// Units of work in all, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
    },
    /// It wrote a line to its log.
    Log {
        /// How grave it is, as `tracing` calls it: `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
        level: String,
        /// The line.
        message: String,
    },
    /// A container is started for it.
    Container {
        /// The engine that starts it.
        engine: String,
        /// The container's name, as long as it is there.
        name: String,
        /// The image, as it was asked for.
        image: String,
        /// The image that it is, by the engine's own id or as a file.
        id: String,
        /// The image's digest in its registry, where it came from one, or that of a file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<String>,
    },
    /// It printed a line, in a process of its own.
    Output {
        /// Where to.
        stream: OutputStream,
        /// The line, without its end. Bytes that are not UTF-8 show as U+FFFD; a line of more than 64 KiB comes in parts.
        line: String,
    },
    /// It told the subscribers something of its own.
    Broadcast {
        /// What it told.
        item: serde_json::Value,
    },
    /// This subscriber was too slow, and missed events here.
    Lagged {
        /// How many.
        missed: u64,
    },
    /// A subscriber's callback panicked; it is called no more.
    SubscriberFailed {
        /// The subscriber's name.
        name: String,
        /// What the panic said.
        message: String,
    },
}

/// What a process prints to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error, where the lines of its log go too.
    Stderr,
}

impl OutputStream {
    /// `stdout` or `stderr`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

impl EventKind {
    /// Whether running work says it of itself.
    pub(super) fn is_said(&self) -> bool {
        matches!(self, Self::Progress { .. } | Self::Log { .. } | Self::Output { .. } | Self::Broadcast { .. })
    }
}

impl fmt::Display for JobEvent {
    /// One line for people, who count attempts from 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(job) = &self.job {
            write!(f, "{job}: ")?;
        }
        match &self.kind {
            EventKind::Submitted { strategy, name: Some(name), .. } => write!(f, "submitted {name} ({strategy})"),
            EventKind::Submitted { strategy, .. } => write!(f, "submitted ({strategy})"),
            EventKind::Started { attempt } => write!(f, "attempt {} started", attempt + 1),
            EventKind::Retrying { attempt, delay, memory, failure, .. } => {
                write!(f, "attempt {} failed, the next one starts in {delay:?}", attempt + 1)?;
                if let Some(memory) = memory {
                    write!(f, " with {} of memory", written(*memory))?;
                }
                write!(f, ": {failure}")
            }
            EventKind::Finished { outcome: JobOutcome::Success, .. } => f.write_str("succeeded"),
            EventKind::Finished { outcome: JobOutcome::Failure(failure), attempts } => match attempts {
                0 | 1 => write!(f, "failed: {failure}"),
                attempts => write!(f, "failed after {attempts} attempts: {failure}"),
            },
            EventKind::Progress { done, total: Some(total) } => write!(f, "{done} of {total}"),
            EventKind::Progress { done, total: None } => write!(f, "{done} done"),
            EventKind::Log { level, message } => write!(f, "{level} {message}"),
            EventKind::Container { engine, image, id, digest, .. } => {
                write!(f, "starts a container of {image} ({}) by {engine}", digest.as_ref().unwrap_or(id))
            }
            EventKind::Output { line, .. } => f.write_str(line),
            EventKind::Broadcast { item } => write!(f, "says {item}"),
            EventKind::Lagged { missed } => write!(f, "{missed} events were missed"),
            EventKind::SubscriberFailed { name, message } => write!(f, "the subscriber `{name}` panicked: {message}"),
        }
    }
}

mod shared {
    use super::*;

    pub(super) fn serialize<S: Serializer>(text: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
        text.as_deref().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<str>>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(Into::into))
    }
}

pub(crate) mod wall {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        match jiff::Timestamp::try_from(*at) {
            Ok(at) => serializer.collect_str(&at),
            Err(error) => Err(serde::ser::Error::custom(error)),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse::<jiff::Timestamp>().map(Into::into).map_err(de::Error::custom)
    }
}

pub(crate) mod millis {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        // More milliseconds than these are beyond any clock.
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
