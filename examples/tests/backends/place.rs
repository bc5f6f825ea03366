//! A project's folder, and runs in it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nebulakit::run::{NodeStatus, RunHandle, RunsFolder};
use nebulakit::types::Literal;
use tempfile::TempDir;

use crate::given;

/// What runs the jobs.
pub(crate) enum Engine {
    Local,
    /// The command backend, over a script that runs each job at once.
    Queue,
    #[cfg(feature = "snakemake")]
    Snakemake(String),
    #[cfg(feature = "slurm")]
    Slurm,
}

impl Engine {
    fn name(&self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Queue => "batch",
            #[cfg(feature = "snakemake")]
            Self::Snakemake(_) => "snakemake",
            #[cfg(feature = "slurm")]
            Self::Slurm => "slurm",
        }
    }

    pub(crate) fn is_snakemake(&self) -> bool {
        self.name() == "snakemake"
    }

    /// The settings of the project.
    fn settings(&self, folder: &Path) -> String {
        match self {
            Self::Local => String::new(),
            Self::Queue => {
                let (script, queue) = (root().join("tests/command/queue.sh"), folder.join("queue"));
                fs::create_dir(&queue).unwrap();
                let text = include_str!("../../../tests/command/nebulakit.toml");
                text.replace("SCRIPT", script.to_str().unwrap()).replace("QUEUE", queue.to_str().unwrap())
            }
            #[cfg(feature = "snakemake")]
            Self::Snakemake(program) => format!("[backends.snakemake]\nprogram = {program:?}\ncores = 2\n"),
            #[cfg(feature = "slurm")]
            Self::Slurm => "poll = \"2s\"\n".to_owned(),
        }
    }
}

pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Runs it, approves what asks for that, and says what each node gave, and what the run did.
    pub(crate) fn run(&self, program: &Path, words: &[&str], engine: &Engine) -> BTreeMap<String, BTreeMap<String, Literal>> {
        let program = self.stripped(program);
        let mut child = self.run_of(&program, words, engine).spawn().unwrap();
        let mut said = String::new();
        let mut output = BufReader::new(child.stderr.take().unwrap());
        while output.read_line(&mut said).unwrap() != 0 {
            let line = said.lines().last().unwrap_or_default();
            if let Some((_, answer)) = line.split_once("answer it with `") {
                let words: Vec<_> = answer.split('`').next().unwrap().split(' ').collect();
                assert!(self.command(&program, "runs").args(&words[2..]).stderr(Stdio::null()).status().unwrap().success(), "{line}");
            }
        }
        assert!(child.wait().unwrap().success(), "{}: {said}", engine.name());
        self.given()
    }

    /// What is said where it is not run.
    pub(crate) fn refusal(&self, program: &Path, words: &[&str], engine: &Engine) -> String {
        let output = self.run_of(&self.stripped(program), words, engine).output().unwrap();
        assert!(!output.status.success(), "{words:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn run_of(&self, program: &Path, words: &[&str], engine: &Engine) -> Command {
        let folder = self.0.path();
        fs::write(folder.join("nebulakit.toml"), engine.settings(folder)).unwrap();
        let words = words.iter().map(|word| word.replace('@', root().to_str().unwrap()).replace('#', folder.to_str().unwrap()));
        let mut run = self.command(program, "run");
        run.args(words).args(["--backend", engine.name()]).stderr(Stdio::piped());
        run
    }

    /// What each node of the only run gave, and, by no name, the run.
    fn given(&self) -> BTreeMap<String, BTreeMap<String, Literal>> {
        let runs = RunsFolder::open_existing(self.0.path().join(".nebulakit")).unwrap();
        let [id] = runs.list().unwrap().try_into().unwrap();
        let run = RunHandle::attach(&runs, &id).unwrap();
        let state = run.state().unwrap();
        let succeeded =
            state.nodes.iter().filter(|(_, node)| matches!(node.status, NodeStatus::Succeeded(_))).map(|(path, _)| path.to_string());
        let of_nodes = succeeded.filter_map(|path| run.outputs(&path).unwrap().map(|outputs| (path, outputs)));
        of_nodes.chain([(String::new(), run.result().unwrap())]).map(|(path, outputs)| (path, self.read(&outputs))).collect()
    }

    fn read(&self, outputs: &[u8]) -> BTreeMap<String, Literal> {
        let outputs = Literal::decode_map(outputs).unwrap();
        outputs.into_iter().map(|(name, literal)| (name, given::with_digests(literal, self.0.path()))).collect()
    }

    /// A copy of a program without what only a debugger reads: each plan has a copy of it.
    fn stripped(&self, program: &Path) -> PathBuf {
        let stripped = self.0.path().join(program.file_name().unwrap());
        fs::copy(program, &stripped).unwrap();
        // Where there is no such tool, the copies are large.
        let _ = Command::new("strip").arg(&stripped).status();
        stripped
    }

    fn command(&self, program: &Path, verb: &str) -> Command {
        let mut command = Command::new(program);
        command.arg(verb).current_dir(&self.0).stdin(Stdio::null()).stdout(Stdio::null());
        for name in ["CARGO_MANIFEST_DIR", "NEBULAKIT_DIR", "NEBULAKIT_LOG", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        command
    }
}

/// The root of this repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
