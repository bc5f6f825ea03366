//! Words for the states of runs and nodes, and text for times and sizes.

use std::time::{Duration, SystemTime};

use crate::coordinator::{RunId, Usage};
use crate::run::event::{Origin, RunOutcome};
use crate::run::state::{NodeStatus, RunStatus};

/// The status of a run, in a word.
pub(crate) fn status(status: &RunStatus) -> &'static str {
    match status {
        RunStatus::Unknown => "starting",
        RunStatus::Running => "running",
        RunStatus::Stopping => "stopping",
        RunStatus::Interrupted => "interrupted",
        RunStatus::Elsewhere => "elsewhere",
        RunStatus::Ended(RunOutcome::Succeeded) => "succeeded",
        RunStatus::Ended(RunOutcome::Failed { .. }) => "failed",
        RunStatus::Ended(RunOutcome::Cancelled) => "cancelled",
    }
}

/// The status of a node, in a word.
pub(crate) fn stands(status: &NodeStatus) -> &'static str {
    match status {
        NodeStatus::Queued => "queued",
        NodeStatus::Running => "running",
        NodeStatus::Backoff => "retrying",
        NodeStatus::Waiting { .. } => "waiting",
        NodeStatus::Succeeded(_) => "done",
        NodeStatus::Failed => "failed",
        NodeStatus::Skipped { .. } => "skipped",
        NodeStatus::Cancelled => "stopped",
    }
}

/// Where the outputs of a node are from that did not run itself.
pub(crate) fn origin(status: &NodeStatus, resumes: Option<&RunId>) -> Option<String> {
    match status {
        NodeStatus::Succeeded(Origin::Cache) => Some("from the cache".to_owned()),
        NodeStatus::Succeeded(Origin::Resumed) => {
            Some(resumes.map_or_else(|| "from another run".to_owned(), |run| format!("from the run {run}")))
        }
        _ => None,
    }
}

/// `1 element`, `3 elements`
pub(crate) fn elements(count: u64) -> String {
    if count == 1 { "1 element".to_owned() } else { format!("{count} elements") }
}

/// `2026-11-29 23:15:01Z`; empty if the time is beyond the calendar.
pub(crate) fn moment(at: SystemTime) -> String {
    jiff::Timestamp::try_from(at).map(|at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()).unwrap_or_default()
}

/// The time between two moments; zero if the clock was set back.
pub(crate) fn between(from: Option<SystemTime>, to: SystemTime) -> Duration {
    from.and_then(|from| to.duration_since(from).ok()).unwrap_or_default()
}

/// Up to when a run took its time: its end, the last that was heard of it where nobody drives it any more, else now.
pub(crate) fn until(status: &RunStatus, ended: Option<SystemTime>, latest: Option<SystemTime>) -> SystemTime {
    let last = if matches!(status, RunStatus::Interrupted | RunStatus::Elsewhere) { latest } else { None };
    ended.or(last).unwrap_or_else(SystemTime::now)
}

/// `350 ms`, `1.2 s`, `2m 5s`, `1h 2m`
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..60 => format!("{seconds}.{} s", time.subsec_millis() / 100),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        _ => format!("{}h {}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// `350 B`, `7168 KiB`
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut whole = bytes;
    while whole >= 1024 * 10 && unit + 1 < UNITS.len() {
        whole /= 1024;
        unit += 1;
    }
    format!("{whole} {}", UNITS[unit])
}

/// `1.2 s CPU, 45 MiB`; empty if neither is known.
pub(crate) fn usage(used: &Usage) -> String {
    let cpu = used.cpu.map(|cpu| format!("{} CPU", time(cpu)));
    cpu.into_iter().chain(used.memory.map(size)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let said = [0, 999, 1_250, 59_999, 125_000, 3_725_000].map(|millis| time(Duration::from_millis(millis)));
        assert_eq!(said, ["0 ms", "999 ms", "1.2 s", "59.9 s", "2m 5s", "1h 2m"]);
    }
}
