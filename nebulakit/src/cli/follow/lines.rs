//! A run as plain lines: one for each event that matters.

use nebulakit_types::visible;

use super::words;
use crate::coordinator::JobFailure;
use crate::run::{Event, EventKind, NodeState, Origin, RunState};

/// What is said of an event, once `state` has taken it into account. Of a task that is run alone, that it is tried again: the rest is said at its end.
///
/// Of the elements of a map only what went wrong is said, and what waits, unless all `is_wanted`: there may be thousands.
pub(super) fn line(event: &Event, state: &RunState, is_alone: bool, is_wanted: bool) -> Option<String> {
    match (&event.node, &event.kind) {
        (None, EventKind::Created { run, .. }) if !is_alone => Some(format!("run {run} of {}", visible::line(&state.name))),
        (Some(_), kind) if is_alone && !is_wanted && !matches!(kind, EventKind::Retrying { .. }) => None,
        (None, EventKind::Refused { signal, why }) => {
            Some(visible::line(&format!("an answer to `{signal}` was refused: {why}")).into_owned())
        }
        (None, _) => None,
        (Some(path), kind) => {
            let node = state.nodes.get(path)?;
            let said = of_node(kind, node, path.is_in_element() && !is_wanted, is_wanted)?;
            Some(format!("{}: {}", words::node(path, node), visible::line(&said)))
        }
    }
}

fn of_node(kind: &EventKind, node: &NodeState, is_element: bool, is_wanted: bool) -> Option<String> {
    // A gate does not start: it waits from the moment that it is ready.
    let took = || words::time(node.ended.map(|ended| words::between(node.started.or(node.ready), ended)).unwrap_or_default());
    match kind {
        EventKind::Again { because } if !is_element => Some(format!("runs again: {}", words::again(*because))),
        EventKind::Started { attempt: 0 } if !is_element => Some("started".to_owned()),
        EventKind::Started { attempt } if is_wanted => Some(format!("attempt {} started", attempt + 1)),
        EventKind::Queued { waits_for } if is_wanted => Some(format!("waits for {waits_for}")),
        EventKind::Placed { engine, id, host } if is_wanted => {
            let on = host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
            Some(format!("runs{on}, as the job {id} of `{engine}`"))
        }
        EventKind::Retrying { attempt, delay, failure, .. } => {
            Some(format!("attempt {} failed: {}; attempt {} follows in {}", attempt + 1, brief(failure), attempt + 2, words::time(*delay)))
        }
        EventKind::Behind { call } if !is_element => {
            Some(format!("waits for an equal call: the node {} of the run {}", call.node, call.run))
        }
        EventKind::Mapped { elements } if !is_element => Some(words::elements(*elements)),
        EventKind::Waiting { signal, .. } => Some(format!("waits for the signal `{signal}`")),
        EventKind::Succeeded { from: Origin::Run, .. } if !is_element => Some(format!("done in {}", took())),
        EventKind::Succeeded { from: Origin::Cache, .. } if !is_element => Some("done before: its outputs are from the cache".to_owned()),
        EventKind::Succeeded { from: Origin::Resumed, .. } if !is_element => {
            Some("done before, in the run that this one resumes".to_owned())
        }
        EventKind::Failed { failure, .. } => Some(format!("failed after {}: {}", took(), brief(failure))),
        EventKind::Skipped { because } if !is_element => Some(format!("skipped, because {because} did not succeed")),
        EventKind::Cancelled if !is_element => Some("stopped".to_owned()),
        _ => None,
    }
}

/// A failure without what its message says behind the first line: hints and calls, which are told at the end.
fn brief(failure: &JobFailure) -> String {
    format!("{}: {}", failure.code, failure.message.lines().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of these events.
    fn lines(events: &[&str]) -> Vec<String> {
        let mut state = RunState::new();
        let said = events.iter().enumerate().filter_map(|(sequence, event)| {
            let event: Event =
                serde_json::from_str(&format!(r#"{{"sequence":{sequence},"at":"2026-11-29T10:00:0{sequence}Z",{event}}}"#)).unwrap();
            state.apply(&event).unwrap();
            line(&event, &state, false, false)
        });
        said.collect()
    }

    const CREATED: &str = r#""event":"created","version":1,"run":"r1","name":"app.add","backend":"local","nodes":2"#;

    const FAILURE: &str = r#"{"kind":"failed","code":"USER:Unknown","message":"no\u001b[2J","recoverable":true}"#;

    #[test]
    fn each_event_that_matters_is_a_line() {
        let retrying = format!(r#""node":"n0","event":"retrying","attempt":0,"delay_ms":500,"failure":{FAILURE}"#);
        let said = lines(&[
            CREATED,
            r#""node":"n0","event":"ready","of":"app.count""#,
            r#""node":"n0","event":"started","attempt":0"#,
            &retrying,
            r#""node":"n0","event":"started","attempt":1"#,
            r#""node":"n0","event":"succeeded","outputs":"not""#,
            r#""node":"n1","event":"waiting","signal":"go\n""#,
        ]);
        assert_eq!(
            said,
            [
                "run r1 of app.add",
                "n0 count: started",
                "n0 count: attempt 1 failed: USER:Unknown: no\\u001b[2J; attempt 2 follows in 500 ms",
                "n0 count: done in 3.0 s",
                "n1: waits for the signal `go\\n`",
            ]
        );
    }

    #[test]
    fn a_failure_is_told_by_the_first_line_of_its_message() {
        let said = lines(&[
            CREATED,
            r#""node":"n0","event":"ready","of":"app.count""#,
            r#""node":"n0","event":"failed","failure":{"kind":"panicked","code":"USER:Panic","message":"it panicked\nhint: look","recoverable":true}"#,
        ]);
        assert_eq!(said[1..], ["n0 count: failed after 1.0 s: USER:Panic: it panicked"]);
    }

    #[test]
    fn elements_are_told_of_where_they_fail() {
        let failed = format!(r#""node":"n0[1]","event":"failed","failure":{FAILURE}"#);
        let said = lines(&[
            CREATED,
            r#""node":"n0","event":"mapped","elements":2"#,
            r#""node":"n0[1]","event":"ready","of":"app.count""#,
            r#""node":"n0[1]","event":"started","attempt":0"#,
            r#""node":"n0[0]/n0","event":"ready","of":"app.count""#,
            r#""node":"n0[0]/n0","event":"started","attempt":0"#,
            &failed,
        ]);
        assert_eq!(said[1..], ["n0: 2 elements", "n0[1] count: failed after 3.0 s: USER:Unknown: no\\u001b[2J"]);
    }
}
