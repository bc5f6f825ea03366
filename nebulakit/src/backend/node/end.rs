//! How an attempt ended, from what its process left and how it went.

use std::io;
use std::os::unix::process::ExitStatusExt as _;

use super::files;
use super::folder::AttemptFolder;
use super::record::{FailureRecord, Outcome};
use crate::process::error_document::{Told, read};
use crate::process::supervise::Ended;
use crate::task::failure::{Failure, code};

/// How an attempt ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) outcome: Outcome,
    pub(super) failure: Option<FailureRecord>,
    pub(super) exit: Option<i32>,
    pub(super) signal: Option<i32>,
}

impl End {
    /// That of a process that ran `task`; `limit` is how many seconds it had.
    pub(super) fn of(attempt: &AttemptFolder, task: &str, ended: Ended, limit: Option<u64>) -> Self {
        let (exit, signal) = (ended.status.code(), ended.status.signal());
        let (outcome, failure) = match stored(attempt, &ended) {
            Stored::Outputs => (Outcome::Succeeded, None),
            // What it says is that it was told to stop; that its time was up is known here alone.
            _ if ended.is_overdue => (Outcome::Ended, Some(overdue(task, limit))),
            Stored::Failure(failure) => (Outcome::Failed, Some(failure)),
            Stored::Nothing(failure) => (Outcome::Ended, Some(failure)),
        };
        Self { outcome, failure, exit, signal }
    }

    /// Where no process could be started.
    pub(super) fn not_started(error: &io::Error) -> Self {
        Self { outcome: Outcome::Ended, failure: Some(FailureRecord::of(Failure::cannot_start(error))), exit: None, signal: None }
    }
}

/// What the attempt's process stored.
enum Stored {
    Outputs,
    Failure(FailureRecord),
    /// Neither, and what that comes to.
    Nothing(FailureRecord),
}

fn stored(attempt: &AttemptFolder, ended: &Ended) -> Stored {
    // Outputs of a process that did not say that they are stored may be of any kind.
    if let Some(failure) = &ended.unsaid {
        let failure = match ended.is_stopped {
            true => Failure { code: code::TERMINATED.to_owned(), recoverable: Some(true), ..failure.clone() },
            false => failure.clone(),
        };
        return Stored::Nothing(FailureRecord::of(failure));
    }
    match files::exists(&attempt.file("outputs.pb")) {
        Ok(true) => return Stored::Outputs,
        Ok(false) => {}
        Err(error) => {
            return Stored::Nothing(FailureRecord::of(Failure::system(format!("cannot look for the stored outputs: {error}"), true)));
        }
    }
    match files::read(&attempt.file("error.pb")).map(|document| read(&document)) {
        Ok(Some(told)) => Stored::Failure(FailureRecord::told(told)),
        Ok(None) => Stored::Nothing(FailureRecord::of(Failure::system("the stored error document is not one", true))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && ended.status.success() => {
            let said = "the task asked to end without outputs, and what comes behind it in the workflow has no inputs";
            Stored::Failure(FailureRecord::of(Failure { recoverable: Some(false), ..Failure::user(code::IGNORED, said) }))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let said =
                format!("neither outputs nor an error could be stored\nthe end of what was written to standard error:\n{}", ended.tail);
            let failure = Failure::system(said, true);
            let code = if ended.is_stopped { code::TERMINATED.to_owned() } else { failure.code };
            Stored::Nothing(FailureRecord::of(Failure { code, ..failure }))
        }
        Err(error) => Stored::Nothing(FailureRecord::of(Failure::system(format!("cannot read the stored error: {error}"), true))),
    }
}

fn overdue(task: &str, limit: Option<u64>) -> FailureRecord {
    let limit = limit.unwrap_or_default();
    let said = format!("the task `{task}` ran longer than its time limit of {limit} s");
    FailureRecord::of(Failure { recoverable: Some(true), ..Failure::user(code::TIMEOUT, said) })
}

impl FailureRecord {
    /// What an error document tells.
    fn told(Told { code, message, recoverable }: Told) -> Self {
        Self { kind: kind(&code).to_owned(), code, message, recoverable }
    }

    /// A failure of which no document tells.
    pub(super) fn of(Failure { code, message, recoverable, .. }: Failure) -> Self {
        Self::told(Told { code, message, recoverable: recoverable == Some(true) })
    }
}

/// A failure that no other attempt mends, outside of a task.
pub(super) fn final_failure(code: &str, message: String) -> FailureRecord {
    FailureRecord { kind: "failed".to_owned(), code: code.to_owned(), message, recoverable: false }
}

/// The kind of a failure with that code, in the words of events.
fn kind(code: &str) -> &'static str {
    match code {
        code::PANIC => "panicked",
        code::TIMEOUT => "timed_out",
        code::OUT_OF_MEMORY => "limit",
        code::LOST | code::TERMINATED | code::EXITED | code::ABORTED | code::STACK_OVERFLOW | code::CRASHED => "lost",
        _ => "failed",
    }
}

#[cfg(test)]
#[cfg(feature = "run")]
mod tests {
    use super::*;
    use crate::run::{FailureKind, JobFailure};

    #[test]
    fn a_failure_is_one_of_events() {
        let rows = [
            (code::PANIC, FailureKind::Panicked),
            (code::TIMEOUT, FailureKind::TimedOut),
            (code::OUT_OF_MEMORY, FailureKind::Limit),
            (code::ABORTED, FailureKind::Lost),
            ("X", FailureKind::Failed),
        ];
        for (code, kind) in rows {
            let failure = FailureRecord::of(Failure { recoverable: Some(true), ..Failure::user(code, "said") });
            let read: JobFailure = serde_json::from_value(serde_json::to_value(failure).unwrap()).unwrap();
            assert_eq!((read.kind, read.code.as_str(), read.message.as_str(), read.recoverable), (kind, code, "said", true));
        }
    }
}
