//! A run as lines that a terminal shows while it goes on: how far it is, and what runs.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use nebulakit_types::visible;

use super::words;
use crate::run::{NodePath, NodeState, NodeStatus, RunState};

/// How many nodes are shown.
const NODES: usize = 8;

/// Has the terminal cut lines that are too long: one that it broke would take two.
const CUTS: &str = "\x1b[?7l";

/// Has it break them again.
const BREAKS: &str = "\x1b[?7h";

/// The lines, without a break behind the last one. `transfers` is one of them, if there are any; `rest` is how long the run is likely to go on, where anything
/// says so.
pub(super) fn block(state: &RunState, transfers: Option<&str>, rest: Option<Duration>, now: SystemTime) -> String {
    let elapsed = words::time(words::between(state.created, now));
    let mut text = format!("{CUTS}{}: {}, {elapsed}", visible::line(&state.name), words::progress(state));
    if state.moved > 0 {
        text.push_str(&format!(", {} moved", words::size(state.moved)));
    }
    if let Some(rest) = rest {
        text.push_str(&format!(", about {} left", words::time(rest)));
    }
    let mut nodes = state.nodes.iter().filter(|(path, node)| is_shown(path, node, state));
    for (path, node) in nodes.by_ref().take(NODES) {
        text.push_str(&format!("\n  {}: {}", words::node(path, node), stands(node, now)));
    }
    match nodes.count() {
        0 => {}
        more => text.push_str(&format!("\n  and {more} more")),
    }
    for (waits_for, count) in queued(state) {
        text.push_str(&format!("\n  {count} queued for {}", visible::line(&waits_for)));
    }
    if let Some(transfers) = transfers {
        text.push_str(&format!("\n  {transfers}"));
    }
    text + BREAKS
}

/// The same of a task that is run alone.
pub(super) fn alone(state: &RunState, transfers: Option<&str>, rest: Option<Duration>, now: SystemTime) -> String {
    let mut stands = state.nodes.values().next().map_or_else(String::new, |node| stands(node, now));
    if let Some(rest) = rest {
        stands.push_str(&format!(", about {} left", words::time(rest)));
    }
    let transfers = transfers.map(|transfers| format!("\n{transfers}")).unwrap_or_default();
    format!("{CUTS}{}: {stands}{transfers}{BREAKS}", visible::line(&state.name))
}

/// How many nodes wait for what.
fn queued(state: &RunState) -> BTreeMap<String, u64> {
    let mut queued = BTreeMap::new();
    for waits_for in state.nodes.values().filter_map(|node| node.waits_for.as_ref()) {
        *queued.entry(waits_for.to_string()).or_default() += 1;
    }
    queued
}

/// Whether a node is one of those that something happens to; what only holds others that run is not.
fn is_shown(path: &NodePath, node: &NodeState, state: &RunState) -> bool {
    match node.status {
        NodeStatus::Running => {
            let inside = state.nodes.range::<str, _>((std::ops::Bound::Excluded(path.as_str()), std::ops::Bound::Unbounded)).next();
            node.elements.is_some() || inside.is_none_or(|(other, _)| other.parent().as_ref() != Some(path))
        }
        NodeStatus::Waiting { .. } | NodeStatus::Backoff => true,
        _ => false,
    }
}

fn stands(node: &NodeState, now: SystemTime) -> String {
    match &node.status {
        NodeStatus::Waiting { signal, .. } => format!("waits for the signal `{}`", visible::line(signal)),
        NodeStatus::Backoff => format!("attempt {} failed, another one follows", node.attempts),
        _ => {
            let mut text = words::time(words::between(node.started, now));
            if node.attempts > 1 {
                text.push_str(&format!(", attempt {}", node.attempts));
            }
            match node.progress {
                Some((done, Some(total))) => text.push_str(&format!(", {done} of {total}")),
                Some((done, None)) => text.push_str(&format!(", {done} done")),
                None => {}
            }
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Event;

    fn state(events: impl IntoIterator<Item = String>) -> RunState {
        let mut state = RunState::new();
        let created = r#""event":"created","version":1,"run":"r1","name":"app.add","backend":"local","nodes":20"#.to_owned();
        for (sequence, event) in std::iter::once(created).chain(events).enumerate() {
            let event = format!(r#"{{"sequence":{sequence},"at":"2026-11-29T10:00:00Z",{event}}}"#);
            state.apply(&serde_json::from_str::<Event>(&event).unwrap()).unwrap();
        }
        state
    }

    fn shown(state: &RunState) -> Vec<String> {
        let now = state.created.unwrap() + Duration::from_millis(2_300);
        let block = block(state, None, Some(Duration::from_secs(90)), now);
        block.strip_prefix(CUTS).unwrap().strip_suffix(BREAKS).unwrap().lines().map(str::to_owned).collect()
    }

    fn started(path: &str) -> [String; 2] {
        [format!(r#""node":"{path}","event":"ready","of":"app.count""#), format!(r#""node":"{path}","event":"started","attempt":0"#)]
    }

    #[test]
    fn what_runs_has_a_line_up_to_the_height() {
        let state = state((10..20).flat_map(|number| started(&format!("n{number}"))));
        let shown = shown(&state);
        assert_eq!(shown[..2], ["app.add: 0 of 20 done, 10 running, 2.3 s, about 1m 30s left", "  n10 count: 2.3 s"]);
        assert_eq!((shown.len(), shown[9].as_str()), (10, "  and 2 more"));
    }

    #[test]
    fn progress_and_waits_are_told() {
        let mut events = started("n0").to_vec();
        events.push(r#""node":"n0","event":"progress","done":3,"total":7"#.to_owned());
        events.push(r#""node":"n1","event":"waiting","signal":"go\u001b""#.to_owned());
        let shown = shown(&state(events));
        assert_eq!(
            shown,
            [
                "app.add: 0 of 20 done, 1 running, 1 waiting, 2.3 s, about 1m 30s left",
                "  n0 count: 2.3 s, 3 of 7",
                "  n1: waits for the signal `go\\u001b`"
            ]
        );
    }

    #[test]
    fn what_was_moved_is_told_and_what_nodes_wait_for() {
        let mut events = vec![r#""event":"moved","bytes":7340032"#.to_owned()];
        for node in ["n0", "n1"] {
            events.push(format!(r#""node":"{node}","event":"queued","waits_for":{{"resources":["cores",{{"tokens":"licences"}}]}}"#));
        }
        let shown = shown(&state(events));
        assert_eq!(shown, ["app.add: 0 of 20 done, 2.3 s, 7168 KiB moved, about 1m 30s left", "  2 queued for cores, tokens `licences`"]);
    }

    #[test]
    fn a_workflow_that_is_a_node_is_shown_by_what_runs_in_it() {
        let events = started("n0").into_iter().chain(started("n0/n3"));
        assert_eq!(shown(&state(events))[1..], ["  n0/n3 count: 2.3 s"]);
    }
}
