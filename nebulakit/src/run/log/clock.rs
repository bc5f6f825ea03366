//! The clock of a run.

use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};

/// A clock that reads the wall clock once, and then continues with one that nobody sets: if the wall clock jumps, the order of events and the time between them
/// stay correct.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    began: SystemTime,
    since: Duration,
    /// The time of the last event before it.
    last: Option<SystemTime>,
}

impl Clock {
    /// A clock that shows the current time, or the time of the last event if the wall clock was set back behind it.
    pub(super) fn behind(last: Option<SystemTime>) -> Self {
        let now = SystemTime::now();
        Self { began: last.map_or(now, |last| last.max(now)), since: uptime(), last }
    }

    pub(super) fn last(&self) -> Option<SystemTime> {
        self.last
    }

    pub(super) fn now(&self) -> SystemTime {
        self.began + uptime().saturating_sub(self.since)
    }
}

/// How long the machine has been up, including the time that it slept.
fn uptime() -> Duration {
    #[cfg(target_os = "linux")]
    let time = clock_gettime(ClockId::Boottime);
    #[cfg(not(target_os = "linux"))]
    let time = clock_gettime(ClockId::Monotonic);
    Duration::try_from(time).unwrap_or_default()
}
