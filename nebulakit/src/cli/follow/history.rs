//! How long a run is likely to go on, by the last one of the same workflow that succeeded.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use super::words::between;
use crate::cli::folder::Folder;
use crate::run::{EventKind, NodeState, NodeStatus, Origin, RunHandle, RunId, RunOutcome, RunState, RunStatus, RunsFolder};

/// How many runs are looked at, the latest first.
const RUNS: usize = 50;

/// What is expected of a run, once it has been found.
#[derive(Debug, Clone, Default)]
pub(in crate::cli) struct Expected(Arc<OnceLock<History>>);

impl Expected {
    /// Looks for the last run that is like `run`, on a thread of its own: some have many events.
    pub(super) fn looked_for(folder: &Folder, run: &RunId) -> Self {
        let (expected, run) = (Self::default(), run.clone());
        if let Ok(Some(runs)) = folder.opened() {
            let found = Arc::clone(&expected.0);
            let look = move || find(&runs, &run).map(|history| found.set(history));
            // Without a thread nothing is expected.
            let _ = std::thread::Builder::new().name("nebulakit-history".to_owned()).spawn(look);
        }
        expected
    }

    /// About how long the run will go on; [`None`] where nothing says so.
    pub(super) fn rest(&self, state: &RunState, now: SystemTime) -> Option<Duration> {
        self.0.get()?.rest(state, now)
    }
}

/// The latest run that succeeded of what `run` runs.
fn find(runs: &RunsFolder, run: &RunId) -> Option<History> {
    let name = name_of(runs, run)?;
    let former = runs.list().ok()?.into_iter().rev().filter(|former| former != run).take(RUNS);
    former.filter(|former| name_of(runs, former).as_ref() == Some(&name)).find_map(|former| {
        let state = RunHandle::attach(runs, &former).ok()?.state().ok()?;
        History::of(&state)
    })
}

/// What a run runs, by its first event.
fn name_of(runs: &RunsFolder, run: &RunId) -> Option<Cow<'static, str>> {
    match RunHandle::attach(runs, run).ok()?.events().read().ok()??.kind {
        EventKind::Created { name, .. } => Some(name),
        _ => None,
    }
}

/// What a run took that has succeeded.
#[derive(Debug)]
struct History {
    took: Duration,
    /// The attempts of its tasks, and how long they took together.
    work: f64,
    tasks: HashMap<Cow<'static, str>, Task>,
}

#[derive(Debug, Default)]
struct Task {
    calls: u32,
    seconds: f64,
}

impl History {
    /// [`None`] where it did not succeed, or nothing of it ran.
    fn of(state: &RunState) -> Option<Self> {
        if state.status != RunStatus::Ended(RunOutcome::Succeeded) {
            return None;
        }
        let mut tasks: HashMap<_, Task> = HashMap::new();
        for node in state.nodes.values().filter(|node| node.status == NodeStatus::Succeeded(Origin::Run)) {
            if let Some(used) = node.used {
                let task = tasks.entry(node.of.clone()).or_default();
                task.calls += 1;
                task.seconds += used.wall.as_secs_f64();
            }
        }
        let work = tasks.values().map(|task| task.seconds).sum();
        (work > 0.0).then(|| Self { took: between(state.created, state.ended.unwrap_or(SystemTime::UNIX_EPOCH)), work, tasks })
    }

    /// As much of the time that it took as is left of its work, by what each task took then.
    fn rest(&self, state: &RunState, now: SystemTime) -> Option<Duration> {
        let mut left = self.work;
        let mut calls: HashMap<&str, u32> = HashMap::new();
        // A map is what its elements are.
        for node in state.nodes.values().filter(|node| node.elements.is_none()) {
            let Some(task) = self.tasks.get(&node.of) else { continue };
            let seconds = task.seconds / f64::from(task.calls);
            let calls = calls.entry(&node.of).or_default();
            *calls += 1;
            if *calls > task.calls {
                left += seconds;
            }
            left -= spent(node, now).min(seconds);
        }
        let rest = self.took.as_secs_f64() * left / self.work;
        (rest > 0.0).then(|| Duration::try_from_secs_f64(rest).ok()).flatten()
    }
}

/// How much of its work a node has done, in seconds; all of it where it is over.
fn spent(node: &NodeState, now: SystemTime) -> f64 {
    match node.status {
        _ if node.is_over() => f64::INFINITY,
        NodeStatus::Running => between(node.started, now).as_secs_f64(),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Event;

    fn state(events: &[&str]) -> RunState {
        let mut state = RunState::new();
        let created = r#""event":"created","version":1,"run":"r1","name":"app.all","backend":"local","nodes":3"#;
        for (sequence, event) in std::iter::once(&created).chain(events).enumerate() {
            let event = format!(r#"{{"sequence":{sequence},"at":"2026-11-29T10:00:{sequence:02}Z",{event}}}"#);
            state.apply(&serde_json::from_str::<Event>(&event).unwrap()).unwrap();
        }
        state
    }

    /// Two calls of 4 s and one of 2 s, in 7 s.
    fn history() -> History {
        let done = |node: &str, of: &str, micros: u64| {
            let ready = format!(r#""node":"{node}","event":"ready","of":"{of}""#);
            [ready, format!(r#""node":"{node}","event":"succeeded","outputs":"not","used":{{"wall_us":{micros}}}"#)]
        };
        let mut events = done("n0", "app.count", 4_000_000).to_vec();
        events.extend(done("n1", "app.count", 4_000_000));
        events.extend(done("n2", "app.merge", 2_000_000));
        let mut events: Vec<_> = events.iter().map(String::as_str).collect();
        events.push(r#""event":"ended","outcome":"succeeded""#);
        History::of(&state(&events)).unwrap()
    }

    #[test]
    fn what_is_left_is_told_by_the_tasks_of_the_last_run() {
        let (history, rest) = (history(), |state: &RunState, second: u64| {
            let at = state.created.unwrap() + Duration::from_secs(second);
            history().rest(state, at).map(|rest| (rest.as_secs_f64() * 10.0).round() / 10.0)
        });
        assert_eq!((history.took, history.work), (Duration::from_secs(7), 10.0));
        let begun = state(&[r#""node":"n0","event":"ready","of":"app.count""#, r#""node":"n0","event":"started","attempt":0"#]);
        // 1 s of 10 s was done, and later no more than the 4 s that it took.
        assert_eq!([rest(&begun, 3), rest(&begun, 100)], [Some(6.3), Some(4.2)]);
        let done = r#""node":"n0","event":"succeeded","outputs":"not""#;
        assert_eq!(rest(&state(&[r#""node":"n0","event":"ready","of":"app.count""#, done]), 3), Some(4.2));
    }

    #[test]
    fn a_run_that_did_not_succeed_says_nothing() {
        assert!(History::of(&state(&[])).is_none());
        assert!(History::of(&state(&[r#""event":"ended","outcome":"cancelled""#])).is_none());
        assert!(History::of(&state(&[r#""event":"ended","outcome":"succeeded""#])).is_none());
    }
}
