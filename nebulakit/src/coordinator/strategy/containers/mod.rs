//! Attempts in containers.

mod apptainer;
mod arguments;
mod asked;
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

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::num::NonZero;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitStatus;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::OnceCell;
use uuid::Uuid;

pub use self::apptainer::Apptainer;
pub use self::asked::{Mount, Pull, User};
pub use self::docker::Docker;
pub use self::driver::{CommandLine, Driver, Image, Launch, Limits, Record, Refusal, Whose};
use self::ends::refused;
pub use self::ends::{CommandError, ContainerError};
use self::engine::Engine;
use self::folder::Folder;
use self::keeper::Keeper;
pub use self::podman::Podman;
use self::running::Running;
use self::settings::Settings;
use self::tasks::{Binary, Came, Door, SHARED};
pub use self::words::Trouble;
use self::work::OfContainer;
pub use self::work::{Container, ContainerOutput};
use crate::coordinator::context::{Attempt, Executing, JobContext};
use crate::coordinator::error::{JobError, Lost, WorkKind};
use crate::coordinator::strategy::ExecutionStrategy;
use crate::coordinator::strategy::processes::output::Output;
use crate::coordinator::strategy::processes::talk::{self, Talked};
use crate::coordinator::strategy::processes::{fate, order};
use crate::coordinator::tasks::failed as tasks_failed;
use crate::process::worker::message::{Order, Over};
use crate::process::worker::{Marker, contained, is_entered};
use crate::services::env::{self, Environment};
use crate::task::run::has_timers;

/// How long a container may take to be gone whose task is over, or whose worker says nothing more.
const FAREWELL: Duration = Duration::from_secs(30);

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
    settings: Settings,
    engine: OnceCell<Engine>,
    keeper: Arc<Keeper>,
    environment: Environment,
    /// This program.
    own: OnceCell<Binary>,
}

impl fmt::Debug for ContainerStrategy {
    /// Without the values of variables.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { slots, engine, image, .. } = &self.settings;
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
        Self {
            settings,
            engine: OnceCell::new(),
            keeper: Keeper::new(None),
            environment: Environment::from_process(),
            own: OnceCell::new(),
        }
    }

    /// The engine: `docker`, `podman`, `apptainer` or `singularity`, or the path of such a program. Unless set it is the first of these that is there and answers.
    #[must_use]
    pub fn engine(mut self, engine: impl Into<String>) -> Self {
        self.settings.engine = Some(engine.into());
        self
    }

    /// An engine that this library does not know.
    #[must_use]
    pub fn driver(mut self, driver: impl Driver) -> Self {
        self.settings.driver = Some(Arc::new(driver));
        self
    }

    /// The image of tasks that name none by `#[task(image = "..")]`.
    #[must_use]
    pub fn image(mut self, image: impl Into<String>) -> Self {
        self.settings.image = Some(image.into());
        self
    }

    /// Where images have this program, where it cannot be mounted because it needs libraries: the path that it has here unless set.
    #[must_use]
    pub fn binary(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.binary = Some(path.into());
        self
    }

    /// Another program with the same tasks instead of this one, as under `cargo test`, where this one is the test.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        let program = program.into();
        self.keeper = Keeper::new(Some(program.clone()));
        self.settings.program = Some(program);
        self
    }

    /// Whether containers have a network, unless their work says so itself: no unless set.
    #[must_use]
    pub fn network(mut self, network: bool) -> Self {
        self.settings.network = network;
        self
    }

    /// When images are fetched from their registries.
    #[must_use]
    pub fn pull(mut self, pull: Pull) -> Self {
        self.settings.pull = pull;
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
        self.settings.variables.insert(name.into(), None);
        self
    }

    /// Gives containers a variable with this value, which is not among the arguments of any process.
    #[must_use]
    pub fn variable_with(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.settings.variables.insert(name.into(), Some(value.into()));
        self
    }

    /// A file or folder more that all containers see.
    #[must_use]
    pub fn mount(mut self, mount: Mount) -> Self {
        self.settings.mounts.push(mount);
        self
    }

    /// As whom programs in containers run: as the user who runs this process unless set.
    #[must_use]
    pub fn user(mut self, user: User) -> Self {
        self.settings.user = user;
        self
    }

    /// Whether the images' own files cannot be changed: no unless set. What a container changes there ends with it.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.settings.read_only = read_only;
        self
    }

    /// Whether a small program of the engine's, which has to be installed for docker and podman, is the first process of bare containers, and starts the command: no unless set. The kernel keeps
    /// signals from a first process that does not handle them, SIGTERM and its own SIGABRT among them.
    #[must_use]
    pub fn init(mut self, init: bool) -> Self {
        self.settings.init = init;
        self
    }

    /// The most memory that a container may take whose work asks for none, in bytes. A job that takes more fails with [`JobError::Limit`].
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.settings.memory = Some(bytes);
        self
    }

    /// How many cores a container may keep busy whose work says nothing of that: 1 unless set.
    #[must_use]
    pub fn cpus(mut self, cores: f64) -> Self {
        self.settings.cpus = Some(cores);
        self
    }

    async fn chosen(&self) -> Result<&Engine, ContainerError> {
        let Settings { driver, engine, .. } = &self.settings;
        let images = self.images();
        self.engine.get_or_try_init(|| Engine::choose(driver.clone(), engine.as_deref(), &images)).await
    }

    /// Where engines without a store of their own keep images.
    fn images(&self) -> PathBuf {
        let own = |name: &str| self.environment.raw(name).filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let caches = own("XDG_CACHE_HOME").or_else(|| Some(own("HOME")?.join(".cache")));
        caches.unwrap_or_else(|| self.environment.temporary_folder()).join("nebulakit").join("images")
    }

    async fn attempt(&self, attempt: Attempt) -> Result<(), JobError> {
        if !has_timers() {
            let said = "containers need a runtime with I/O and timers\nhint: call `enable_all()` on the runtime's builder";
            return Err(JobError::lost(Lost::Strategy(said.to_owned())));
        }
        if attempt.kind() == WorkKind::Container {
            let task = attempt.context().piece.task().and_then(|(task, _)| Some((task, task.container()?)));
            return match task {
                Some(task) => {
                    let (folder, is_open, context) = (self.folder()?, self.settings.user != User::Caller, attempt.context().clone());
                    let command = |container| Box::pin(async move { self.command(&container, &context).await }) as programs::Running<'_>;
                    programs::run(attempt, task, folder, is_open, command).await
                }
                None => self.bare(attempt).await,
            };
        }
        let context = attempt.context().clone();
        let outputs = match self.task(&context).await {
            Err(error) if self.was_removed(&error) => self.task(&context).await?,
            outputs => outputs?,
        };
        attempt.give(&outputs)
    }

    /// Runs the task of `context` by a worker in a container, and gives its outputs.
    async fn task(&self, context: &JobContext) -> Result<Bytes, JobError> {
        let Some((task, inputs)) = context.piece.task() else {
            return Err(JobError::lost(Lost::Strategy("only tasks and bare commands run in containers".to_owned())));
        };
        let settings = &context.live().settings;
        let name = settings.image.as_deref().or(task.options().image).or(self.settings.image.as_deref());
        let Some(name) = name else {
            let hint = "hint: name one by `#[task(image = \"..\")]`, `ContainerStrategy::image` or `--container-image`";
            return Err(refused(&format!("the task `{}` has no image to run in a container\n{hint}", task.name())));
        };
        let Settings { network, mounts, .. } = &self.settings;
        let network = settings.network.unwrap_or(task.options().network || *network);
        let mut order = Box::new(order::of(context, None)?);
        let data = data::of_task(task.name(), inputs, &order.raw_output_prefix, mounts, network).map_err(|said| refused(&said))?;
        order.raw_output_prefix.clone_from(&data.raw_output_prefix);
        let binary = self.binary_here().await?;
        let engine = self.chosen().await?;
        let image = engine.image(name, self.settings.pull, &self.keeper).await?;

        let folder = self.folder()?;
        let made = |error: std::io::Error| JobError::lost(Lost::Strategy(format!("the folder of the container cannot be made: {error}")));
        let is_open = self.settings.user != User::Caller;
        let shared = folder.shared("shared", is_open).map_err(made)?;
        folder.shared("shared/tmp", is_open).map_err(made)?;
        // What is mounted there takes its place.
        std::fs::write(shared.join("program"), []).map_err(made)?;
        let door = Door::make(&shared, is_open).map_err(made)?;

        let mut launch = self.launch(&image, vec![binary.path.clone().into_os_string()], &folder, context);
        launch.network = network;
        launch.init = false;
        launch.folder = data.folder;
        launch.mounts.push(Mount::read_write(&shared).at(SHARED));
        launch.mounts.extend(binary.mounted.as_ref().map(|file| Mount::read_only(file).at(&binary.path)));
        launch.mounts.extend(data.mounts);
        launch.variables.extend(task.options().env.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))));
        let depth = Marker::below(&self.environment).depth;
        launch.variables.insert(env::WORKER.to_owned(), contained::marker(depth, &format!("{SHARED}/socket")).into());
        launch.variables.insert(env::TMPDIR.to_owned(), format!("{SHARED}/tmp").into());

        let mut output = Output::default();
        let mut running = Running::start(engine, &self.keeper, launch, folder, context).await?;
        let talked = match running.worker(&door, binary, context, &mut output).await? {
            Came::Ended => Ok(Talked::Silent { heard_the_job: false }),
            Came::Worker(mut talk) => {
                let client = &running.client;
                talk::talk(&mut talk, client.pipes(), &client.process, Order::Job(order), context, &mut output, false).await
            }
        };
        // The worker ends with its socket, and the container with the worker.
        let end = tokio::time::timeout(FAREWELL, running.wait(context, &mut output, true)).await;
        match talked {
            Ok(Talked::Over(Over { ended, .. })) => {
                if let Ok(end) = end {
                    // How the worker ended does not matter any more.
                    let _ = running.code(end, &output.tail()).await;
                }
                ended.into_result().map_err(tasks_failed)
            }
            Err(error) => Err(JobError::Lost { how: Lost::Strategy(error.to_string()), tail: output.tail().into() }),
            Ok(Talked::Silent { .. }) => {
                let Ok(end) = end else {
                    let said = "the worker in the container closed its connection, and was ended";
                    return Err(JobError::Lost { how: Lost::Strategy(said.to_owned()), tail: output.tail().into() });
                };
                let tail = output.tail();
                match running.code(end, &tail).await {
                    Ok(code) => Err(fate::of(ExitStatus::from_raw(raw(code)), None, tail, None, &engine.kept)),
                    Err(error) => Err(about_the_binary(error, binary)),
                }
            }
        }
    }

    /// This program, as containers have it: read once.
    async fn binary_here(&self) -> Result<&Binary, JobError> {
        let Settings { program, binary, .. } = &self.settings;
        if program.is_none() && !is_entered() {
            return Err(refused(
                "this program has no workers: `nebulakit::coordinator::worker_main()` has to be the first line of its `main`",
            ));
        }
        let found = self.own.get_or_try_init(|| async {
            let (program, binary) = (program.clone(), binary.clone());
            let found = tokio::task::spawn_blocking(move || Binary::find(program.as_deref(), binary.as_deref())).await;
            found.unwrap_or_else(|_| Err("the runtime was shut down".to_owned()))
        });
        found.await.map_err(|said| refused(&said))
    }

    /// Runs a bare container.
    async fn bare(&self, attempt: Attempt) -> Result<(), JobError> {
        let context = attempt.context().clone();
        let Some(work) = context.piece.container().and_then(|container| container.downcast_ref::<OfContainer>()) else {
            return Err(JobError::lost(Lost::Strategy("the work is not a container".to_owned())));
        };
        let ended = self.command(&work.asked, &context).await?;
        work.end(ended);
        attempt.run_blocking()
    }

    /// Runs a command in a container, for the job of `context`.
    ///
    /// # Errors
    /// When it cannot be started, or does not end with one of the codes that are a success.
    pub(in crate::coordinator) async fn command(&self, asked: &Container, context: &JobContext) -> Result<ContainerOutput, JobError> {
        match self.command_once(asked, context).await {
            Err(error) if self.was_removed(&error) => self.command_once(asked, context).await,
            ended => ended,
        }
    }

    async fn command_once(&self, asked: &Container, context: &JobContext) -> Result<ContainerOutput, JobError> {
        let engine = self.chosen().await?;
        let image = engine.image(&asked.image, self.settings.pull, &self.keeper).await?;
        let folder = self.folder()?;
        let mut launch = self.launch(&image, asked.command.clone(), &folder, context);
        launch.mounts.extend(asked.mounts.iter().cloned());
        launch.variables.extend(self.named(&asked.variables));
        launch.network = asked.network.unwrap_or(launch.network);
        launch.user = asked.user.unwrap_or(launch.user);
        launch.read_only = asked.read_only.unwrap_or(launch.read_only);
        launch.folder.clone_from(&asked.folder);
        let mut output = Output::default();
        let mut running = Running::start(engine, &self.keeper, launch, folder, context).await?;
        let end = running.wait(context, &mut output, false).await;
        let exit = running.code(end, &output.tail()).await?;
        if asked.accepted.contains(&exit) {
            Ok(ContainerOutput::new(exit, output.tail(), image))
        } else {
            Err(CommandError::new(exit, &asked.image, output.tail()).into())
        }
    }

    /// Whether the image was there when it was looked up, and is not any more: it is looked up again then.
    fn was_removed(&self, error: &JobError) -> bool {
        let error = error.downcast_ref::<ContainerError>().filter(|error| error.trouble == Trouble::NoImage);
        error.is_some_and(|error| self.engine.get().is_some_and(|engine| engine.forget(&error.image)))
    }

    fn folder(&self) -> Result<Folder, JobError> {
        let made = Folder::make(&self.environment.temporary_folder());
        made.map_err(|error| JobError::lost(Lost::Strategy(error.to_string())))
    }

    /// What is the same for all containers of this strategy.
    fn launch(&self, image: &Image, command: Vec<OsString>, folder: &Folder, context: &JobContext) -> Launch {
        let Settings { mounts, network, user, read_only, init, memory, .. } = &self.settings;
        let granted = context.granted();
        let label = |name: &str, value: String| (format!("nebulakit.{name}"), value);
        Launch {
            name: format!("nebulakit-{}", Uuid::new_v4().simple()),
            image: image.clone(),
            command,
            mounts: mounts.clone(),
            variables: self.named(&self.settings.variables),
            network: *network,
            user: *user,
            cpus: granted.cores().filter(|cores| *cores > 0.0),
            memory: granted.memory().or(*memory),
            gpus: granted.gpus().iter().map(ToString::to_string).collect(),
            read_only: *read_only,
            init: *init,
            folder: None,
            labels: BTreeMap::from([
                label("job", context.id().to_string()),
                label("run", context.run().to_string()),
                label("process", std::process::id().to_string()),
            ]),
            scratch: folder.path().to_owned(),
        }
    }

    /// The variables that are named, with their values.
    fn named(&self, named: &BTreeMap<String, Option<OsString>>) -> BTreeMap<String, OsString> {
        let value = |name: &str, own: &Option<OsString>| own.clone().or_else(|| self.environment.raw(name).map(ToOwned::to_owned));
        named.iter().filter_map(|(name, own)| Some((name.clone(), value(name, own)?))).collect()
    }
}

/// An exit code as `wait` gives it, or a signal, which engines tell by a code.
fn raw(code: i32) -> i32 {
    if (129..=128 + 64).contains(&code) { code - 128 } else { code << 8 }
}

/// An image that does not have this program is told what it is to have.
fn about_the_binary(error: JobError, binary: &Binary) -> JobError {
    match error.downcast_ref::<ContainerError>() {
        Some(own) if own.trouble == Trouble::NoCommand && binary.mounted.is_none() => own.clone().with_hint(&binary.hint()).into(),
        _ => error,
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
        Some(self.settings.slots)
    }

    fn cores(&self) -> f64 {
        self.settings.cpus.unwrap_or(1.0)
    }

    fn execute(&self, attempt: Attempt) -> Executing<'_> {
        Box::pin(self.attempt(attempt))
    }

    fn shutdown(&self, deadline: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.keeper.shut_down(deadline))
    }
}

impl Drop for ContainerStrategy {
    fn drop(&mut self) {
        self.keeper.close();
    }
}
