//! Runs as their folders keep them: what is written, what a crash leaves, what others read and ask.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod control;
mod crashes;
mod folder;
mod handle;
#[cfg(feature = "tracker")]
mod index;
mod logs;
mod prune;
mod reading;
mod report;
mod summaries;
mod writing;

use std::io::{BufRead as _, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use nebulakit::run::{
    Durability, EVENT_VERSION, Event, EventKind, NodePath, Origin, Recorded, Recorder, RunHandle, RunId, RunOutcome, RunsFolder,
};
use tempfile::TempDir;

/// The program that drives runs.
const RECORDING: &str = env!("CARGO_BIN_EXE_recording");

/// A folder of runs that is gone with the test.
struct Scratch {
    dir: TempDir,
    runs: RunsFolder,
}

impl Scratch {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        Self { runs: RunsFolder::open(dir.path().join(".nebulakit")).unwrap(), dir }
    }

    /// A run that was created.
    fn run(&self) -> Recorder {
        let recorder = Recorder::create(&self.runs, Durability::Kernel).unwrap();
        recorder.record(None, created(recorder.folder().id())).unwrap();
        recorder
    }

    fn attach(&self, run: &RunId) -> RunHandle {
        RunHandle::attach(&self.runs, run).unwrap()
    }

    /// Starts a process that drives a run.
    fn drive(&self, words: &[&str]) -> Driving {
        let (verb, rest) = words.split_first().unwrap();
        Driving::start(Command::new(RECORDING).arg(verb).arg(self.runs.path()).args(rest))
    }
}

/// A process that drives a run. It is killed with this.
struct Driving {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
    run: RunId,
}

impl Driving {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let run = RunId::from(said.next().unwrap().unwrap());
        Self { child, said, run }
    }

    fn hear(&mut self) -> Option<String> {
        self.said.next().map(Result::unwrap)
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Driving {
    fn drop(&mut self) {
        self.kill();
    }
}

fn created(run: &RunId) -> EventKind {
    EventKind::Created {
        version: EVENT_VERSION,
        run: run.clone(),
        name: "tests.flow".into(),
        backend: "tests".into(),
        nodes: 3,
        resumes: None,
    }
}

fn ready() -> EventKind {
    EventKind::Ready { of: "tests.task".into() }
}

fn succeeded(outputs: Recorded) -> EventKind {
    EventKind::Succeeded { outputs, inputs: None, from: Origin::Run, used: None }
}

fn ended() -> EventKind {
    EventKind::Ended { outcome: RunOutcome::Succeeded, outputs: None }
}

fn node(id: &str) -> NodePath {
    NodePath::from(id)
}

/// What is recorded of a run at this moment.
fn recorded(run: &RunHandle) -> Vec<Event> {
    let mut events = run.events();
    std::iter::from_fn(|| events.read().unwrap()).collect()
}

/// Waits until something holds, which it does soon.
fn soon(mut holds: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !holds() {
        assert!(start.elapsed().as_secs() < 60, "it never happened");
        std::thread::yield_now();
    }
}
