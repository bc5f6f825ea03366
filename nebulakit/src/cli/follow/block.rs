//! A run as lines that a terminal shows while it goes on: how far it is, and what runs.

use std::collections::BTreeMap;
use std::ops::Bound;
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

/// The lines, without a break behind the last one, and no more than `height`. `transfers` is one of them, if there are any; `rest` is how long the run is likely
/// to go on, where anything says so.
pub(super) fn block(state: &RunState, transfers: Option<String>, rest: Option<Duration>, now: SystemTime, height: usize) -> String {
    let elapsed = words::time(words::between(state.created, now));
    let mut head = format!("{}: {}, {elapsed}", visible::line(&state.name), words::progress(state));
    if state.moved > 0 {
        head.push_str(&format!(", {} moved", words::size(state.moved)));
    }
    if let Some(rest) = rest {
        head.push_str(&format!(", about {} left", words::time(rest)));
    }
    let queued = queued(state).into_iter().map(|(waits_for, count)| format!("  {count} queued for {}", visible::line(&waits_for)));
    let behind: Vec<_> = queued.chain(transfers.map(|transfers| format!("  {transfers}"))).collect();
    let nodes: Vec<_> = state.nodes.iter().filter(|(path, node)| is_shown(path, node, state)).collect();
    let room = height.saturating_sub(1 + behind.len()).min(NODES + 1);
    // The line that counts the others takes the place of a node.
    let count = if nodes.len() > room.min(NODES) { room.saturating_sub(1) } else { nodes.len() };
    let mut lines = vec![head];
    lines.extend(nodes[..count].iter().map(|(path, node)| format!("  {}: {}", words::node(path, node), stands(node, now))));
    lines.extend((count < nodes.len()).then(|| format!("  and {} more", nodes.len() - count)));
    lines.extend(behind);
    drawn(lines, height)
}

/// The same of a task that is run alone.
pub(super) fn alone(state: &RunState, transfers: Option<String>, rest: Option<Duration>, now: SystemTime, height: usize) -> String {
    let mut stands = state.nodes.values().next().map_or_else(String::new, |node| stands(node, now));
    if let Some(rest) = rest {
        stands.push_str(&format!(", about {} left", words::time(rest)));
    }
    let head = format!("{}: {stands}", visible::line(&state.name));
    drawn(std::iter::once(head).chain(transfers).collect(), height)
}

/// As many of the lines as there is room for.
fn drawn(mut lines: Vec<String>, height: usize) -> String {
    lines.truncate(height);
    format!("{CUTS}{}{BREAKS}", lines.join("\n"))
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
        NodeStatus::Running if node.elements.is_some() => true,
        NodeStatus::Running => node.arm.is_none() && !holds_others(path, state),
        NodeStatus::Waiting { .. } | NodeStatus::Backoff => true,
        _ => false,
    }
}

/// Whether it is a workflow or a dynamic task in which nodes have come to something.
fn holds_others(path: &NodePath, state: &RunState) -> bool {
    let within = format!("{path}/");
    let next = state.nodes.range::<str, _>((Bound::Included(within.as_str()), Bound::Unbounded)).next();
    next.is_some_and(|(other, _)| other.starts_with(&within))
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
        shown_within(usize::MAX, state)
    }

    fn shown_within(height: usize, state: &RunState) -> Vec<String> {
        let now = state.created.unwrap() + Duration::from_millis(2_300);
        let block = block(state, None, Some(Duration::from_secs(90)), now, height);
        block.strip_prefix(CUTS).unwrap().strip_suffix(BREAKS).unwrap().lines().map(str::to_owned).collect()
    }

    fn started(path: &str) -> [String; 2] {
        [format!(r#""node":"{path}","event":"ready","of":"app.count""#), format!(r#""node":"{path}","event":"started","attempt":0"#)]
    }

    #[test]
    fn what_runs_has_a_line_up_to_a_number() {
        let state = state((10..20).flat_map(|number| started(&format!("n{number}"))));
        let shown = shown(&state);
        assert_eq!(shown[..2], ["app.add: 0 of 20 done, 10 running, 2.3 s, about 1m 30s left", "  n10 count: 2.3 s"]);
        assert_eq!((shown.len(), shown[9].as_str()), (10, "  and 2 more"));
    }

    #[test]
    fn elements_of_maps_count_as_nodes_before_they_begin() {
        let mut events = started("n0").to_vec();
        events.push(r#""node":"n0","event":"mapped","elements":6"#.to_owned());
        events.extend(started("n0[2]").into_iter().chain(started("n0[2]/n1")));
        assert_eq!(shown(&state(events))[0], "app.add: 0 of 27 done, 3 running, 2.3 s, about 1m 30s left");
    }

    #[test]
    fn no_more_lines_are_drawn_than_the_terminal_shows() {
        let mut events: Vec<_> = (0..4).flat_map(|number| started(&format!("n{number}"))).collect();
        events.push(r#""node":"n4","event":"queued","waits_for":{"resources":["cores"]}"#.to_owned());
        let state = state(events);
        let behind = |height| shown_within(height, &state).split_off(1);
        assert_eq!(behind(6), ["  n0 count: 2.3 s", "  n1 count: 2.3 s", "  n2 count: 2.3 s", "  n3 count: 2.3 s", "  1 queued for cores"]);
        assert_eq!(behind(5), ["  n0 count: 2.3 s", "  n1 count: 2.3 s", "  and 2 more", "  1 queued for cores"]);
        assert_eq!(behind(3), ["  and 4 more", "  1 queued for cores"]);
        assert_eq!((behind(2).len(), behind(1).len()), (1, 0));
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

    #[test]
    fn a_condition_is_shown_by_the_node_of_its_arm() {
        let decided = r#""node":"n0","event":"decided","arm":"otherwise""#.to_owned();
        let events = started("n0").into_iter().chain([decided]).chain(started("n0-n0"));
        assert_eq!(shown(&state(events))[1..], ["  n0-n0 count: 2.3 s"]);
    }

    #[test]
    fn a_workflow_is_shown_by_what_runs_in_it_whatever_stands_beside_it() {
        let events = ["a", "a-b", "a/n0"].into_iter().flat_map(started);
        assert_eq!(shown(&state(events))[1..], ["  a-b count: 2.3 s", "  a/n0 count: 2.3 s"]);
    }
}
