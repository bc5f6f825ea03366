//! Whole runs on AWS Batch, from the command line of a program, over a double of Batch and S3 that really runs the jobs.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod conformance;
mod double;
mod ends;
mod faults;
mod requests;
mod settings;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use self::double::{Double, Faults, Job};

/// The program that all images have.
fn flows() -> &'static Path {
    static FLOWS: LazyLock<PathBuf> = LazyLock::new(|| env!("CARGO_BIN_EXE_batch_flows").into());
    &FLOWS
}

/// What a project says that is on this Batch.
const SETTINGS: &str = "\
poll = \"200ms\"
[data]
prefix = \"s3://lab/project\"
[backends.aws-batch]
queue = \"main\"
records = \"100ms\"
held = \"300ms\"
settle = \"2s\"
tags = { team = \"genomics\" }
[defaults]
image = \"registry.test/flows@sha256:00\"
";

/// A project's folder, whose runs are on a Batch of its own.
struct Place {
    dir: TempDir,
    double: Double,
}

/// How a command ended, and what it said.
struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        Self::with("")
    }

    /// The same with more settings.
    fn with(more: &str) -> Self {
        let place = Self::bare(&format!("{SETTINGS}{more}"));
        assert_eq!(place.double.faults().throttled_submits, Faults::default().throttled_submits);
        place
    }

    /// A project with these settings alone.
    fn bare(settings: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("nebulakit.toml"), settings).unwrap();
        let folder = dir.path().join("machines");
        std::fs::create_dir(&folder).unwrap();
        Self { double: Double::start(flows(), &folder), dir }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where tasks note that they run.
    fn ledger(&self) -> PathBuf {
        self.path().join("ledger")
    }

    /// What ran, in its order.
    fn ran(&self) -> Vec<String> {
        std::fs::read_to_string(self.ledger()).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(flows());
        command.args(words).current_dir(self.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.path()).envs(self.double.variables());
        command
    }

    fn run_words<'w>(&'w self, workflow: &'w str, more: &[&'w str], ledger: &'w str) -> Vec<&'w str> {
        [&["run", workflow, "--ledger", ledger, "--backend", "aws-batch"], more].concat()
    }

    /// Runs a workflow to its end.
    fn run(&self, workflow: &str, more: &[&str]) -> Answer {
        let ledger = self.ledger();
        Answer::of(self.command(&self.run_words(workflow, more, ledger.to_str().unwrap())).output().unwrap())
    }

    /// Starts to run a workflow.
    fn start(&self, workflow: &str) -> std::process::Child {
        let ledger = self.ledger();
        self.command(&self.run_words(workflow, &[], ledger.to_str().unwrap())).spawn().unwrap()
    }

    fn answer(&self, words: &[&str]) -> Answer {
        Answer::of(self.command(words).output().unwrap())
    }

    /// Says what a command says that succeeds.
    fn said(&self, words: &[&str]) -> String {
        let answer = self.answer(words);
        assert_eq!(answer.code, 0, "{words:?}: {}", answer.err);
        answer.out
    }

    /// The jobs of a task.
    fn jobs_of(&self, task: &str) -> Vec<Job> {
        let is_of = |job: &Job| job.command.iter().any(|word| word.rsplit('.').next() == Some(task));
        self.double.jobs().into_iter().filter(is_of).collect()
    }

    /// Says why the jobs ended, for a test that failed.
    fn logs(&self) -> String {
        let logs = std::fs::read_dir(self.path().join("machines")).unwrap().flatten();
        logs.filter_map(|entry| std::fs::read_to_string(entry.path()).ok()).collect()
    }
}

impl Answer {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Asks until there is an answer.
fn until<T>(what: &str, ask: impl Fn() -> Option<T>) -> T {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(90) {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{what}")
}
