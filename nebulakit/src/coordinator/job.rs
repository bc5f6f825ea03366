//! One piece of work's record: what the coordinator remembers of it.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use crate::coordinator::id::{RequestId, RunId};
use crate::process::error_document::cut;
use crate::task::strategy::Strategy;

/// Where a job is in its life.
///
/// ```text
/// Queued ──► Running ──► Closed
///   ▲ │         │  ▲       ▲
///   │ └─────────┼──┼───────┤    cancelled or timed out while it waits
///   │           ▼  │       │
///   └──────── Backoff ─────┘
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobState {
    /// It waits for its turn.
    Queued,
    /// An attempt runs.
    Running {
        /// Which, from 0.
        attempt: u32,
    },
    /// An attempt failed, and the next one waits for its time.
    Backoff {
        /// Which attempt failed, from 0.
        attempt: u32,
        /// When the next one takes its place in the queue.
        until: SystemTime,
    },
    /// It is over.
    Closed(JobOutcome),
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobOutcome {
    /// Its value went to its handle.
    Success,
    /// It gave no value.
    Failure(Box<JobFailure>),
}

impl JobOutcome {
    /// Whether it is a success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Success)
    }

    /// Why it is not, if it is not.
    #[must_use]
    pub fn failure(&self) -> Option<&JobFailure> {
        match self {
            Self::Success => None,
            Self::Failure(failure) => Some(failure),
        }
    }
}

/// The longest text of a failure that is remembered, in bytes: an event has two, and a byte may take six as JSON. The log of the node has the rest.
const LONGEST_TEXT: usize = 256 << 10;

/// A text of a failure, as it is remembered.
pub(super) fn remembered(text: &str) -> String {
    cut(text, LONGEST_TEXT)
}

/// Why a job failed, as data. The live error goes to the job's handle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JobFailure {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// The code that a console shows.
    pub code: String,
    /// The error and its causes, on one line. Of more than 256 KiB the middle is left out, and the text says so.
    pub message: String,
    /// Whether another attempt may succeed.
    pub recoverable: bool,
    /// All that there is to say, where that is more than the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<String>,
}

impl JobFailure {
    /// One that no other attempt can mend.
    #[cfg(feature = "run")]
    pub(crate) fn new(kind: FailureKind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.to_owned(), message: remembered(&message.into()), recoverable: false, report: None }
    }

    /// The error with its causes below it, and where it began if `RUST_BACKTRACE` asked for that.
    #[must_use]
    pub fn report(&self) -> &str {
        self.report.as_deref().unwrap_or(&self.message)
    }
}

impl fmt::Display for JobFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// What kind of failure ended a job or an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureKind {
    /// The work gave an error.
    Failed,
    /// The work panicked.
    Panicked,
    /// It took too long.
    TimedOut,
    /// It was cancelled.
    Cancelled,
    /// Its attempt ended without an answer.
    Lost,
    /// It ran into a limit.
    Limit,
}

/// The record of one piece of work.
///
/// # Examples
/// ```
/// use nebulakit::coordinator::{CoordinatorState, Job, JobOutcome};
///
/// let mut state = CoordinatorState::empty();
/// let id = state.add_job(Job::new("nightly"))?;
/// assert!(state.job(&id).unwrap().is_open());
/// state.end_job(&id, JobOutcome::Success)?;
/// assert_eq!(state.job(&id).unwrap().outcome(), Some(&JobOutcome::Success));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Job {
    pub(super) id: RequestId,
    pub(super) run: RunId,
    pub(super) parent: Option<Box<RequestId>>,
    pub(super) name: Option<Arc<str>>,
    pub(super) labels: Labels,
    pub(super) strategy: Strategy,
    pub(super) state: JobState,
    pub(super) attempts: u32,
    pub(super) memory: Option<NonZero<u64>>,
    pub(super) opened: SystemTime,
    pub(super) times: Times,
}

/// What people find a job by: names and values.
pub(super) type Labels = Option<Arc<[(Arc<str>, Arc<str>)]>>;

/// Readings of the clock that does not go back: the first one, and the others as nanoseconds since.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    opened: Instant,
    started: Option<NonZero<u64>>,
    closed: Option<NonZero<u64>>,
}

impl Times {
    pub(super) fn opened(opened: Instant) -> Self {
        Self { opened, started: None, closed: None }
    }

    fn since_opened(&self, now: Instant) -> Option<NonZero<u64>> {
        // Nothing is open for five centuries, and nothing begins at the very moment that it is opened.
        NonZero::new(u64::try_from(now.saturating_duration_since(self.opened).as_nanos()).unwrap_or(u64::MAX).max(1))
    }

    /// An attempt begins; what counts is the first.
    pub(super) fn start(&mut self, now: Instant) {
        self.started = self.started.or_else(|| self.since_opened(now));
    }

    pub(super) fn close(&mut self, now: Instant) {
        self.closed = self.since_opened(now);
    }

    /// When the job was closed, if it is.
    pub(super) fn closed(&self) -> Option<Instant> {
        self.opened.checked_add(after(self.closed)?)
    }
}

fn after(nanos: Option<NonZero<u64>>) -> Option<Duration> {
    nanos.map(|nanos| Duration::from_nanos(nanos.get()))
}

impl Job {
    /// A job that was opened now and waits for its turn.
    #[must_use]
    pub fn new(id: impl Into<RequestId>) -> Self {
        let id = id.into();
        Self {
            run: RunId::of(&id),
            id,
            parent: None,
            name: None,
            labels: None,
            strategy: Strategy::Async,
            state: JobState::Queued,
            attempts: 0,
            memory: None,
            opened: SystemTime::now(),
            times: Times::opened(Instant::now()),
        }
    }

    /// Gives back what it has besides its own bytes.
    pub(super) fn clear(&mut self) {
        self.id = RequestId::numbered(0);
        self.run = RunId::of(&self.id);
        (self.parent, self.name, self.labels) = (None, None, None);
        self.strategy = Strategy::Async;
        self.state = JobState::Queued;
    }

    /// What names it within its coordinator.
    #[must_use]
    pub fn id(&self) -> &RequestId {
        &self.id
    }

    /// The run that it belongs to.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// The job that started it.
    #[must_use]
    pub fn parent(&self) -> Option<&RequestId> {
        self.parent.as_deref()
    }

    /// What people call it: a task's name, or what the submitter chose.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The labels that it was submitted with.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels.iter().flat_map(|labels| labels.iter().map(|(name, value)| (&**name, &**value)))
    }

    /// How it is run.
    #[must_use]
    pub fn strategy(&self) -> &Strategy {
        &self.strategy
    }

    /// Where it is in its life.
    #[must_use]
    pub fn state(&self) -> &JobState {
        &self.state
    }

    /// Whether it is not over: the model's word for queued, running or between attempts.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, JobState::Closed(_))
    }

    /// How it ended; [`None`] while it is open.
    #[must_use]
    pub fn outcome(&self) -> Option<&JobOutcome> {
        match &self.state {
            JobState::Closed(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// How many attempts have begun.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The memory that its attempt asks for, or asked for last, in bytes: it grows where [`OnOom`](super::OnOom) says so. [`None`] where it asks for none in
    /// particular.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        self.memory.map(NonZero::get)
    }

    /// When it was submitted.
    #[must_use]
    pub fn opened(&self) -> SystemTime {
        self.opened
    }

    /// When its first attempt began, by what the wall clock would have shown, had nobody set it since the job was opened; [`None`] before that.
    #[must_use]
    pub fn started(&self) -> Option<SystemTime> {
        self.opened.checked_add(after(self.times.started)?)
    }

    /// When it ended, by the same; [`None`] while it is open.
    #[must_use]
    pub fn ended(&self) -> Option<SystemTime> {
        self.opened.checked_add(after(self.times.closed)?)
    }

    /// How long it waited for its first attempt; [`None`] where there was none yet.
    #[must_use]
    pub fn waited(&self) -> Option<Duration> {
        after(self.times.started)
    }

    /// How long it was at work: from its first attempt to its end, pauses and waits between attempts included. [`None`] while it is open, and where
    /// no attempt began.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        Some(after(self.times.closed)?.saturating_sub(after(self.times.started)?))
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.id)?;
        if let Some(name) = self.name() {
            write!(f, " ({name})")?;
        }
        match &self.state {
            JobState::Queued => f.write_str(": queued"),
            JobState::Running { attempt } => write!(f, ": running, attempt {}", attempt + 1),
            JobState::Backoff { attempt, .. } => write!(f, ": attempt {} failed, the next one is due", attempt + 1),
            JobState::Closed(JobOutcome::Success) => f.write_str(": succeeded"),
            JobState::Closed(JobOutcome::Failure(failure)) => write!(f, ": {failure}"),
        }
    }
}
