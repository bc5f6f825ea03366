//! How a worker ended that gave no answer, as the error of its job.

use std::process::ExitStatus;

use crate::coordinator::error::{JobError, Limit, Lost};
use crate::coordinator::strategy::workers::limits::Kept;
use crate::process::fate::Fate;
use crate::process::memory::Exceeded;

const SIGXCPU: i32 = 24;

/// What a worker with so much memory by its own limit that ended so, with `tail` as the last lines of its output, makes of the attempt.
pub(in crate::coordinator::strategy) fn of(
    status: ExitStatus,
    exceeded: Option<Exceeded>,
    tail: String,
    own_memory: Option<u64>,
    kept: &Kept,
) -> JobError {
    let fate = Fate::of(status, exceeded, &tail);
    let limit = match fate {
        Fate::OutOfMemory(Exceeded { limit, peak }) => Some(Limit::Memory { limit, peak }),
        Fate::WithoutMemory => own_memory.map(|limit| Limit::Memory { limit: Some(limit), peak: None }),
        Fate::Signal(SIGXCPU) => kept.cpu_time().map(Limit::Cpu),
        _ => None,
    };
    if let Some(limit) = limit {
        return JobError::Limit { limit, tail: tail.into() };
    }
    let how = match fate {
        Fate::Exited(code) => Lost::Exited(code),
        Fate::StackOverflow => Lost::StackOverflow,
        Fate::Aborted | Fate::WithoutMemory => Lost::Aborted,
        Fate::Signal(_) | Fate::OutOfMemory(_) => Lost::Signal(fate.signal()),
    };
    JobError::Lost { how, tail: tail.into() }
}
