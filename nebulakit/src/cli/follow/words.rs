//! What is said of runs and their nodes, each on one line and fit for a terminal.

use std::time::{Duration, SystemTime};

use nebulakit_types::visible;

use crate::run::{Counts, NodePath, NodeState, RunOutcome, RunState, RunStatus, Usage};

/// Where a run stands, in a word.
pub(in crate::cli) fn status(status: &RunStatus) -> &'static str {
    match status {
        RunStatus::Unknown => "starting",
        RunStatus::Running => "running",
        RunStatus::Stopping => "stopping",
        RunStatus::Interrupted => "interrupted",
        RunStatus::Ended(RunOutcome::Succeeded) => "succeeded",
        RunStatus::Ended(RunOutcome::Failed { .. }) => "failed",
        RunStatus::Ended(RunOutcome::Cancelled) => "cancelled",
    }
}

/// A node by its path and the last part of the name of what it runs: `n2 count`.
pub(in crate::cli) fn node(path: &NodePath, node: &NodeState) -> String {
    let of = node.of.rsplit('.').next().unwrap_or_default();
    let text = if of.is_empty() { path.to_string() } else { format!("{path} {of}") };
    visible::line(&text).into_owned()
}

/// `12 of 40 done, 3 running, 1 failed`
pub(in crate::cli) fn progress(state: &RunState) -> String {
    let counts = state.counts();
    let over = format!("{} of {} done", counts.over(), state.planned.max(counts.total()));
    let Counts { running, waiting, failed, .. } = counts;
    let others = [(running, "running"), (waiting, "waiting"), (failed, "failed")].into_iter().filter(|(count, _)| *count > 0);
    others.fold(over, |text, (count, what)| format!("{text}, {count} {what}"))
}

/// `38 done, 1 failed, 1 skipped`
pub(in crate::cli) fn sums(counts: Counts) -> String {
    let Counts { queued, running, waiting, succeeded, failed, skipped, cancelled, .. } = counts;
    let all = [
        (succeeded, "done"),
        (failed, "failed"),
        (skipped, "skipped"),
        (cancelled, "stopped"),
        (running, "running"),
        (waiting, "waiting"),
        (queued, "queued"),
    ];
    let said: Vec<_> = all.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    if said.is_empty() { "no nodes".to_owned() } else { said.join(", ") }
}

/// How long it was between two moments; a clock that was set back counts as none.
pub(in crate::cli) fn between(from: Option<SystemTime>, to: SystemTime) -> Duration {
    from.and_then(|from| to.duration_since(from).ok()).unwrap_or_default()
}

/// `350 ms`, `1.2 s`, `2m 5s`, `1h 2m`
pub(in crate::cli) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..60 => format!("{seconds}.{} s", time.subsec_millis() / 100),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        _ => format!("{}h {}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// `350 B`, `7168 KiB`
pub(in crate::cli) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut whole = bytes;
    while whole >= 1024 * 10 && unit + 1 < UNITS.len() {
        whole /= 1024;
        unit += 1;
    }
    format!("{whole} {}", UNITS[unit])
}

/// `1.2 s CPU, 45 MiB`; nothing where neither is known.
pub(in crate::cli) fn usage(used: &Usage) -> String {
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
