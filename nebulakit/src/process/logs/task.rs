//! What a task says of itself where its process is a job of an engine: lines on standard error, which whoever drives the plan understands.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::Level;

use super::line::{asctime, of_progress, of_task};
use crate::process::terminal;
use crate::task::sinks::{LogSink, ProgressSink};

/// The least time between two lines that tell how far a task is.
const PACE: Duration = Duration::from_millis(250);

/// Writes what the task of this process says of itself.
pub(crate) struct TaskLines {
    zone: TimeZone,
    /// When it was last told how far the task is.
    told: Mutex<Option<Instant>>,
}

impl TaskLines {
    /// Those with times in the zone that the variable `TZ` names.
    pub(crate) fn new(tz: Option<&std::ffi::OsStr>) -> Self {
        Self { zone: super::line::zone(tz), told: Mutex::default() }
    }

    fn now(&self) -> String {
        asctime(Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH), &self.zone)
    }
}

impl LogSink for TaskLines {
    fn write(&self, level: Level, message: &str) {
        terminal::write(&of_task(&self.now(), level, message));
    }
}

impl ProgressSink for TaskLines {
    fn report(&self, done: u64, total: Option<u64>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        // A task may count faster than anybody reads. Its end is always told.
        if total != Some(done) && told.is_some_and(|told| told.elapsed() < PACE) {
            return;
        }
        *told = Some(Instant::now());
        terminal::write(&of_progress(&self.now(), done, total));
    }
}
