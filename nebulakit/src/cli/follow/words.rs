//! What is said of runs and their nodes, each on one line and fit for a terminal.

use nebulakit_types::visible;

pub(in crate::cli) use crate::run::words::{between, elements, size, status, time, until, usage};
use crate::run::{Again, Counts, NodePath, NodeState, NodeStatus, Origin, RunState};

/// A node by its path and the last part of the name of what it runs: `n2 count`.
pub(in crate::cli) fn node(path: &NodePath, node: &NodeState) -> String {
    let of = node.of.rsplit('.').next().unwrap_or_default();
    let text = if of.is_empty() { path.to_string() } else { format!("{path} {of}") };
    visible::line(&text).into_owned()
}

/// Why a node runs again.
pub(in crate::cli) fn again(because: Again) -> &'static str {
    match because {
        Again::Asked => "as asked",
        Again::Inputs => "its inputs changed",
        Again::Interface => "the interface of its task changed, or was not recorded",
        Again::Outputs => "its outputs were changed or are gone",
        Again::Deleted => "its files were deleted and are needed",
    }
}

/// `1 file`, `3 files`
pub(in crate::cli) fn files(count: u64) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

/// `12 of 40 done, 3 running, 1 failed`
pub(in crate::cli) fn progress(state: &RunState) -> String {
    let counts = state.counts();
    let over = format!("{} of {} done", counts.over(), state.expected());
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

/// Where the outputs of a task are from that is run alone, behind how its run ended.
pub(super) fn origin(state: &RunState) -> &'static str {
    match state.nodes.values().next().map(|node| &node.status) {
        Some(NodeStatus::Succeeded(Origin::Cache)) => " (cached)",
        Some(NodeStatus::Succeeded(Origin::Resumed)) => " (done in the run that it resumes)",
        _ => "",
    }
}
