//! A plan's folder, as a driver makes it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use nebulakit_types::wire::flyteidl::core::{Literal, LiteralMap};
use prost::Message as _;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The program that runs its nodes.
const PROGRAM: &str = env!("CARGO_BIN_EXE_fixture");

/// A plan of a few nodes of the fixture.
pub(crate) struct Plan {
    dir: TempDir,
}

impl Plan {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let plan = Self { dir };
        plan.says(&json!({"build": build()}));
        plan
    }

    /// Writes `plan.json` with these entries besides or instead.
    pub(crate) fn says(&self, entries: &Value) {
        let mut plan = json!({"version": 1, "id": "p1", "name": "flow", "backend": "test", "build": "", "program": "bin/0123"});
        plan.as_object_mut().unwrap().extend(entries.as_object().unwrap().clone());
        std::fs::write(self.path().join("plan.json"), plan.to_string()).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The folder of an attempt.
    pub(crate) fn attempt(&self, node: &str, attempt: u32) -> PathBuf {
        self.path().join("nodes").join(node).join(attempt.to_string())
    }

    /// Puts the inputs of an attempt where they belong.
    pub(crate) fn given(self, node: &str, attempt: u32, inputs: &[(&str, Literal)]) -> Self {
        let literals = inputs.iter().map(|(name, literal)| ((*name).to_owned(), literal.clone())).collect();
        std::fs::create_dir_all(self.attempt(node, attempt)).unwrap();
        std::fs::write(self.attempt(node, attempt).join("inputs.pb"), LiteralMap { literals }.encode_to_vec()).unwrap();
        self
    }

    /// `node-execute` with these words behind the plan's folder.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.env_clear().arg("node-execute").arg("--plan").arg(self.path()).args(words.iter().map(OsString::from));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn start(&self, words: &[&str]) -> Child {
        self.command(words).spawn().unwrap()
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// The record of an attempt, without what differs from one to another.
    pub(crate) fn record(&self, node: &str, attempt: u32) -> Value {
        serde_json::from_slice(&std::fs::read(self.attempt(node, attempt).join("record.json")).unwrap()).unwrap()
    }

    /// The output `o0` of an attempt.
    pub(crate) fn output(&self, node: &str, attempt: u32) -> Literal {
        let outputs = std::fs::read(self.attempt(node, attempt).join("outputs.pb")).unwrap();
        LiteralMap::decode(&*outputs).unwrap().literals.remove("o0").unwrap()
    }

    /// The names in one of its folders, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path().join(folder)) else { return Vec::new() };
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// The build id of the program, as it says itself where a plan is another build's.
fn build() -> &'static str {
    static BUILD: OnceLock<String> = OnceLock::new();
    BUILD.get_or_init(|| {
        let dir = TempDir::new().unwrap();
        let plan = json!({"version": 1, "id": "p", "name": "", "backend": "", "build": "another", "program": ""});
        std::fs::write(dir.path().join("plan.json"), plan.to_string()).unwrap();
        let ended = Command::new(PROGRAM).args(["node-execute", "--node", "n0", "--plan"]).arg(dir.path()).output().unwrap();
        let said = stderr(&ended);
        let (_, rest) = said.split_once("this program is the build `").unwrap_or_else(|| panic!("{said}"));
        rest.split_once('`').unwrap().0.to_owned()
    })
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
