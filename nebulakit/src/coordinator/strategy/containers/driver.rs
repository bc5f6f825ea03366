//! What is different from engine to engine.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::coordinator::strategy::containers::asked::{Mount, User};
use crate::coordinator::strategy::containers::words::{Trouble, trouble};

/// A program with its arguments, which runs without a shell.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandLine {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What is different from this process's environment: variables with a value, and variables without one that it does not have.
    pub variables: BTreeMap<OsString, Option<OsString>>,
}

impl fmt::Debug for CommandLine {
    /// Without the values of variables.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, arguments, variables } = self;
        let variables: Vec<_> = variables.keys().collect();
        f.debug_struct("CommandLine").field("program", program).field("arguments", arguments).field("variables", &variables).finish()
    }
}

impl CommandLine {
    /// That of `program`.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), arguments: Vec::new(), variables: BTreeMap::new() }
    }

    /// The same with more arguments.
    #[must_use]
    pub fn with<I: IntoIterator<Item = A>, A: Into<OsString>>(mut self, arguments: I) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    pub(super) fn push(&mut self, argument: impl Into<OsString>) {
        self.arguments.push(argument.into());
    }

    /// The program and its arguments.
    pub(super) fn parts(&self) -> impl Iterator<Item = OsString> {
        std::iter::once(self.program.clone().into_os_string()).chain(self.arguments.iter().cloned())
    }

    /// As a command that begins in `folder`.
    pub(super) fn to_command(&self, folder: Option<&Path>) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.arguments);
        if let Some(folder) = folder {
            command.current_dir(folder);
        }
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

/// An image that an engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Image {
    /// What it was asked for as.
    pub name: String,
    /// What the engine starts it by, which no new tag changes: its own id, or a file.
    pub id: String,
    /// Its digest in a registry, as `name@sha256:..`, where it came from one; of a file the digest of its contents.
    pub digest: Option<String>,
}

impl Image {
    /// An image that is known by `id`.
    #[must_use]
    pub fn new(name: impl Into<String>, id: impl Into<String>, digest: Option<String>) -> Self {
        Self { name: name.into(), id: id.into(), digest }
    }
}

/// A container that is to be started.
#[derive(Clone)]
#[non_exhaustive]
pub struct Launch {
    /// The container's name: one that no other has, of letters, digits and dashes.
    pub name: String,
    /// Its image.
    pub image: Image,
    /// The program that runs in it, and its arguments. The image's own entrypoint is not used.
    pub command: Vec<OsString>,
    /// What of this machine it sees.
    pub mounts: Vec<Mount>,
    /// Its environment, besides what the image sets.
    pub variables: BTreeMap<String, OsString>,
    /// Whether it has a network.
    pub network: bool,
    /// As whom the program runs.
    pub user: User,
    /// How many cores it may keep busy.
    pub cpus: Option<f64>,
    /// The most memory that it may take, in bytes; as much with swap.
    pub memory: Option<u64>,
    /// The GPUs that it sees, by their ids.
    pub gpus: Vec<String>,
    /// Whether the image's own files cannot be changed.
    pub read_only: bool,
    /// Whether a small program of the engine's is the first process, and starts the command.
    pub init: bool,
    /// The folder that the program begins in; the image's own if [`None`].
    pub folder: Option<PathBuf>,
    /// How it is found among others.
    pub labels: BTreeMap<String, String>,
    /// A folder of this machine that belongs to the container alone, for files of the engine.
    pub scratch: PathBuf,
}

impl fmt::Debug for Launch {
    /// Without the values of variables.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, image, command, mounts, variables, .. } = self;
        let variables: Vec<_> = variables.keys().collect();
        f.debug_struct("Launch")
            .field("name", name)
            .field("image", image)
            .field("command", command)
            .field("mounts", mounts)
            .field("variables", &variables)
            .finish_non_exhaustive()
    }
}

impl Launch {
    /// Where an engine writes the container's id that can.
    #[must_use]
    pub fn id_file(&self) -> PathBuf {
        self.scratch.join("id")
    }

    /// Where an engine writes the number of the process that looks after the container, where there is one for each.
    #[must_use]
    pub fn monitor_file(&self) -> PathBuf {
        self.scratch.join("monitor")
    }

    /// Where an engine writes the number of the container's first process that can.
    #[must_use]
    pub fn process_file(&self) -> PathBuf {
        self.scratch.join("process")
    }
}

/// Which limits an engine keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// That on cores.
    pub cpus: bool,
    /// That on memory.
    pub memory: bool,
}

impl Limits {
    /// All.
    pub const ALL: Self = Self { cpus: true, memory: true };
    /// None.
    pub const NONE: Self = Self { cpus: false, memory: false };
}

/// Why an engine cannot start a container that is asked for: what is wrong, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

/// What an engine has written down of a container that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Record {
    /// Whether anything is written down.
    pub is_there: bool,
    /// Whether the program in it began.
    pub began: bool,
    /// Its exit code, if it ended.
    pub code: Option<i32>,
    /// Whether the kernel ended a process in it for want of memory.
    pub out_of_memory: bool,
}

/// Whose the exit code of the engine's program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Whose {
    /// That of the program in the container.
    Program,
    /// The engine's own: the container did not begin, or its end was not heard.
    Engine,
    /// The engine's [`record`](Driver::record) says.
    Unknown,
}

/// An engine: what its command line is for what a [`ContainerStrategy`](super::ContainerStrategy) does.
///
/// There is one each for docker, podman, and apptainer or singularity. Another engine is another implementation, given by
/// [`ContainerStrategy::driver`](super::ContainerStrategy::driver).
pub trait Driver: fmt::Debug + Send + Sync + 'static {
    /// What people call the engine.
    fn name(&self) -> &str;

    /// Asks the engine whether it is there.
    fn ask(&self) -> CommandLine;

    /// Takes its answer.
    ///
    /// # Errors
    /// When it is not there, in its own words.
    fn answered(&self, printed: &str) -> Result<(), String> {
        let _ = printed;
        Ok(())
    }

    /// Asks for an image that the engine has; [`None`] where [`local_image`](Self::local_image) is all there is to know.
    fn find(&self, image: &str) -> Option<CommandLine>;

    /// Reads the answer.
    fn found(&self, image: &str, printed: &str) -> Option<Image>;

    /// An image that is known without the engine: a file.
    ///
    /// # Errors
    /// When it cannot be read.
    fn local_image(&self, image: &str) -> std::io::Result<Option<Image>> {
        let _ = image;
        Ok(None)
    }

    /// Which limits it keeps here; a [`Launch`] asks for no others.
    fn limits(&self) -> Limits {
        Limits::ALL
    }

    /// Fetches an image from its registry.
    fn pull(&self, image: &str) -> CommandLine;

    /// Starts a container and waits for its end: its output and its exit code are those of the program in it.
    ///
    /// # Errors
    /// When the engine cannot do what is asked.
    fn run(&self, launch: &Launch) -> Result<CommandLine, Refusal>;

    /// Sends a signal to the program in a container; [`None`] where the process that waits for it passes signals on.
    fn signal(&self, name: &str, signal: &str) -> Option<CommandLine>;

    /// Ends and removes containers, whose names are added as the last arguments, and prints the names of those that it removed. [`None`] where a container ends with the
    /// process that waits for it.
    fn remove(&self) -> Option<CommandLine>;

    /// Where the cgroup of the container of that `id` may be, below the top: looked at before the engine is [asked](Self::process).
    fn groups(&self, id: &str) -> Vec<String> {
        let _ = id;
        Vec::new()
    }

    /// Prints the number of the first process of a container that runs; [`None`] where the engine writes it to [`Launch::process_file`], or cannot tell.
    fn process(&self, name: &str) -> Option<CommandLine> {
        let _ = name;
        None
    }

    /// Whose the exit code is with which the engine's program ended, and what it `said` last.
    fn whose(&self, launch: &Launch, code: i32, said: &str) -> Whose;

    /// Asks what the engine has written down of a container that began after `since`.
    fn record(&self, name: &str, since: SystemTime) -> Option<CommandLine> {
        let _ = (name, since);
        None
    }

    /// Reads the answer.
    fn recorded(&self, printed: &str) -> Record {
        let _ = printed;
        Record::default()
    }

    /// What is wrong, by what the engine printed.
    fn trouble(&self, said: &str) -> Trouble {
        trouble(said)
    }
}

/// Says `path` in a message.
pub(super) fn shown(path: &(impl AsRef<OsStr> + ?Sized)) -> String {
    Path::new(path).display().to_string().escape_debug().to_string()
}
