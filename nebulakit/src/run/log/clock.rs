//! What time it is in a run.

use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};

/// A clock that reads the wall clock once, and goes on by one that nobody sets: where the wall clock jumps, the order of events and the time between them
/// stay true.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    began: SystemTime,
    since: Duration,
}

impl Clock {
    /// A clock that shows the time by now, or that of the last event before it where the wall clock was set back behind that.
    pub(super) fn behind(last: Option<SystemTime>) -> Self {
        let now = SystemTime::now();
        Self { began: last.map_or(now, |last| last.max(now)), since: uptime() }
    }

    pub(super) fn now(&self) -> SystemTime {
        self.began + uptime().saturating_sub(self.since)
    }
}

/// How long the machine is up, the time that it slept included.
fn uptime() -> Duration {
    #[cfg(target_os = "linux")]
    let time = clock_gettime(ClockId::Boottime);
    #[cfg(not(target_os = "linux"))]
    let time = clock_gettime(ClockId::Monotonic);
    Duration::try_from(time).unwrap_or_default()
}
