//! Runs of workflows from the command line, and the commands for runs that are recorded.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod answers;
mod cache;
mod logs;
mod outputs;
mod report;
mod resumes;
mod runs;
mod stops;
mod tasks;
mod terminal;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const FLOWS: &str = env!("CARGO_BIN_EXE_flows");

/// The binary in a folder of its own, which it records runs in.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// The binary, with nothing of this process's environment that would change what it says.
    fn command(&self, words: &[&str]) -> Command {
        self.command_of(FLOWS.as_ref(), words)
    }

    /// The same of a copy of the binary.
    fn command_of(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).current_dir(self.path()).stdin(Stdio::null());
        for name in ["CARGO_MANIFEST_DIR", "RUST_BACKTRACE", "NEBULAKIT_LOG", "NEBULAKIT_DIR", "FLYTE_SDK_LOGGING_LEVEL"] {
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

    /// Standard error of a command that ends with this code, and says nothing else.
    fn refused(&self, code: i32, words: &[&str]) -> String {
        let answer = self.answer(words);
        assert_eq!((answer.code, answer.out.as_str()), (code, ""), "{words:?}: {}", answer.err);
        answer.err
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.said(words)).unwrap()
    }

    /// The id of the latest run.
    fn last(&self) -> String {
        self.json(&["runs", "list", "--json"])[0]["run"].as_str().unwrap().to_owned()
    }

    /// Starts the binary, and hears its standard error.
    fn start(&self, words: &[&str]) -> Started {
        Self::started(&mut self.command(words))
    }

    fn started(command: &mut Command) -> Started {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        Started { child, err, heard: String::new() }
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
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// A command that goes on.
struct Started {
    child: Child,
    err: BufReader<ChildStderr>,
    heard: String,
}

impl Started {
    /// Reads its standard error up to a line that has `word` in it, and gives that line.
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

    /// The id of the run, from its first line.
    fn id(&mut self) -> String {
        let line = self.hears("run ");
        line.split(' ').nth(1).unwrap().to_owned()
    }

    fn signal(&self, signal: nix::sys::signal::Signal) {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Waits for the end.
    fn ended(mut self) -> Answer {
        while self.err.read_line(&mut self.heard).unwrap() > 0 {}
        Answer { err: self.heard, ..Answer::of(self.child.wait_with_output().unwrap()) }
    }
}
