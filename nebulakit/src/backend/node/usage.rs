//! What the task's process took of the machine.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// What all processes took that this one has started and waited for.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Took {
    /// CPU time, of the user's code and in the kernel.
    pub(super) cpu_seconds: Option<f64>,
    /// The most memory that the largest of them had at once.
    pub(super) peak_bytes: Option<u64>,
}

/// Asks the kernel.
pub(super) fn took() -> Took {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return Took::default() };
    let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
    Took {
        cpu_seconds: Some(seconds(usage.user_time()) + seconds(usage.system_time())),
        peak_bytes: u64::try_from(usage.max_rss()).ok().map(|peak| peak.saturating_mul(unit)),
    }
}

fn seconds(time: TimeVal) -> f64 {
    Duration::new(time.tv_sec().unsigned_abs(), u32::try_from(time.tv_usec()).unwrap_or(0) * 1_000).as_secs_f64()
}
