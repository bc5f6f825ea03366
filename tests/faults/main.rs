//! Faults: processes that are killed, disks that are full, files that are damaged, and what people then see.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod damaged;
mod full;
mod killed;
mod names;
mod together;

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, ExitStatus, Stdio};

use nebulakit::run::{EventKind, NodePath, RunHandle, RunId, RunsFolder};
use tempfile::TempDir;

/// A folder of runs, and what tasks write beside it. It is gone with the test.
struct Place {
    dir: TempDir,
    runs: RunsFolder,
}

/// A process that ran a workflow, or part of it.
struct Ended {
    run: RunId,
    status: ExitStatus,
    /// How the run ended, if that came before the process's end.
    said: Option<String>,
}

impl Place {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        Self { runs: RunsFolder::open(dir.path().join(".nebulakit")).unwrap(), dir }
    }

    /// How often each task ran, by all processes.
    fn ledger(&self) -> BTreeMap<String, usize> {
        let mut ledger = BTreeMap::new();
        for line in std::fs::read_to_string(self.dir.path().join("ledger")).unwrap_or_default().lines() {
            *ledger.entry(line.to_owned()).or_default() += 1;
        }
        ledger
    }

    /// The tasks that succeeded, as a run's log says. None of them is told twice.
    fn finished(&self, run: &RunId) -> BTreeSet<String> {
        let (mut events, mut of, mut finished) = (self.attach(run).events(), BTreeMap::new(), BTreeSet::new());
        while let Some(event) = events.read().unwrap() {
            match (event.node, event.kind) {
                (Some(node), EventKind::Ready { of: task }) => drop(of.insert(node, task)),
                (Some(node), EventKind::Succeeded { .. }) => {
                    if let Some(task) = noted(&node, &of[&node]) {
                        assert!(finished.insert(task), "{node} succeeded twice");
                    }
                }
                _ => {}
            }
        }
        finished
    }

    fn attach(&self, run: &RunId) -> RunHandle {
        RunHandle::attach(&self.runs, run).unwrap()
    }

    /// A process that runs a workflow, as `driven.rs` says.
    fn driven(&self, workflow: &str, durability: &str, bytes: Option<u64>, former: Option<&RunId>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driven"));
        command.arg(self.runs.path()).arg(workflow).arg(self.dir.path().join("ledger")).arg(durability);
        command.arg(bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string()));
        command.args(former.map(RunId::to_string)).stdin(Stdio::null());
        command
    }

    /// Runs a workflow until it or its process is over.
    fn drive(&self, workflow: &str, durability: &str, bytes: Option<u64>, former: Option<&RunId>) -> Ended {
        Ended::of(&mut self.driven(workflow, durability, bytes, former))
    }

    /// What a process says that cannot run a workflow.
    fn failed(&self, workflow: &str, former: &RunId) -> String {
        let output = self.driven(workflow, "kernel", None, Some(former)).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }
}

/// What a node notes in the ledger, if it does.
fn noted(node: &NodePath, of: &str) -> Option<String> {
    let task = of.rsplit_once('.').map_or(of, |(_, task)| task);
    match (task, node.find('[')) {
        ("each", Some(element)) => Some(format!("{task}{}", &node[element..])),
        ("each", None) | ("grows" | "part" | "when", _) => None,
        _ => Some(task.to_owned()),
    }
}

impl Ended {
    fn of(command: &mut Command) -> Self {
        let output = command.stderr(Stdio::inherit()).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let (run, said) = said.split_once('\n').unwrap_or_else(|| panic!("it says which run it is: {}", output.status));
        Self { run: RunId::from(run), status: output.status, said: (!said.is_empty()).then(|| said.trim_end().to_owned()) }
    }
}
