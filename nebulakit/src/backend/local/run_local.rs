//! Runs a workflow or a task with its values in this process.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use nebulakit_types::convert::reader::References;
use nebulakit_types::outputs::TaskOutputs;
use nebulakit_types::storage::Storage;
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Dialect, NebulaType, block_on};
use uuid::Uuid;

use super::ended::why;
use super::invoked::{graph, inputs};
use super::recorded::Given;
use super::{LocalBackend, builder};
use crate::backend::demand::unmet;
use crate::backend::driver::{Signals, Turns, World, drive, literals_of};
use crate::backend::error::RunError;
use crate::backend::{Options, needs};
use crate::coordinator::CoordinatorBuilder;
use crate::graph::Graph;
use crate::run::{Answer, Nowhere, RunId, RunsFolder};
use crate::services::env::Environment;
use crate::task::cancellation::Cancellation;
use crate::task::context::Context;
use crate::task::invocation::Invocation;
use crate::task::mock::{Mock, Mocks};
use crate::task::strategy::Strategy;

/// The folder of runs, as the command line calls it.
const FOLDER: &str = ".nebulakit";

/// A workflow or a task with its values, run in this process when it is awaited: what [`Invocation::run_local`] gives.
///
/// Nothing is left behind, and nothing is remembered: files that tasks make are in a folder for temporary files, which is removed when no output refers to it any more.
/// [`dir`](Self::dir) gives it a folder that stays. Dropping the future cancels what runs.
///
/// Of the environment it reads where temporary files go and, in `CUDA_VISIBLE_DEVICES`, which GPUs there are; tasks in containers read `XDG_CACHE_HOME` and `HOME` too.
///
/// It runs on the runtime that polls it, which needs timers. Async tasks run on that runtime, and plain functions on threads, up to one per core at a time,
/// unless [`strategy`](Self::strategy) or the task says otherwise.
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn double(x: i64) -> i64 {
///     2 * x
/// }
///
/// #[task]
/// fn sum(xs: Vec<i64>) -> i64 {
///     xs.iter().sum()
/// }
///
/// /// Doubles each number, and adds them up.
/// #[workflow]
/// fn doubled(xs: Promise<Vec<i64>>) -> Promise<i64> {
///     sum::node(double::map(xs))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), nebulakit::backend::RunError> {
/// assert_eq!(doubled::with(vec![1, 2, 3]).run_local().await?, 12);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing runs before it is awaited"]
pub struct RunLocal<O> {
    invocation: Invocation<O>,
    options: Options,
    dir: Option<PathBuf>,
    mocks: Mocks,
    answers: HashMap<String, Answer>,
    /// Errors of gate values that cannot be encoded.
    mistakes: Vec<nebulakit_types::Error>,
    coordinator: CoordinatorBuilder,
    stop: Cancellation,
}

impl<O> fmt::Debug for RunLocal<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunLocal")
            .field("invocation", &self.invocation)
            .field("options", &self.options)
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

impl<O: TaskOutputs> Invocation<O> {
    /// Runs it in this process, without a server: see [`RunLocal`].
    pub fn run_local(self) -> RunLocal<O> {
        RunLocal {
            invocation: self,
            options: Options::new(),
            dir: None,
            mocks: Mocks::default(),
            answers: HashMap::new(),
            mistakes: Vec::new(),
            coordinator: builder(),
            stop: Cancellation::new(),
        }
    }

    /// The same in code that is not async.
    ///
    /// # Errors
    /// Why the run has no outputs.
    ///
    /// # Panics
    /// In async code, where [`run_local`](Self::run_local) does the same, and when no thread can be started.
    pub fn run_local_blocking(self) -> Result<O, RunError> {
        self.run_local().blocking()
    }
}

impl<O: TaskOutputs> RunLocal<O> {
    /// How tasks run if they do not set a strategy themselves.
    pub fn strategy(self, strategy: Strategy) -> Self {
        self.options(|options| options.strategy(strategy))
    }

    /// Replaces a task by a closure wherever the run would run or call it: in maps, in sub-workflows, in graphs of dynamic tasks, and whatever
    /// the task's strategy or image. The closure is called in this process. A reference without a body runs through its mock.
    ///
    /// The outputs of a mock are checked like those of its task; if it panics or returns an error, its node fails. A run with mocks neither reads
    /// nor writes the cache, and a run that resumes it keeps none of its nodes.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::prelude::*;
    /// use nebulakit::testing;
    ///
    /// #[task(reference(project = "ml", domain = "production", name = "score", version = "7"))]
    /// fn score(text: String) -> f64;
    ///
    /// #[task]
    /// fn best(scores: Vec<f64>) -> f64 {
    ///     scores.into_iter().fold(f64::MIN, f64::max)
    /// }
    ///
    /// #[workflow]
    /// fn best_of(first: Promise<String>, second: Promise<String>) -> Promise<f64> {
    ///     best::node([score::node(first), score::node(second)])
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), nebulakit::backend::RunError> {
    /// let run = testing::run_local(best_of::with("a", "four")).mock(score::mock(|text| text.len() as f64));
    /// assert_eq!(run.await?, 4.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn mock(mut self, mock: Mock) -> Self {
        self.mocks.add(mock);
        self
    }

    /// Records the run in `.nebulakit` in that folder, as the command line does, with a cache. The files that tasks store stay there,
    /// and a gate without an answer waits for one from another process.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::prelude::*;
    /// use nebulakit::run::RunsFolder;
    ///
    /// #[task(cache(version = "1"))]
    /// fn double(x: i64) -> i64 {
    ///     2 * x
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> anyhow::Result<()> {
    /// # let scratch = tempfile::tempdir()?;
    /// # let folder = scratch.path();
    /// assert_eq!(double::with(4).run_local().dir(folder).await?, 8);
    /// assert_eq!(RunsFolder::open(folder.join(".nebulakit"))?.list()?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn dir(self, folder: impl Into<PathBuf>) -> Self {
        Self { dir: Some(folder.into()), ..self }
    }

    /// What a run that has a [`dir`](Self::dir) does with it: how it uses the cache, which run it goes on with, what its record survives. Without a
    /// [`dir`](Self::dir) a run that is told any of this is refused, but for [`CacheUse::Off`](crate::backend::CacheUse::Off).
    pub fn options(self, set: impl FnOnce(Options) -> Options) -> Self {
        Self { options: set(self.options), ..self }
    }

    /// Sets up the coordinator that runs the jobs: how much of the machine it may use, other strategies, the program of worker processes.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::prelude::*;
    ///
    /// # #[task]
    /// # fn double(x: i64) -> i64 { 2 * x }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), nebulakit::backend::RunError> {
    /// assert_eq!(double::with(4).run_local().coordinator(|coordinator| coordinator.cores(1.0)).await?, 8);
    /// # Ok(())
    /// # }
    /// ```
    pub fn coordinator(self, set: impl FnOnce(CoordinatorBuilder) -> CoordinatorBuilder) -> Self {
        Self { coordinator: set(self.coordinator), ..self }
    }

    /// Approves the gate that waits for `signal`.
    pub fn approve(self, signal: impl Into<String>) -> Self {
        self.answer(signal, Answer::Approve)
    }

    /// Rejects the gate that waits for `signal`.
    pub fn reject(self, signal: impl Into<String>) -> Self {
        self.answer(signal, Answer::Reject)
    }

    /// Gives `value` to the gate that waits for `signal`.
    pub fn signal<T: NebulaType>(mut self, signal: impl Into<String>, value: &T) -> Self {
        let signal = signal.into();
        match nebulakit_types::encode(value, &Dialect::FLYTE_1) {
            Ok(value) => self.answer(signal, Answer::Value(value)),
            Err(error) => {
                self.mistakes.push(error.at_field(&signal));
                self
            }
        }
    }

    /// Stops the run when `cancellation` is cancelled: its tasks are told, and it ends with [`RunError::Cancelled`].
    pub fn cancellation(self, cancellation: &Cancellation) -> Self {
        Self { stop: cancellation.clone(), ..self }
    }

    /// Runs it in code that is not async.
    ///
    /// # Errors
    /// Why the run has no outputs.
    ///
    /// # Panics
    /// In async code, where `.await` does the same, and when no thread can be started.
    pub fn blocking(self) -> Result<O, RunError> {
        block_on(self.run()).unwrap_or_else(|error| panic!("cannot start a thread: {error}"))
    }

    fn answer(mut self, signal: impl Into<String>, answer: Answer) -> Self {
        self.answers.insert(signal.into(), answer);
        self
    }

    async fn run(mut self) -> Result<O, RunError> {
        let graph = graph(self.invocation.definition())?;
        if let Some(mistake) = self.mistakes.pop() {
            return Err(RunError::Inputs(mistake));
        }
        match self.dir.take() {
            Some(folder) => self.recorded(graph, folder).await,
            None => self.unrecorded(graph).await,
        }
    }

    async fn unrecorded(self, graph: Graph) -> Result<O, RunError> {
        let mut reasons = needs::missing(&graph, &self.mocks);
        reasons.extend(unmet(&graph, || self.coordinator.limits()));
        let surplus = self.options.of_a_folder();
        reasons.extend(surplus.map(|name| format!("`Options::{name}` needs a folder that the run is recorded in: say `.dir(..)`")));
        if !reasons.is_empty() {
            return Err(RunError::Refused(reasons));
        }
        let workspace = Workspace::new(Storage::local, None, Environment::from_process().temporary_folder());
        let context = Context::builder(workspace.scratch().map_err(RunError::Folder)?).in_a_graph().mocks(self.mocks.clone()).build();
        let (inputs, data) = inputs(&self.invocation, context.workspace())?;
        data.send().await.map_err(RunError::Inputs)?;
        let world = World {
            coordinator: self.coordinator.context(context).build(),
            run: RunId::from(Uuid::new_v4().simple().to_string()),
            record: Arc::new(Nowhere),
            signals: Arc::new(Signals::known(self.answers)),
            stop: self.stop.below(),
            strategy: self.options.strategy,
            stored: None,
            mocks: self.mocks,
            moved: Arc::default(),
            window: None,
            turns: Turns::default(),
            memory: None,
            is_rehearsal: false,
            shelf: None,
            from: None,
        };
        let ended = drive(&graph, &world, &literals_of(&inputs).map_err(RunError::Inputs)?).await;
        world.coordinator.shutdown(Duration::ZERO).await;
        let outputs = ended.map_err(why)?;
        self.invocation.outputs(&outputs, &References::default().within(&workspace)).map_err(RunError::Outputs)
    }

    async fn recorded(self, graph: Graph, folder: PathBuf) -> Result<O, RunError> {
        let runs = RunsFolder::open(folder.join(FOLDER)).map_err(RunError::Record)?;
        // Before the run is there, nothing else says whose the copies are.
        let _in_use = runs.in_use().map_err(RunError::Record)?;
        let copies = runs.copies().join(Uuid::new_v4().simple().to_string());
        let workspace = Workspace::new(Storage::local, Some(copies.to_string_lossy().into_owned()), runs.path());
        let (inputs, data) = inputs(&self.invocation, &workspace)?;
        data.send().await.map_err(RunError::Inputs)?;
        let backend = LocalBackend::new(runs).mocks(self.mocks);
        let plan = backend.plan(&graph, &self.options.inputs(inputs), &self.coordinator)?;
        let stop = Unwaited(self.stop.below());
        let given = Given { answers: self.answers, stop: stop.0.clone(), window: None };
        let outputs = backend.start(plan, self.coordinator, given).await?.outputs.await.unwrap_or(Err(RunError::Cancelled))?;
        self.invocation.outputs(&outputs, &References::default().within(&workspace)).map_err(RunError::Outputs)
    }
}

/// Asks a run to stop when nothing waits for it any more.
struct Unwaited(Cancellation);

impl Drop for Unwaited {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl<O: TaskOutputs + Send> IntoFuture for RunLocal<O> {
    type Output = Result<O, RunError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
