//! Requests to stop, and what a task says that was stopped by one.

use std::time::{Duration, Instant};

use crate::{Ended, RECOVERABLE, SYSTEM, Started};

/// What the platform's own patience is about: a container that was asked to stop has to be gone soon. A process gives itself two seconds; a busy machine may take as
/// much again.
pub const SOON: Duration = Duration::from_secs(4);

/// Sends the signal, and waits for the end, which has to come soon.
pub fn stop(started: Started, signal: &str) -> Ended {
    let begin = Instant::now();
    started.signal(signal);
    let ended = started.wait();
    assert!(begin.elapsed() < SOON, "ended after {:?}", begin.elapsed());
    ended
}

/// Whether the document says that the task was stopped, and `by` what; its message.
pub fn is_terminated(ended: &Ended, by: &str) -> String {
    let error = ended.error();
    assert_eq!((error.code.as_str(), error.kind, error.origin), ("SYSTEM:Terminated", RECOVERABLE, SYSTEM), "{}", error.message);
    assert!(error.message.contains(by), "{}", error.message);
    error.message
}
