//! Attempts in containers.

mod apptainer;
mod arguments;
mod asked;
mod bare;
mod base;
mod client;
mod common;
pub(crate) mod copilot;
mod data;
mod docker;
mod driver;
mod ends;
mod engine;
mod folder;
mod keeper;
mod podman;
mod programs;
mod running;
mod secrets;
mod settings;
#[cfg(test)]
mod snapshots;
mod tasks;
mod watcher;
mod words;
mod work;
mod worker;

use std::ffi::OsString;
use std::fmt;
use std::num::NonZero;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

pub use self::apptainer::Apptainer;
pub use self::asked::{Mount, Pull, User};
use self::base::Base;
pub use self::docker::Docker;
pub use self::driver::{CommandLine, Driver, Image, Launch, Limits, Record, Refusal, Whose};
pub use self::ends::{CommandError, ContainerError};
use self::keeper::Keeper;
pub use self::podman::Podman;
use self::settings::Settings;
pub use self::words::Trouble;
pub use self::work::{Container, ContainerOutput};
use crate::coordinator::context::{Attempt, Executing};
use crate::coordinator::error::{JobError, Lost, WorkKind};
use crate::coordinator::strategy::ExecutionStrategy;
use crate::task::run::has_timers;

/// Runs work in containers, each in one of its own, by docker, podman, apptainer or singularity: tasks of this program in an image, and [bare commands](Container) in any image.
///
/// A container sees what it needs: the files that are its inputs or are mounted, the variables that are named, and no network unless that is asked for. It runs as the user who
/// runs this process, so that what it writes is theirs. Its image is looked up once for each strategy, and kept: a tag that moves meanwhile changes nothing, and
/// [`EventKind::Container`](crate::coordinator::EventKind::Container) tells the digest.
///
/// A job that is cancelled or takes too long has its container stopped, and removed after the coordinator's grace. When this process ends, however it does, another one, its keeper,
/// removes what it had: [`worker_main`](crate::coordinator::worker_main) has to be the first line of `main`. `docs/containers.md` has the rest.
///
/// # Examples
/// ```
/// use nebulakit::coordinator::{ContainerStrategy, Coordinator, Pull, Strategy};
///
/// let containers = ContainerStrategy::new().engine("podman").image("ghcr.io/me/tasks:1").pull(Pull::Never).memory(512 << 20);
/// let coordinator = Coordinator::builder().strategy(Strategy::Container, containers).build();
/// # drop(coordinator);
/// ```
pub struct ContainerStrategy {
    base: Base,
}

impl fmt::Debug for ContainerStrategy {
    /// Without the values of variables.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { slots, engine, image, .. } = &self.base.settings;
        f.debug_struct("ContainerStrategy").field("slots", slots).field("engine", engine).field("image", image).finish_non_exhaustive()
    }
}

impl ContainerStrategy {
    /// As many containers at once as the machine has cores for this process, by the first engine that answers.
    #[must_use]
    pub fn new() -> Self {
        Self::with_slots(thread::available_parallelism().map_or(1, NonZero::get))
    }

    /// At most `slots` containers at once, at least one.
    #[must_use]
    pub fn with_slots(slots: usize) -> Self {
        let settings = Settings { slots: slots.max(1), ..Settings::default() };
        Self { base: Base::new(settings) }
    }

    /// The engine: `docker`, `podman`, `apptainer` or `singularity`, or the path of such a program. Unless set it is the first of these that is there and answers.
    #[must_use]
    pub fn engine(mut self, engine: impl Into<String>) -> Self {
        self.base.settings.engine = Some(engine.into());
        self
    }

    /// An engine that this library does not know.
    #[must_use]
    pub fn driver(mut self, driver: impl Driver) -> Self {
        self.base.settings.driver = Some(Arc::new(driver));
        self
    }

    /// The image of tasks that name none by `#[task(image = "..")]`.
    #[must_use]
    pub fn image(mut self, image: impl Into<String>) -> Self {
        self.base.settings.image = Some(image.into());
        self
    }

    /// Where images have this program, where it cannot be mounted because it needs libraries: the path that it has here unless set.
    #[must_use]
    pub fn binary(mut self, path: impl Into<PathBuf>) -> Self {
        self.base.settings.binary = Some(path.into());
        self
    }

    /// Another program with the same tasks instead of this one, as under `cargo test`, where this one is the test.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        let program = program.into();
        self.base.keeper = Keeper::new(Some(program.clone()));
        self.base.settings.program = Some(program);
        self
    }

    /// Whether containers have a network, unless their work says so itself: no unless set.
    #[must_use]
    pub fn network(mut self, network: bool) -> Self {
        self.base.settings.network = network;
        self
    }

    /// When images are fetched from their registries.
    #[must_use]
    pub fn pull(mut self, pull: Pull) -> Self {
        self.base.settings.pull = pull;
        self
    }

    /// Fetches nothing: [`Pull::Never`].
    #[must_use]
    pub fn offline(self) -> Self {
        self.pull(Pull::Never)
    }

    /// Hands the variable of that name on, where this process has it.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>) -> Self {
        self.base.settings.variables.hand_on(name);
        self
    }

    /// Gives containers a variable with this value, which is not among the arguments of any process.
    #[must_use]
    pub fn variable_with(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.base.settings.variables.set(name, value);
        self
    }

    /// A file or folder more that all containers see.
    #[must_use]
    pub fn mount(mut self, mount: Mount) -> Self {
        self.base.settings.mounts.push(mount);
        self
    }

    /// As whom programs in containers run: as the user who runs this process unless set.
    #[must_use]
    pub fn user(mut self, user: User) -> Self {
        self.base.settings.user = user;
        self
    }

    /// Whether the images' own files cannot be changed: no unless set. What a container changes there ends with it.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.base.settings.read_only = read_only;
        self
    }

    /// Whether a small program of the engine's, which has to be installed for docker and podman, is the first process of bare containers, and starts the command: no unless set. The kernel keeps
    /// signals from a first process that does not handle them, SIGTERM and its own SIGABRT among them.
    #[must_use]
    pub fn init(mut self, init: bool) -> Self {
        self.base.settings.init = init;
        self
    }

    /// The most memory that a container may take whose work asks for none, in bytes. A job that takes more fails with [`JobError::Limit`].
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.base.settings.memory = Some(bytes);
        self
    }

    /// How many cores a container may keep busy whose work says nothing of that: 1 unless set.
    #[must_use]
    pub fn cpus(mut self, cores: f64) -> Self {
        self.base.settings.cpus = Some(cores);
        self
    }

    async fn attempt(&self, attempt: Attempt) -> Result<(), JobError> {
        if !has_timers() {
            let said = "containers need a runtime with I/O and timers\nhint: call `enable_all()` on the runtime's builder";
            return Err(JobError::lost(Lost::Strategy(said.to_owned())));
        }
        if attempt.kind() == WorkKind::Task {
            return tasks::run(&self.base, attempt).await;
        }
        let task = attempt.context().piece.task().and_then(|(task, _)| Some((task, task.container()?)));
        match task {
            Some(task) => programs::run(&self.base, attempt, task).await,
            None => bare::run(&self.base, attempt).await,
        }
    }
}

impl Default for ContainerStrategy {
    fn default() -> Self {
        Self::new()
    }
}

impl ExecutionStrategy for ContainerStrategy {
    fn accepts(&self, kind: WorkKind) -> bool {
        matches!(kind, WorkKind::Task | WorkKind::Container)
    }

    fn slots(&self) -> Option<usize> {
        Some(self.base.settings.slots)
    }

    fn cores(&self) -> f64 {
        self.base.settings.cpus.unwrap_or(1.0)
    }

    fn execute(&self, attempt: Attempt) -> Executing<'_> {
        Box::pin(self.attempt(attempt))
    }

    fn shutdown(&self, deadline: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.base.keeper.shut_down(deadline))
    }
}

impl Drop for ContainerStrategy {
    fn drop(&mut self) {
        self.base.keeper.close();
    }
}
