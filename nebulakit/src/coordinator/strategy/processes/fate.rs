//! How a worker ended that gave no answer, told apart.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use crate::coordinator::error::{JobError, Limit, Lost};
use crate::coordinator::strategy::processes::limits::Kept;

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;

/// What Rust's runtime says before it aborts for want of stack.
const OVERFLOW: &str = "has overflowed its stack";

/// What Rust's runtime says before it aborts for want of memory.
const NO_MEMORY: &str = "memory allocation of ";

/// What a worker that ended so, with `tail` as the last lines of its output, makes of the attempt.
pub(super) fn of(status: ExitStatus, exceeded: Option<Limit>, tail: String, kept: &Kept) -> JobError {
    let limit = match status.signal() {
        Some(SIGKILL) => exceeded,
        Some(SIGABRT) if tail.contains(NO_MEMORY) => kept.own_memory().map(|limit| Limit::Memory { limit: Some(limit), peak: None }),
        Some(SIGXCPU) => kept.cpu_time().map(Limit::Cpu),
        _ => None,
    };
    if let Some(limit) = limit {
        return JobError::Limit { limit, tail: tail.into() };
    }
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => Lost::Exited(code),
        (None, Some(SIGABRT)) if tail.contains(OVERFLOW) => Lost::StackOverflow,
        (None, Some(SIGABRT)) => Lost::Aborted,
        (None, signal) => Lost::Signal(signal.unwrap_or_default()),
    };
    JobError::Lost { how, tail: tail.into() }
}
