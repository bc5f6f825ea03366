//! Time, as the coordinator sees it.

use std::pin::Pin;
use std::time::{Instant, SystemTime};

/// Where a coordinator has its time from; tests bring one that they turn by hand.
pub trait Clock: Send + Sync {
    /// What deadlines and durations go by; it never goes back.
    fn now(&self) -> Instant;

    /// What people are shown.
    fn wall(&self) -> SystemTime;

    /// Waits until [`now`](Self::now) is `until` or later.
    fn sleep_until(&self, until: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The machine's time; that of a runtime of tokio's that is paused, where it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep_until(&self, until: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(tokio::time::sleep_until(until.into()))
    }
}
