//! Whole runs on a real Slurm cluster, that of tests/slurm/with-slurm.sh, from the command line of a program.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot set itself up has failed; it asks where its cluster is"
)]

mod alone;
mod conformance;
mod ends;
mod faults;
mod packed;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The program. Each run has a copy of it, so what only a debugger reads is left out.
fn flows() -> &'static Path {
    static FLOWS: LazyLock<PathBuf> = LazyLock::new(|| {
        let stripped = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("slurm_flows-{}", std::process::id()));
        let strip = Command::new("strip").args(["-o".as_ref(), stripped.as_os_str(), env!("CARGO_BIN_EXE_slurm_flows").as_ref()]).status();
        assert!(strip.unwrap().success());
        stripped
    });
    &FLOWS
}

/// A project's folder, whose runs are on Slurm.
struct Place(TempDir);

/// How a command ended, and what it said.
struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        assert!(std::env::var_os("NEBULAKIT_TEST_SLURM").is_some(), "run by tests/slurm/with-slurm.sh");
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A project with these settings.
    fn with(settings: &str) -> Self {
        let place = Self::new();
        std::fs::write(place.path().join("nebulakit.toml"), settings).unwrap();
        place
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
        for name in ["CARGO_MANIFEST_DIR", "RUST_BACKTRACE", "NEBULAKIT_LOG", "NEBULAKIT_DIR"] {
            command.env_remove(name);
        }
        command
    }

    fn run_words<'w>(&'w self, workflow: &'w str, more: &[&'w str], ledger: &'w str) -> Vec<&'w str> {
        [&["run", workflow, "--ledger", ledger, "--backend", "slurm"], more].concat()
    }

    /// Runs a workflow to its end.
    fn run(&self, workflow: &str, more: &[&str]) -> Answer {
        let ledger = self.ledger();
        Answer::of(self.command(&self.run_words(workflow, more, ledger.to_str().unwrap())).output().unwrap())
    }

    /// Starts to run a workflow.
    fn start(&self, workflow: &str) -> std::process::Child {
        self.start_with(workflow, &[])
    }

    /// Starts to run a workflow with more options.
    fn start_with(&self, workflow: &str, more: &[&str]) -> std::process::Child {
        let ledger = self.ledger();
        self.command(&self.run_words(workflow, more, ledger.to_str().unwrap())).spawn().unwrap()
    }

    /// The id of its last run.
    fn run_id(&self) -> String {
        let runs: serde_json::Value = serde_json::from_str(&self.said(&["runs", "list", "--json"])).unwrap();
        runs[0]["run"].as_str().unwrap().to_owned()
    }

    /// How many jobs drove its only run.
    fn drivers(&self) -> usize {
        let plans = std::fs::read_dir(self.path().join(".nebulakit/plans")).unwrap();
        let plan = plans.map(|plan| plan.unwrap().path()).next().unwrap();
        std::fs::read_dir(plan.join("drivers")).unwrap().count()
    }

    /// Says what a command says that succeeds.
    fn said(&self, words: &[&str]) -> String {
        let answer = Answer::of(self.command(words).output().unwrap());
        assert_eq!(answer.code, 0, "{words:?}: {}", answer.err);
        answer.out
    }

    /// The numbers of the jobs that Slurm runs of this place.
    fn jobs(&self) -> Vec<String> {
        let out = program("squeue", &["--noheader", "--states=RUNNING", "--format=%A %Z"]);
        let own = self.path().canonicalize().unwrap();
        out.lines().filter_map(|line| line.split_once(' ')).filter(|(_, of)| Path::new(of) == own).map(|(id, _)| id.to_owned()).collect()
    }
}

impl Answer {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// What a program of Slurm says.
fn program(name: &str, words: &[&str]) -> String {
    let output = Command::new(name).args(words).output().unwrap();
    assert!(output.status.success(), "{name} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Asks until there is an answer.
fn until<T>(what: &str, ask: impl Fn() -> Option<T>) -> T {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(90) {
        if let Some(answer) = ask() {
            return answer;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{what}")
}
