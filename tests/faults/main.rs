//! Faults: processes that are killed, disks that are full, files that are damaged, and what people then see.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod killed;

use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

use nebulakit::run::{RunHandle, RunId, RunsFolder};
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

    fn ledger(&self) -> PathBuf {
        self.dir.path().join("ledger")
    }

    fn attach(&self, run: &RunId) -> RunHandle {
        RunHandle::attach(&self.runs, run).unwrap()
    }

    /// A process that runs a workflow, as `driven.rs` says.
    fn driven(&self, workflow: &str, durability: &str, bytes: Option<u64>, former: Option<&RunId>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driven"));
        command.arg(self.runs.path()).arg(workflow).arg(self.ledger()).arg(durability);
        command.arg(bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string()));
        command.args(former.map(RunId::to_string)).stdin(Stdio::null());
        command
    }

    /// Runs a workflow until it or its process is over.
    fn drive(&self, workflow: &str, durability: &str, bytes: Option<u64>, former: Option<&RunId>) -> Ended {
        Ended::of(&mut self.driven(workflow, durability, bytes, former))
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
