//! A bare container as work: an image and a command.

use std::any::Any;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::coordinator::context::JobContext;
use crate::coordinator::error::{JobError, Lost, WorkKind};
use crate::coordinator::lock::{Mutex, locked};
use crate::coordinator::piece::Runs;
use crate::coordinator::strategy::containers::asked::{Mount, User};
use crate::coordinator::strategy::containers::driver::Image;
use crate::coordinator::strategy::workers::variables::Variables;
use crate::coordinator::work::{IntoWork, Work};

/// A command in a container of its own: work for a [`ContainerStrategy`](super::ContainerStrategy), without any task.
///
/// It sees what is mounted and named, and nothing else: no network, and of this machine's environment nothing. A command that ends with a code other than 0 is an error, which is a
/// [`CommandError`](super::CommandError); its lines are events of its job.
///
/// # Examples
/// ```no_run
/// use nebulakit::coordinator::{Container, ContainerStrategy, Coordinator, Mount, Strategy, worker_main};
///
/// #[tokio::main]
/// async fn main() -> anyhow::Result<()> {
///     worker_main();
///     let coordinator = Coordinator::builder().strategy(Strategy::Container, ContainerStrategy::new()).build();
///     let flagstat = Container::new("quay.io/biocontainers/samtools:1.21--h50ea8bc_0")
///         .command(["samtools", "flagstat", "/data/reads.bam"])
///         .mount(Mount::read_only("/data/reads.bam"));
///     let ended = coordinator.submit(flagstat, Strategy::Container).await?.join().await?;
///     println!("{}", ended.tail);
///     Ok(())
/// }
/// ```
#[derive(Clone)]
#[must_use = "a container does nothing before it is submitted"]
pub struct Container {
    pub(super) image: String,
    pub(super) command: Vec<OsString>,
    pub(super) mounts: Vec<Mount>,
    pub(super) variables: Variables,
    pub(super) network: Option<bool>,
    pub(super) user: Option<User>,
    pub(super) read_only: Option<bool>,
    pub(super) folder: Option<PathBuf>,
    pub(super) accepted: Vec<i32>,
}

impl fmt::Debug for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { image, command, mounts, variables, .. } = self;
        f.debug_struct("Container")
            .field("image", image)
            .field("command", command)
            .field("mounts", mounts)
            .field("variables", variables)
            .finish_non_exhaustive()
    }
}

impl Container {
    /// One of that image, by any name that the engine knows it by.
    pub fn new(image: impl Into<String>) -> Self {
        Self {
            image: image.into(),
            command: Vec::new(),
            mounts: Vec::new(),
            variables: Variables::default(),
            network: None,
            user: None,
            read_only: None,
            folder: None,
            accepted: vec![0],
        }
    }

    /// The program and its arguments. The image's own entrypoint is not used, and no shell reads them.
    pub fn command<I: IntoIterator<Item = A>, A: Into<OsString>>(mut self, command: I) -> Self {
        self.command = command.into_iter().map(Into::into).collect();
        self
    }

    /// A file or folder more that it sees.
    pub fn mount(mut self, mount: Mount) -> Self {
        self.mounts.push(mount);
        self
    }

    /// Hands the variable of that name on, where this process has it.
    pub fn variable(mut self, name: impl Into<String>) -> Self {
        self.variables.hand_on(name);
        self
    }

    /// Gives it a variable with this value, which is not among the arguments of any process.
    pub fn variable_with(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.variables.set(name, value);
        self
    }

    /// Whether it has a network: as the strategy says unless set, and that says no.
    pub fn network(self, network: bool) -> Self {
        Self { network: Some(network), ..self }
    }

    /// As whom it runs: as the strategy says unless set, and that says as the user who runs this process.
    pub fn user(self, user: User) -> Self {
        Self { user: Some(user), ..self }
    }

    /// Whether the image's own files cannot be changed.
    pub fn read_only(self, read_only: bool) -> Self {
        Self { read_only: Some(read_only), ..self }
    }

    /// The folder that the command begins in: the image's own unless set.
    pub fn folder(self, folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), ..self }
    }

    /// The exit codes that are a success: 0 unless set.
    pub fn accept(self, codes: impl IntoIterator<Item = i32>) -> Self {
        Self { accepted: codes.into_iter().collect(), ..self }
    }
}

/// How a bare container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContainerOutput {
    /// The exit code of its command.
    pub exit: i32,
    /// The last lines of its output.
    pub tail: Arc<str>,
    /// The image that it ran, with its digest.
    pub image: Arc<Image>,
}

impl ContainerOutput {
    pub(super) fn new(exit: i32, tail: String, image: Arc<Image>) -> Self {
        Self { exit, tail: tail.into(), image }
    }
}

/// A bare container, and how it ended.
pub(in crate::coordinator) struct OfContainer {
    pub(super) asked: Container,
    ended: Mutex<Option<ContainerOutput>>,
}

impl OfContainer {
    /// How it ended, which the work gives when it is run then.
    pub(super) fn end(&self, ended: ContainerOutput) {
        *locked(&self.ended) = Some(ended);
    }
}

impl Runs<ContainerOutput> for OfContainer {
    const KIND: WorkKind = WorkKind::Container;

    async fn run(&self, context: JobContext) -> Result<ContainerOutput, JobError> {
        self.run_blocking(context)
    }

    fn run_blocking(&self, _: JobContext) -> Result<ContainerOutput, JobError> {
        let ended = locked(&self.ended).take();
        ended.ok_or_else(|| JobError::lost(Lost::Strategy("a container is run by a `ContainerStrategy` alone".to_owned())))
    }

    fn container(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl IntoWork for Container {
    type Output = ContainerOutput;

    fn into_work(self) -> Work<ContainerOutput> {
        Work::from(self)
    }
}

impl From<Container> for Work<ContainerOutput> {
    fn from(asked: Container) -> Self {
        let name: Arc<str> = asked.image.as_str().into();
        Self::of(OfContainer { asked, ended: Mutex::new(None) }).name(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coordinator::strategy::containers::driver::CommandLine;

    #[test]
    fn no_value_of_a_variable_is_shown() {
        let container = Container::new("tool:1").command(["run"]).variable_with("TOKEN", "hush");
        let mut line = CommandLine::new("docker");
        line.variables.insert("TOKEN".into(), Some("hush".into()));
        for shown in [format!("{container:?}"), format!("{line:?}")] {
            assert!(shown.contains("TOKEN") && !shown.contains("hush"), "{shown}");
        }
    }
}
