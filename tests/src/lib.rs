//! What the process-level tests share: starting the fixture binary as a platform would, and reading what it left.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]

#[cfg(feature = "flyte")]
pub mod flyte;
pub mod gcs_front;
pub mod http;
pub mod literals;
pub mod python;
pub mod servers;
pub mod stops;
pub mod vectors;

use std::ffi::OsString;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nebulakit_types::wire::flyteidl::core::{ContainerError, ErrorDocument, Literal, LiteralMap};
use prost::Message as _;
use tempfile::TempDir;

/// The kind of an error document, as the wire has it.
pub const NON_RECOVERABLE: i32 = 0;
/// The kind of an error document, as the wire has it.
pub const RECOVERABLE: i32 = 1;
/// The origin of an error document, as the wire has it.
pub const USER: i32 = 1;
/// The origin of an error document, as the wire has it.
pub const SYSTEM: i32 = 2;

/// Tasks that give back what they take, by name and type.
#[macro_export]
macro_rules! there_and_back {
    ($($name:ident: $type:ty;)*) => {$(
        #[nebulakit::task]
        fn $name(v: $type) -> $type {
            v
        }
    )*};
}

/// One launch of a task, in a folder of its own: `in/inputs.pb`, the output prefix `out`, the raw prefix `raw`.
#[derive(Debug)]
pub struct Launch {
    dir: TempDir,
    program: PathBuf,
    verb: String,
    task: String,
    inputs: String,
    output_prefix: String,
    raw_prefix: String,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    memory: Option<u64>,
    group: Option<PathBuf>,
    apart: bool,
}

impl Launch {
    /// A launch of `task` of the binary `program`, with an empty `inputs.pb`.
    #[must_use]
    pub fn new(program: &str, task: &str) -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::create_dir(dir.path().join("in")).unwrap();
        std::fs::write(dir.path().join("in/inputs.pb"), b"").unwrap();
        let inputs = dir.path().join("in/inputs.pb").to_str().unwrap().to_owned();
        let output_prefix = dir.path().join("out").to_str().unwrap().to_owned();
        let raw_prefix = dir.path().join("raw").to_str().unwrap().to_owned();
        Self {
            dir,
            program: program.into(),
            verb: "execute".into(),
            task: task.into(),
            inputs,
            output_prefix,
            raw_prefix,
            arguments: Vec::new(),
            environment: Vec::new(),
            memory: None,
            group: None,
            apart: false,
        }
    }

    /// The folder of this launch.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Gives the task this input.
    #[must_use]
    pub fn input(self, name: &str, literal: Literal) -> Self {
        let mut map = LiteralMap::decode(&*std::fs::read(self.path().join("in/inputs.pb")).unwrap()).unwrap();
        map.literals.insert(name.to_owned(), literal);
        self.inputs_pb(&map.encode_to_vec())
    }

    /// Puts these bytes where the inputs belong.
    #[must_use]
    pub fn inputs_pb(self, bytes: &[u8]) -> Self {
        std::fs::write(self.path().join("in/inputs.pb"), bytes).unwrap();
        self
    }

    /// Names another place for the inputs.
    #[must_use]
    pub fn inputs_at(mut self, url: &str) -> Self {
        url.clone_into(&mut self.inputs);
        self
    }

    /// Names another place for the outputs.
    #[must_use]
    pub fn outputs_at(mut self, url: &str) -> Self {
        url.clone_into(&mut self.output_prefix);
        self
    }

    /// Names another place for files, directories and tables.
    #[must_use]
    pub fn raw_at(mut self, url: &str) -> Self {
        url.clone_into(&mut self.raw_prefix);
        self
    }

    /// Uses another word than `execute`.
    #[must_use]
    pub fn verb(mut self, verb: &str) -> Self {
        verb.clone_into(&mut self.verb);
        self
    }

    /// Adds words to the command line.
    #[must_use]
    pub fn arguments<S: Into<OsString>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(words.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable; the task sees no others.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Limits its memory, its code and stacks included, to this many MiB: a process that asks for more is ended.
    #[must_use]
    pub fn memory(mut self, mib: u64) -> Self {
        self.memory = Some(mib);
        // One arena: each reserves 64 MiB, used or not.
        self.env("MALLOC_ARENA_MAX", "1")
    }

    /// Starts it in the cgroup that is this folder.
    #[must_use]
    pub fn in_group(mut self, folder: &Path) -> Self {
        self.group = Some(folder.to_owned());
        self
    }

    /// Starts it as the first process of a namespace of its own, as in a container.
    #[must_use]
    pub fn apart(mut self) -> Self {
        self.apart = true;
        self
    }

    /// Sets the variables by which a task knows Flyte 2.
    #[must_use]
    pub fn on_flyte_2(self) -> Self {
        let base = format!("{}/run/", self.path().display());
        self.env("ACTION_NAME", "a0").env("RUN_NAME", "r1").env("_U_RUN_BASE", base).env("_U_ORG_NAME", "local")
    }

    /// Lets it run as the map task's element `index`.
    #[must_use]
    pub fn element(self, index: usize) -> Self {
        self.verb("map-execute")
            .env("BATCH_JOB_ARRAY_INDEX_VAR_NAME", "FLYTE_K8S_ARRAY_INDEX")
            .env("FLYTE_K8S_ARRAY_INDEX", index.to_string())
    }

    /// Sets the variables by which S3 is reached at `port` of this machine.
    #[must_use]
    pub fn s3_at(self, port: u16) -> Self {
        self.env("FLYTE_AWS_ENDPOINT", format!("http://127.0.0.1:{port}"))
            .env("FLYTE_AWS_ACCESS_KEY_ID", "key")
            .env("FLYTE_AWS_SECRET_ACCESS_KEY", "secret")
    }

    fn command(&self) -> Command {
        let before = match (self.memory, &self.group, self.apart) {
            (None, None, false) => None,
            (Some(mib), ..) => Some(format!("ulimit -v {} && exec", mib * 1024)),
            (None, Some(group), _) => Some(format!("echo $$ >{}/cgroup.procs && exec", group.display())),
            // Who is not root needs a namespace of users for it.
            (None, None, true) => Some(
                "u='/usr/bin/unshare --pid --fork --mount-proc --kill-child'; $u true 2>&- || u=\"$u --user --map-root-user\"; exec $u"
                    .to_owned(),
            ),
        };
        let mut command = match before {
            None => Command::new(&self.program),
            Some(before) => {
                let mut shell = Command::new("/bin/sh");
                shell.arg("-c").arg(format!("{before} \"$0\" \"$@\"")).arg(&self.program);
                shell
            }
        };
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.arg(&self.verb).args(["--task-name", &self.task, "--inputs", &self.inputs]);
        let (outputs, raw) =
            if self.verb == "a0" { ("--outputs-path", "--raw-data-path") } else { ("--output-prefix", "--raw-output-data-prefix") };
        command.args([outputs, &self.output_prefix]).args([raw, &self.raw_prefix]).args(&self.arguments);
        command.current_dir(self.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end.
    #[must_use]
    pub fn run(self) -> Ended {
        let output = self.command().output().unwrap();
        Ended { dir: self.dir, output }
    }

    /// Runs exactly these words, and nothing of what this launch would say itself.
    #[must_use]
    pub fn run_words<S: Into<OsString>>(self, words: impl IntoIterator<Item = S>) -> Ended {
        self.start_words(words).wait()
    }

    /// Starts exactly these words, and nothing of what this launch would say itself.
    #[must_use]
    pub fn start_words<S: Into<OsString>>(self, words: impl IntoIterator<Item = S>) -> Started {
        let mut command = Command::new(&self.program);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.args(words.into_iter().map(Into::into)).current_dir(self.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Started { dir: self.dir, child }
    }

    /// Starts it.
    #[must_use]
    pub fn start(self) -> Started {
        let child = self.command().spawn().unwrap();
        Started { dir: self.dir, child }
    }
}

/// A launch that is under way.
#[derive(Debug)]
pub struct Started {
    dir: TempDir,
    child: Child,
}

impl Started {
    /// The folder of this launch.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The process's id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, as `TERM`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success(), "cannot send {name}");
    }

    /// Waits for the next line that it writes to standard error, which [`wait`](Self::wait) leaves out then.
    pub fn stderr_line(&mut self) -> String {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while !line.ends_with(b"\n") && self.child.stderr.as_mut().unwrap().read(&mut byte).unwrap() == 1 {
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap()
    }

    /// Waits for its end.
    #[must_use]
    pub fn wait(mut self) -> Ended {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut pipe = self.child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            pipe.read_to_end(&mut stdout).unwrap();
            stdout
        });
        self.child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
        let status = self.child.wait().unwrap();
        Ended { dir: self.dir, output: Output { status, stdout: reader.join().unwrap(), stderr } }
    }
}

/// How a launch ended, and what it left.
#[derive(Debug)]
pub struct Ended {
    dir: TempDir,
    output: Output,
}

impl Ended {
    /// The folder of this launch.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The exit code; none when a signal ended it.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// The signal that ended it.
    #[must_use]
    pub fn ended_by(&self) -> Option<i32> {
        self.output.status.signal()
    }

    /// What it wrote to standard error.
    #[must_use]
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// The same, as it was written.
    #[must_use]
    pub fn stderr_bytes(&self) -> &[u8] {
        &self.output.stderr
    }

    /// What it wrote to standard output.
    #[must_use]
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// The paths of the files in the folder `of`, relative to it and sorted.
    #[must_use]
    pub fn files(&self, of: &str) -> Vec<String> {
        let root = self.path().join(of);
        let mut files = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for entry in entries {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        files.sort();
        files
    }

    /// The bytes of one file.
    #[must_use]
    pub fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.stderr()))
    }

    /// The outputs, which have to be the only thing that it left, with exit code 0.
    #[must_use]
    pub fn outputs(&self) -> LiteralMap {
        assert_eq!((self.code(), self.files("out")), (Some(0), vec!["outputs.pb".to_owned()]), "{}", self.said());
        LiteralMap::decode(&*self.read("out/outputs.pb")).unwrap()
    }

    /// The one output `o0`.
    #[must_use]
    pub fn output(&self) -> Literal {
        self.outputs().literals.remove("o0").unwrap()
    }

    /// The error, whose document has to be the only thing that it left, with exit code 0.
    #[must_use]
    pub fn error(&self) -> ContainerError {
        assert_eq!((self.code(), self.files("out")), (Some(0), vec!["error.pb".to_owned()]), "{}", self.said());
        self.document("out/error.pb")
    }

    /// The error in the document at `path`.
    #[must_use]
    pub fn document(&self, path: &str) -> ContainerError {
        ErrorDocument::decode(&*self.read(path)).unwrap().error.unwrap()
    }

    fn said(&self) -> String {
        let error = self.files("out").contains(&"error.pb".to_owned()).then(|| self.document("out/error.pb"));
        format!("{error:?}\n{}", self.stderr())
    }
}

/// The examples of the pages, which `cargo test` compiles.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../README.md")]
    mod readme {}
    #[cfg(feature = "schema")]
    #[doc = include_str!("../../docs/data.md")]
    mod data {}
    #[doc = include_str!("../../docs/how-a-task-runs.md")]
    mod how_a_task_runs {}
    #[doc = include_str!("../../docs/wire-format.md")]
    mod wire_format {}
}
