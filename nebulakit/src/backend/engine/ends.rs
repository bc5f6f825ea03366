//! What an attempt on an engine comes to, as the error of its job.

use std::sync::Arc;
use std::time::Duration;

use nebulakit_types::visible;

use super::board::Verdict;
use super::contract::{Ending, EngineEnd, EngineJob};
use crate::backend::node::{FailureRecord, Record};
use crate::coordinator::{CancelReason, JobError, Limit, Lost, Timeout};
use crate::task::error::TaskError;
use crate::task::failure::code;

/// The longest end of what a job printed that is told, in bytes.
pub(super) const TAIL: usize = 4 << 10;

/// The error of an attempt that left this record, which is no success.
pub(in crate::backend) fn of_record(record: &Record, job: &EngineJob, tail: &str) -> JobError {
    let tail: Arc<str> = tail.into();
    let Some(FailureRecord { kind, code, message, recoverable }) = &record.failure else {
        return JobError::Lost { how: Lost::Strategy("the attempt left a record that says neither success nor failure".to_owned()), tail };
    };
    match (&**kind, &**code) {
        ("panicked", _) => JobError::Panicked(message.as_str().into()),
        ("timed_out", _) => JobError::TimedOut { timeout: Timeout::StartToClose, limit: job.time.unwrap_or_default() },
        ("limit", _) => JobError::Limit { limit: Limit::Memory { limit: job.memory, peak: record.peak_bytes }, tail },
        ("lost", code::ABORTED) => JobError::Lost { how: Lost::Aborted, tail },
        ("lost", code::STACK_OVERFLOW) => JobError::Lost { how: Lost::StackOverflow, tail },
        ("lost", _) => JobError::Lost { how: lost(record, message), tail },
        _ => said(message, Some(*recoverable), code),
    }
}

fn lost(record: &Record, message: &str) -> Lost {
    match (record.exit, record.signal) {
        (_, Some(signal)) => Lost::Signal(signal),
        (Some(exit), None) if exit != 0 => Lost::Exited(exit),
        _ => Lost::Strategy(message.to_owned()),
    }
}

/// The error of an attempt that left no record.
pub(super) fn of_verdict(verdict: &Verdict, engine: &str, job: &EngineJob, tail: &str) -> JobError {
    match verdict {
        Verdict::Refused(reason) => {
            said(&format!("`{engine}` refuses the job `{}`: {}", job.name, visible::line(reason)), Some(false), code::REFUSED)
        }
        Verdict::Lost(reason) => {
            let said = format!("the job `{}` is lost: {}", job.name, visible::line(reason));
            JobError::Lost { how: Lost::Strategy(said), tail: tail.into() }
        }
        Verdict::Queued(limit, reason) => {
            let reason = reason.as_deref().map_or_else(|| "the reason is unknown".to_owned(), |reason| visible::line(reason).into_owned());
            said(
                &format!("`{engine}` kept the job `{}` in its queue for longer than {limit:?}: {reason}", job.name),
                Some(false),
                code::TIMEOUT,
            )
        }
        Verdict::Ended(end) => of_end(end, engine, job, tail),
    }
}

fn of_end(EngineEnd { how, reason }: &EngineEnd, engine: &str, job: &EngineJob, tail: &str) -> JobError {
    let because = reason.as_ref().map(|reason| format!(": {}", visible::line(reason))).unwrap_or_default();
    let told = |what: &str| Lost::Strategy(format!("{what}, and left no record, says `{engine}`{because}"));
    let lost = |how: Lost| JobError::Lost { how, tail: tail.into() };
    match how {
        Ending::OutOfTime => JobError::TimedOut { timeout: Timeout::StartToClose, limit: job.time.unwrap_or(Duration::ZERO) },
        Ending::OutOfMemory => JobError::Limit { limit: Limit::Memory { limit: job.memory, peak: None }, tail: tail.into() },
        // What the verb says when another attempt would end in the same way.
        Ending::Exited(exit @ (2 | 4)) => {
            said(&format!("the job `{}` could not begin: exit code {exit}{because}\n{tail}", job.name), Some(false), code::USER)
        }
        Ending::Exited(0) => {
            let folder = job.plan.display();
            lost(Lost::Strategy(format!(
                "the job `{}` ended well, says `{engine}`, but its record is not in {folder}\nhint: is this folder on a file system that the machine of the job shares?",
                job.name
            )))
        }
        Ending::Exited(exit) => lost(told(&format!("the job `{}` ended with exit code {exit}", job.name))),
        Ending::Signalled(signal) => lost(told(&format!("the job `{}` was ended by signal {signal}", job.name))),
        Ending::NodeLost => lost(told(&format!("the machine of the job `{}` is gone", job.name))),
        Ending::Preempted => lost(told(&format!("the job `{}` was preempted more often than it may be", job.name))),
        Ending::EngineFault => lost(told(&format!("the job `{}` could not be run", job.name))),
        Ending::Unknown => lost(told(&format!("the job `{}` is over", job.name))),
        Ending::Cancelled => said(&format!("the job `{}` was cancelled on `{engine}`{because}", job.name), Some(false), code::CANCELLED),
    }
}

/// The error of an attempt that was told to stop.
pub(in crate::backend) fn cancelled() -> JobError {
    JobError::Cancelled(CancelReason::Caller)
}

pub(super) fn said(message: &str, recoverable: Option<bool>, code: &str) -> JobError {
    JobError::Failed(Arc::new(TaskError::with_marks(anyhow::anyhow!("{message}"), recoverable, Some(code.to_owned()))))
}
