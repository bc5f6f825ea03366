//! Runs on an engine that is reached by programs, from the command line and with real processes. The engine is a script, which runs each job at once.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod asks;
mod chunks;
mod data;
mod driver;
mod faults;
mod logs;
mod plans;
mod runs;
mod settings;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The binary, without what only a debugger reads: each plan has a copy.
fn flows() -> &'static Path {
    static STRIPPED: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = STRIPPED.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("flows");
        fs::copy(env!("CARGO_BIN_EXE_flows"), &path).unwrap();
        // Where there is no such tool, the copies are large.
        let _ = Command::new("strip").arg(&path).status();
        (dir, path)
    });
    path
}

/// A folder with settings, a queue and runs.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self::with("")
    }

    /// The same with more settings.
    fn with(more: &str) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.queue()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("command/queue.sh");
        let text =
            include_str!("nebulakit.toml").replace("SCRIPT", script.to_str().unwrap()).replace("QUEUE", place.queue().to_str().unwrap());
        fs::write(place.path().join("nebulakit.toml"), text + more).unwrap();
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn queue(&self) -> PathBuf {
        self.path().join("queue")
    }

    /// The folders of the jobs that the queue was given.
    fn jobs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.queue()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.join("argv").exists()).collect()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(flows());
        command.args(words).current_dir(self.path()).stdin(Stdio::null()).env("HOME", self.path());
        for name in ["CARGO_MANIFEST_DIR", "RUST_BACKTRACE", "NEBULAKIT_LOG", "NEBULAKIT_DIR", "XDG_CONFIG_HOME", "FLYTE_SDK_LOGGING_LEVEL"]
        {
            command.env_remove(name);
        }
        command
    }

    fn answer(&self, words: &[&str]) -> Answer {
        Answer::of(self.command(words).output().unwrap())
    }

    /// Standard output of a command that succeeds.
    fn said(&self, words: &[&str]) -> String {
        let answer = self.answer(words);
        assert_eq!(answer.code, 0, "{words:?}: {}", answer.err);
        answer.out
    }

    /// Standard error of a command that ends with this code.
    fn refused(&self, code: i32, words: &[&str]) -> String {
        let answer = self.answer(words);
        assert_eq!(answer.code, code, "{words:?}: {}{}", answer.out, answer.err);
        answer.err
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.said(words)).unwrap()
    }

    /// The events of the only run.
    fn events(&self) -> Vec<Value> {
        let runs: Vec<_> = fs::read_dir(self.path().join(".nebulakit/runs")).unwrap().map(|entry| entry.unwrap().path()).collect();
        let [run] = runs.as_slice() else { panic!("{runs:?}") };
        let text = fs::read_to_string(run.join("events.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The log of a node of the only run, without the times.
    fn log(&self, node: &str) -> Vec<String> {
        let runs: Vec<_> =
            fs::read_dir(self.path().join(".nebulakit/runs")).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
        let text = runs.first().and_then(|run| fs::read_to_string(run.join("logs").join(format!("{node}.log"))).ok());
        text.iter().flat_map(|text| text.lines()).filter_map(|line| Some(line.split_once(' ')?.1.to_owned())).collect()
    }

    /// Waits until something is so.
    fn waits_until(&self, what: &str, is_so: impl Fn() -> bool) {
        for _ in 0..6_000 {
            if is_so() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("{what} does not come");
    }

    fn start(&self, words: &[&str]) -> Started {
        let mut child = self.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        Started { child, err, heard: String::new() }
    }

    /// Waits until a file is there.
    fn waits_for(&self, name: &str) {
        self.waits_until(name, || self.path().join(name).exists());
    }
}

/// How a command ended, and what it said.
struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Answer {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// A command that goes on.
struct Started {
    child: Child,
    err: BufReader<ChildStderr>,
    heard: String,
}

impl Started {
    fn hears(&mut self, word: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.err.read_line(&mut line).unwrap(), 0, "it ended without `{word}`: {}", self.heard);
            self.heard.push_str(&line);
            if line.contains(word) {
                return line;
            }
        }
    }

    fn signal(&self, signal: nix::sys::signal::Signal) {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    fn ended(mut self) -> Answer {
        while self.err.read_line(&mut self.heard).unwrap() > 0 {}
        Answer { err: self.heard, ..Answer::of(self.child.wait_with_output().unwrap()) }
    }
}
