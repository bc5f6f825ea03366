//! Why work was not taken, and why a job did not succeed.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::coordinator::id::RequestId;
use crate::coordinator::job::{FailureKind, JobFailure, remembered};
use crate::coordinator::resources::{Refused, Resource};
use crate::process::fate::{SignalName, is_fault};
use crate::task::error::TaskError;
use crate::task::failure::{chain_in_line, code, report};
use crate::task::fatal::Fatal;
use crate::task::panic::told;
use crate::task::quantity::written;
use crate::task::strategy::Strategy;

/// What work is made of; a strategy may not be able to run each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WorkKind {
    /// A closure that gives futures, or one future.
    Async,
    /// A closure that blocks.
    Blocking,
    /// A task of the registry with its inputs.
    Task,
    /// A program in an image: a command, or a container task with its inputs.
    Container,
}

impl WorkKind {
    /// Whether it can run in this process.
    pub(super) fn is_here(self) -> bool {
        match self {
            Self::Async | Self::Blocking | Self::Task => true,
            Self::Container => false,
        }
    }
}

impl fmt::Display for WorkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Async => "a future",
            Self::Blocking => "a closure that blocks",
            Self::Task => "a task",
            Self::Container => "a container",
        })
    }
}

/// Why work was not taken. No job came of it and no event tells of it.
#[derive(Debug)]
#[non_exhaustive]
pub enum SubmitError {
    /// The coordinator was shut down.
    Closed,
    /// As many jobs are open as may be; `submit` waits instead.
    Full,
    /// A job of this id is open, or still in the history.
    Duplicate(RequestId),
    /// The coordinator has no such strategy.
    NoStrategy {
        /// The strategy.
        strategy: Strategy,
        /// Those that it has.
        known: Vec<Strategy>,
    },
    /// The strategy cannot run work of this kind.
    WrongKind {
        /// The strategy.
        strategy: Strategy,
        /// What was submitted.
        kind: WorkKind,
    },
    /// A job with this idempotency key is known that does other work.
    KeyConflict(Arc<str>),
    /// A child has no idempotency key of its own: it ends with the job that started it, and others could not share it.
    KeyOfChild(Arc<str>),
    /// It asks for more of a resource than there is in all, or than is left beside what the jobs that wait for it keep. Amounts are cores, bytes, GPUs or
    /// tokens.
    NeverFits {
        /// The resource.
        resource: Resource,
        /// How much it asks for.
        asked: f64,
        /// How much the jobs that wait for it keep until it is over.
        kept: f64,
        /// How much there is.
        limit: f64,
    },
    /// It asks for tokens that have no limit.
    UnknownToken {
        /// Their name.
        token: Arc<str>,
        /// The names of those that have one.
        known: Vec<Arc<str>>,
    },
    /// The limits cannot be shared with other processes, as they should be; why.
    Unshared(String),
    /// An amount of a resource that it asks for is none, as fewer cores than 0; what is wrong.
    Amount(String),
    /// The inputs of the task cannot be encoded. Where their data cannot be stored, an attempt fails instead.
    Inputs(nebulakit_types::Error),
    /// Threads cannot be started.
    Runtime(std::io::Error),
}

impl From<Refused> for SubmitError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NeverFits { resource, asked, kept, limit } => Self::NeverFits { resource, asked, kept, limit },
            Refused::UnknownToken { token, known } => Self::UnknownToken { token, known },
            Refused::Amount(said) => Self::Amount(said),
        }
    }
}

impl fmt::Display for SubmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "the job")
    }
}

impl SubmitError {
    /// The same of `who`, which is not a job yet.
    #[cfg(feature = "run")]
    pub(crate) fn of(&self, who: &str) -> String {
        let mut said = String::new();
        // Text takes all that is written.
        let _ = self.write(&mut said, who);
        said
    }

    fn write(&self, f: &mut dyn fmt::Write, who: &str) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the coordinator was shut down and takes no more work"),
            Self::Full => f.write_str("the coordinator has as many open jobs as it may have"),
            Self::Duplicate(id) => write!(f, "there is a job `{id}` already"),
            Self::NoStrategy { strategy, known } => {
                let known: Vec<_> = known.iter().map(|strategy| format!("`{strategy}`")).collect();
                write!(f, "the coordinator has no strategy `{strategy}`; it has {}", known.join(", "))
            }
            Self::WrongKind { strategy, kind } => {
                write!(f, "the strategy `{strategy}` cannot run {kind}")?;
                match kind {
                    WorkKind::Task => Ok(()),
                    WorkKind::Container => f.write_str("\nhint: submit it for `Strategy::Container`"),
                    _ => f.write_str("\nhint: make it a `#[task]`: code leaves this process by its name, with its inputs as data"),
                }
            }
            Self::KeyConflict(key) => write!(f, "the idempotency key `{key}` belongs to a job that does other work"),
            Self::KeyOfChild(key) => {
                write!(f, "a child of a job has no idempotency key of its own, and `{key}` was given; submit it to the coordinator instead")
            }
            Self::NeverFits { resource, asked, kept, limit } => {
                write!(f, "{who} asks for {}, and the limit is {}", resource.amount(*asked), resource.amount(*limit))?;
                if *kept > 0.0 {
                    write!(f, ", of which the jobs that wait for it keep {}", resource.amount(*kept))?;
                }
                write!(f, ": it would wait for ever\nhint: {}", resource.hint())
            }
            Self::UnknownToken { token, known } => {
                write!(f, "{who} asks for tokens `{token}`, which have no limit")?;
                if !known.is_empty() {
                    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
                    write!(f, "; there are limits for {}", known.join(", "))?;
                }
                write!(
                    f,
                    "\nhint: set it by `Coordinator::builder().tokens(\"{token}\", ..)`, on the command line by `--tokens {token}=..`"
                )
            }
            Self::Amount(said) | Self::Unshared(said) => f.write_str(said),
            Self::Inputs(_) => f.write_str("the inputs of the task cannot be encoded"),
            Self::Runtime(_) => f.write_str("no thread can be started for the job"),
        }
    }
}

impl StdError for SubmitError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Inputs(error) => Some(error),
            Self::Runtime(error) => Some(error),
            _ => None,
        }
    }
}

/// Who or what cancelled a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CancelReason {
    /// The program asked for it, by the handle or by the id.
    Caller,
    /// The job that started it ended without success.
    Parent,
    /// Another job of the run failed for good and took the run with it; see [`Fatal`].
    Fatal,
    /// The coordinator was shut down.
    Shutdown,
}

impl CancelReason {
    /// What the children of a job that was cancelled for it are told.
    pub(super) fn passed_on(self) -> Self {
        match self {
            Self::Caller => Self::Parent,
            other => other,
        }
    }
}

impl fmt::Display for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caller => "by request",
            Self::Parent => "with the job that started it",
            Self::Fatal => "because another job of the run failed for good",
            Self::Shutdown => "because the coordinator was shut down",
        })
    }
}

/// Which time ran out. The names are Temporal's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Timeout {
    /// It waited too long for its turn.
    ScheduleToStart,
    /// An attempt ran too long.
    StartToClose,
    /// Its waits, attempts and pauses took too long in all, or its parent's did.
    ScheduleToClose,
    /// It showed no sign of life for too long.
    Heartbeat,
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ScheduleToStart => "waited for its turn for longer than its schedule-to-start timeout",
            Self::StartToClose => "ran longer than its timeout",
            Self::ScheduleToClose => "was not over within its schedule-to-close timeout",
            Self::Heartbeat => "showed no sign of life within its heartbeat timeout",
        })
    }
}

/// How an attempt ended that gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lost {
    /// The runtime was shut down, or the future that drove the job was dropped.
    Runtime,
    /// The worker process ended with this exit code.
    Exited(i32),
    /// The worker process was ended by this signal.
    Signal(i32),
    /// The worker process aborted itself.
    Aborted,
    /// The worker process overflowed its stack.
    StackOverflow,
    /// The strategy ended the attempt without an outcome, or cannot go on; and what it says of that.
    Strategy(String),
}

impl Lost {
    /// The code of what the work itself did to its process, else of an end that came from outside.
    fn code(&self) -> &'static str {
        match self {
            Self::Exited(_) => code::EXITED,
            Self::Aborted => code::ABORTED,
            Self::StackOverflow => code::STACK_OVERFLOW,
            Self::Signal(signal) if is_fault(*signal) => code::CRASHED,
            Self::Signal(_) | Self::Runtime | Self::Strategy(_) => code::LOST,
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runtime => f.write_str("the runtime was shut down while the job was open"),
            Self::Exited(code) => write!(f, "the worker process ended with exit code {code}"),
            Self::Signal(signal) => write!(f, "the worker process was ended by {}", SignalName(*signal)),
            Self::Aborted => f.write_str("the worker process aborted (signal 6)"),
            Self::StackOverflow => f.write_str("the worker process overflowed its stack"),
            Self::Strategy(said) => f.write_str(said),
        }
    }
}

/// A limit that an attempt ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// Memory, in bytes.
    Memory {
        /// The limit, where it is known.
        limit: Option<u64>,
        /// The most that was used, where it is known.
        peak: Option<u64>,
    },
    /// Memory, in bytes, where [`OnOom`](super::OnOom) has given as much as can be given.
    MostMemory {
        /// The limit, where it is known.
        limit: Option<u64>,
        /// The most that was used, where it is known.
        peak: Option<u64>,
        /// The most that can be given.
        most: u64,
        /// Whether the work's own `on_oom` sets that limit; otherwise it is all that the coordinator has.
        is_asked: bool,
    },
    /// CPU time.
    Cpu(Duration),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory { limit: Some(limit), peak: Some(peak) } => write!(f, "out of memory: it used {peak} of {limit} bytes"),
            Self::Memory { limit: Some(limit), peak: None } => write!(f, "out of memory: its limit is {limit} bytes"),
            Self::Memory { limit: None, .. } => f.write_str("out of memory: the system ended it"),
            Self::MostMemory { limit, peak, most, is_asked } => {
                write!(f, "{}; {}", Self::Memory { limit: *limit, peak: *peak }, no_more(*most, *is_asked))
            }
            Self::Cpu(limit) => write!(f, "it used all of its CPU time of {limit:?}"),
        }
    }
}

/// Why no attempt gets more memory.
fn no_more(most: u64, is_asked: bool) -> String {
    let most = written(most);
    if is_asked { format!("its `on_oom` goes up to {most}, and gives no more") } else { format!("no more than {most} can be given here") }
}

/// Why a job did not succeed: what [`JobHandle::join`](super::JobHandle::join) gives, with the live error of the work.
///
/// # Examples
/// ```
/// use nebulakit::coordinator::{Coordinator, JobError, Strategy, Work};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// let coordinator = Coordinator::new();
/// let work = Work::new(|_| async { Ok::<_, std::io::Error>(std::fs::read_to_string("/no/such/file")?) });
/// let error = coordinator.submit(work, Strategy::Async).await?.join().await.unwrap_err();
/// assert!(error.downcast_ref::<std::io::Error>().is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum JobError {
    /// The work gave an error.
    Failed(Arc<TaskError>),
    /// The work panicked: where, and what it said.
    Panicked(Arc<str>),
    /// It took too long.
    TimedOut {
        /// Which of its times ran out.
        timeout: Timeout,
        /// How long that time was.
        limit: Duration,
    },
    /// It was cancelled.
    Cancelled(CancelReason),
    /// Its attempt ended without an answer.
    Lost {
        /// How.
        how: Lost,
        /// The last lines of its output, where it was a process.
        tail: Arc<str>,
    },
    /// It ran into a limit.
    Limit {
        /// Which.
        limit: Limit,
        /// The last lines of its output, where it was a process.
        tail: Arc<str>,
    },
}

impl JobError {
    pub(crate) fn lost(how: Lost) -> Self {
        Self::Lost { how, tail: "".into() }
    }

    /// Whether another attempt may succeed: errors that are marked so, lost workers, limits and attempts that took too long.
    #[must_use]
    pub fn is_recoverable(&self) -> bool {
        match self {
            Self::Failed(error) => error.is_recoverable() == Some(true),
            Self::TimedOut { timeout, .. } => matches!(timeout, Timeout::StartToClose | Timeout::Heartbeat),
            // The next attempt would not find a runtime either, and what the work itself did it would do again.
            Self::Lost { how, .. } => *how != Lost::Runtime && how.code() == code::LOST,
            Self::Limit { .. } => true,
            Self::Panicked(_) | Self::Cancelled(_) => false,
        }
    }

    /// The code that a console shows.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Failed(error) => match error.code() {
                Some(code) => code,
                None if self.is_recoverable() => code::USER_RECOVERABLE,
                None => code::USER,
            },
            Self::Panicked(_) => code::PANIC,
            Self::TimedOut { .. } => code::TIMEOUT,
            Self::Cancelled(_) => code::CANCELLED,
            Self::Lost { how, .. } => how.code(),
            Self::Limit { limit: Limit::Memory { .. } | Limit::MostMemory { .. }, .. } => code::OUT_OF_MEMORY,
            Self::Limit { limit: Limit::Cpu(_), .. } => code::TIMEOUT,
        }
    }

    /// The error of the work's own, by its type.
    #[must_use]
    pub fn downcast_ref<E: fmt::Display + fmt::Debug + Send + Sync + 'static>(&self) -> Option<&E> {
        match self {
            Self::Failed(error) => error.downcast_ref(),
            _ => None,
        }
    }

    /// Whether the run is to end with this job.
    pub(crate) fn is_fatal(&self) -> bool {
        match self {
            Self::Failed(error) => error.downcast_ref::<Fatal>().is_some(),
            _ => false,
        }
    }

    /// The same error, out of memory, with why the next attempt gets no more.
    pub(crate) fn without_more_memory(self, most: u64, is_asked: bool) -> Self {
        match self {
            Self::Limit { limit: Limit::Memory { limit, peak }, tail } => {
                Self::Limit { limit: Limit::MostMemory { limit, peak, most, is_asked }, tail }
            }
            Self::Failed(error) => Self::Failed(match Arc::try_unwrap(error) {
                Ok(error) => Arc::new(error.with_note(&no_more(most, is_asked))),
                Err(shared) => shared,
            }),
            other => other,
        }
    }

    /// What is remembered of it.
    pub(crate) fn to_failure(&self) -> JobFailure {
        let kind = match self {
            Self::Failed(_) => FailureKind::Failed,
            Self::Panicked(_) => FailureKind::Panicked,
            Self::TimedOut { .. } => FailureKind::TimedOut,
            Self::Cancelled(_) => FailureKind::Cancelled,
            Self::Lost { .. } => FailureKind::Lost,
            Self::Limit { .. } => FailureKind::Limit,
        };
        // The text of the work's own error is the work's code.
        let (message, report) = told(|| (chain_in_line(self), self.report()))
            .unwrap_or_else(|panic| (format!("the text of the error panicked at {panic}"), None));
        let report = report.filter(|report| *report != message).map(|report| remembered(&report));
        let message = remembered(&message);
        JobFailure { kind, code: self.code().to_owned(), message, recoverable: self.is_recoverable(), report }
    }

    /// The work's own error with its causes below it.
    fn report(&self) -> Option<String> {
        match self {
            Self::Failed(error) => Some(report(self, error.backtrace())),
            _ => None,
        }
    }

    /// The same for a task that started the job by `::call(..)`.
    pub(crate) fn into_task_error(self) -> TaskError {
        match self {
            Self::Failed(error) => Arc::try_unwrap(error).unwrap_or_else(TaskError::new),
            other => {
                let (recoverable, code) = (other.is_recoverable(), other.code().to_owned());
                let error = anyhow::Error::from(other);
                if recoverable { TaskError::recoverable(error) } else { TaskError::permanent(error) }.with_code(code)
            }
        }
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = match self {
            Self::Failed(error) => return error.fmt(f),
            Self::Panicked(said) => return f.write_str(said),
            Self::TimedOut { timeout, limit } => return write!(f, "the job {timeout} of {limit:?}"),
            Self::Cancelled(reason) => return write!(f, "the job was cancelled {reason}"),
            Self::Lost { how, tail } => {
                how.fmt(f)?;
                tail
            }
            Self::Limit { limit, tail } => {
                limit.fmt(f)?;
                tail
            }
        };
        if tail.is_empty() { Ok(()) } else { write!(f, "\nthe end of its output:\n{tail}") }
    }
}

impl StdError for JobError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            // The error's first source is what it says itself.
            Self::Failed(error) => error.source().and_then(StdError::source),
            _ => None,
        }
    }
}
