//! Runs on this machine, through a coordinator in this process.

mod attached;
mod cached;
mod deleted;
mod digests;
mod ended;
mod former;
mod from;
mod invoked;
mod memory;
mod needed;
mod readers;
mod recorded;
mod rehearsal;
mod run_local;
mod shelf;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use nebulakit_types::storage::Storage;

use self::attached::{Itself, Onward, Told};
use self::cached::Cached;
use self::former::Former;
use self::memory::Remembered;
use self::recorded::{Given, Seen, Started};
pub use self::run_local::RunLocal;
use super::demand::unmet;
use super::driver::Window;
use super::inputs::unfit;
use super::{Backend, Capabilities, Options, Plan, Preview, RunError, needs};
use crate::coordinator::{ContainerStrategy, Coordinator, CoordinatorBuilder};
use crate::graph::Graph;
use crate::run::{Cache, Recorder, RunFolder, RunHandle, RunId, RunsFolder, TaskChange};
use crate::task::builder::ContextBuilder;
use crate::task::context::Context;
use crate::task::mock::Mocks;
use crate::task::strategy::Strategy;

/// Runs graphs on this machine, in this process, and records them in a folder.
///
/// # Examples
/// ```
/// use nebulakit::backend::{Backend as _, LocalBackend, Options};
/// use nebulakit::prelude::*;
/// use nebulakit::run::{RunOutcome, RunsFolder};
///
/// #[task]
/// fn greet() -> String {
///     "hello".to_owned()
/// }
///
/// #[workflow]
/// fn greeting() -> Promise<String> {
///     greet::node()
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// # let scratch = tempfile::tempdir()?;
/// let backend = LocalBackend::new(RunsFolder::open(scratch.path())?);
/// let plan = backend.compile(&greeting::graph()?, &Options::new())?;
/// let run = backend.run(plan).await?;
/// assert_eq!(run.wait().await?, RunOutcome::Succeeded);
/// assert!(run.result()?.ends_with(b"hello"));
/// # Ok(())
/// # }
/// ```
pub struct LocalBackend {
    runs: RunsFolder,
    coordinator: Arc<dyn Fn(CoordinatorBuilder) -> CoordinatorBuilder + Send + Sync>,
    surroundings: Arc<dyn Fn(PathBuf) -> ContextBuilder + Send + Sync>,
    mocks: Mocks,
    begun: Arc<Begun>,
}

/// Called with the recorder of a run.
pub(in crate::backend) type Begun = dyn Fn(&Arc<Recorder>) + Send + Sync;

impl fmt::Debug for LocalBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalBackend").field("runs", &self.runs).finish_non_exhaustive()
    }
}

impl LocalBackend {
    /// A backend that records runs in `runs`, and whose tasks can reach only this machine.
    #[must_use]
    pub fn new(runs: RunsFolder) -> Self {
        Self {
            runs,
            coordinator: Arc::new(|builder| builder),
            surroundings: Arc::new(Context::builder),
            begun: Arc::new(|_| ()),
            mocks: Mocks::default(),
        }
    }

    /// Sets up the coordinator of each run: how much of the machine it may use, other strategies, the program of worker processes.
    #[must_use]
    pub fn coordinator(self, set: impl Fn(CoordinatorBuilder) -> CoordinatorBuilder + Send + Sync + 'static) -> Self {
        Self { coordinator: Arc::new(set), ..self }
    }

    /// The object stores that tasks can reach, instead of only this machine.
    #[must_use]
    pub fn storage(self, storage: Storage) -> Self {
        self.surroundings(move |folder| Context::builder(folder).storage(storage.clone()))
    }

    /// The surroundings of tasks, by the folder of their run.
    pub(crate) fn surroundings(self, make: impl Fn(PathBuf) -> ContextBuilder + Send + Sync + 'static) -> Self {
        Self { surroundings: Arc::new(make), ..self }
    }

    /// Called with the recorder of a run before any of its tasks begins.
    pub(crate) fn begun(self, begun: impl Fn(&Arc<Recorder>) + Send + Sync + 'static) -> Self {
        Self { begun: Arc::new(begun), ..self }
    }

    /// What is called with the recorder of a run, for a backend that records its runs itself.
    #[cfg(feature = "snakemake")]
    pub(in crate::backend) fn hook(&self) -> Arc<Begun> {
        Arc::clone(&self.begun)
    }

    /// The tasks that ran in a run and have changed in this program. A run that resumes it keeps their outputs, unless their interface changed.
    ///
    /// # Errors
    /// When there is no such run, or when its record cannot be read.
    pub fn changes(&self, run: &RunId) -> Result<Vec<TaskChange>, RunError> {
        former::changes(&self.attach(run)?).map_err(RunError::Record)
    }

    /// The run that a plan resumes, if it can be resumed.
    fn former(&self, plan: &Plan) -> Result<Option<Former>, RunError> {
        let Some(run) = &plan.options.resumes else { return Ok(None) };
        let former = Former::of(&self.runs, run).map_err(RunError::Record)?;
        if let Some(from) = &plan.options.from {
            from::known(from, &plan.graph, &former).map_err(RunError::Record)?;
        }
        let mut reasons = Vec::new();
        if plan.options.is_strict {
            reasons.extend(self.changes(run)?.iter().map(|change| format!("since the run {run} a task was changed: {change}")));
        }
        if reasons.is_empty() { Ok(Some(former)) } else { Err(RunError::Refused(reasons)) }
    }

    /// Mocks that replace tasks.
    fn mocks(self, mocks: Mocks) -> Self {
        Self { mocks, ..self }
    }

    /// What [`compile`](Backend::compile) gives, for the coordinator that `coordinator` makes.
    fn plan(&self, graph: &Graph, options: &Options, coordinator: &CoordinatorBuilder) -> Result<Plan, RunError> {
        let mut reasons = needs::missing(graph, &self.mocks);
        reasons.extend(unmet(graph, || coordinator.limits()));
        if !options.is_checked {
            reasons.extend(unfit(graph, &Bytes::copy_from_slice(&options.inputs)).map_err(RunError::Inputs)?);
        }
        if options.resumes.is_none() && (options.from.is_some() || options.is_strict) {
            reasons.push("`from` and `strict` need `resumes`".to_owned());
        }
        if !reasons.is_empty() {
            return Err(RunError::Refused(reasons));
        }
        let json = graph.to_json().map_err(RunError::Graph)?;
        let files = vec![(PathBuf::from("graph.json"), json.into_bytes()), (PathBuf::from("inputs.pb"), options.inputs.clone())];
        Ok(Plan { backend: self.name().to_owned().into(), graph: graph.clone(), options: options.clone(), files })
    }

    /// Starts a plan on the runtime of the caller, with what `coordinator` makes.
    async fn start(&self, plan: Plan, coordinator: CoordinatorBuilder, given: Given) -> Result<Started, RunError> {
        self.start_with(plan, move |_| Ok(coordinator), given).await
    }

    /// The same with what `coordinator` makes for the folder of the run.
    async fn start_with(
        &self,
        plan: Plan,
        coordinator: impl FnOnce(&RunFolder) -> Result<CoordinatorBuilder, RunError> + Send,
        given: Given,
    ) -> Result<Started, RunError> {
        if self.runs.path().to_str().is_none() {
            let shown = self.runs.path().to_string_lossy().into_owned();
            return Err(RunError::Refused(vec![format!("runs cannot be recorded in `{shown}`, whose path is not UTF-8")]));
        }
        let former = self.former(&plan)?;
        let recorder =
            Arc::new(Recorder::create(&self.runs, plan.options.durability).map_err(RunError::Record)?.keeping(plan.options.keep));
        (self.begun)(&recorder);
        let folder = recorder.folder().clone();
        // A run that did not begin would be the last one.
        let begun = match coordinator(&folder) {
            Ok(coordinator) => self.begin(plan, recorder, former, coordinator, given).await,
            Err(error) => Err(error),
        };
        begun.inspect_err(|_| drop(folder.discard()))
    }

    /// Starts the plan that `recorder` records.
    async fn begin(
        &self,
        plan: Plan,
        recorder: Arc<Recorder>,
        former: Option<Former>,
        coordinator: CoordinatorBuilder,
        given: Given,
    ) -> Result<Started, RunError> {
        let folder = recorder.folder().clone();
        let cached = Cached::new(&self.runs, plan.options.cache, folder.id().clone(), plan.options.durability);
        let memory = Arc::new(Remembered::new(&self.runs, former, cached, Some(folder)));
        let surroundings = (self.surroundings)(recorder.folder().path().to_owned());
        let context = surroundings.in_a_graph().mocks(self.mocks.clone()).build();
        let coordinator = coordinator.context(context).build();
        needed::find(&plan, &memory, &coordinator).await?;
        recorded::start(plan, recorder, memory, coordinator, self.mocks.clone(), given)
    }

    /// Compiles a graph for a coordinator whose jobs run elsewhere, in the name of another backend.
    pub(in crate::backend) fn plan_for(
        &self,
        backend: &str,
        graph: &Graph,
        options: &Options,
        coordinator: &CoordinatorBuilder,
    ) -> Result<Plan, RunError> {
        Ok(Plan { backend: backend.to_owned().into(), ..self.plan(graph, options, coordinator)? })
    }

    /// What sets the coordinator of a run up.
    pub(in crate::backend) fn builder(&self) -> CoordinatorBuilder {
        (self.coordinator)(builder())
    }

    /// Starts a plan with the coordinator that `coordinator` makes for the folder of the run.
    pub(in crate::backend) async fn run_with(
        &self,
        plan: Plan,
        coordinator: impl FnOnce(&RunFolder) -> Result<CoordinatorBuilder, RunError> + Send,
    ) -> Result<RunHandle, RunError> {
        Ok(self.start_with(plan, coordinator, Given::default()).await?.handle)
    }

    /// Drives a run on that no process drives any more, with the coordinator that `coordinator` makes for its folder and the name of what it runs. With a
    /// `window` its tasks run in this process, until that is closed.
    pub(in crate::backend) async fn resume_with(
        &self,
        run: &RunId,
        options: Options,
        coordinator: impl FnOnce(&RunFolder, &str) -> Result<CoordinatorBuilder, RunError> + Send,
        window: Option<Arc<Window>>,
    ) -> Result<RunHandle, RunError> {
        let recorder = Recorder::resume(&self.runs, run, options.durability).map_err(RunError::Record)?.keeping(options.keep);
        let recorder = Arc::new(recorder);
        (self.begun)(&recorder);
        let handle = self.attach(run)?;
        let (graph, inputs) = (handle.graph().map_err(RunError::Record)?, handle.inputs().map_err(RunError::Record)?);
        let state = handle.state().map_err(RunError::Record)?;
        let mut options = options.inputs(inputs);
        (options.resumes, options.from) = (state.resumes.clone(), state.from.clone());
        let plan = Plan { backend: state.backend.clone(), graph, options, files: Vec::new() };
        let folder = recorder.folder().clone();
        let builder = coordinator(&folder, &plan.graph.name)?;
        let former = self.former(&plan)?;
        let cached = Cached::new(&self.runs, plan.options.cache, folder.id().clone(), plan.options.durability);
        let told = Told::of(&folder).map_err(RunError::Record)?;
        let mut answers = former.as_ref().map_or_else(HashMap::new, |former| former.answers(&plan.options.inputs));
        answers.extend(crate::run::answers(&folder).map_err(RunError::Record)?);
        let earlier = Arc::new(Remembered::new(&self.runs, former, cached, Some(folder.clone())));
        let memory = Arc::new(Itself::new(earlier, &handle, window.is_some()).map_err(RunError::Record)?);
        let context = (self.surroundings)(folder.path().to_owned()).in_a_graph().mocks(self.mocks.clone()).build();
        let seen = Seen { record: Arc::new(Onward::new(Arc::clone(&recorder), told)), memory, former: answers };
        Ok(recorded::go(plan, recorder, seen, builder.context(context).build(), self.mocks.clone(), Given { window, ..Given::default() })
            .handle)
    }

    /// Begins the record of a run that another process is to drive.
    #[cfg(feature = "slurm")]
    pub(in crate::backend) fn create(&self, plan: &Plan) -> Result<Arc<Recorder>, RunError> {
        let former = self.former(plan)?;
        let recorder = Recorder::create(&self.runs, plan.options.durability).map_err(RunError::Record)?.keeping(plan.options.keep);
        let created = recorded::create(plan, &recorder, former.map(|former| former.id().clone()));
        created.inspect_err(|_| drop(recorder.folder().discard()))?;
        let recorder = Arc::new(recorder);
        (self.begun)(&recorder);
        Ok(recorder)
    }

    /// The folder that it records runs in.
    #[must_use]
    pub fn runs(&self) -> &RunsFolder {
        &self.runs
    }
}

impl Backend for LocalBackend {
    fn name(&self) -> &str {
        "local"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    fn compile(&self, graph: &Graph, options: &Options) -> Result<Plan, RunError> {
        self.plan(graph, options, &(self.coordinator)(builder()))
    }

    fn run(&self, plan: Plan) -> BoxFuture<'_, Result<RunHandle, RunError>> {
        Box::pin(async move { Ok(self.start(plan, (self.coordinator)(builder()), Given::default()).await?.handle) })
    }

    fn preview<'a>(&'a self, plan: &'a Plan) -> BoxFuture<'a, Result<Preview, RunError>> {
        Box::pin(async move {
            let former = self.former(plan)?;
            // Nothing has this id: nothing is recorded.
            let cached = Cached::new(&self.runs, plan.options.cache, RunId::from("preview"), plan.options.durability).read_only();
            let (cache, coordinator) = (Cache::new(&self.runs), builder().build());
            let memory = Arc::new(Remembered::new(&self.runs, former, cached, None));
            needed::find(plan, &memory, &coordinator).await?;
            rehearsal::rehearse(plan, memory, &cache, coordinator).await
        })
    }

    fn attach(&self, run: &RunId) -> Result<RunHandle, RunError> {
        RunHandle::attach(&self.runs, run).map_err(RunError::Record)
    }
}

/// A coordinator with all strategies that a graph can name.
fn builder() -> CoordinatorBuilder {
    Coordinator::builder().strategy(Strategy::Container, ContainerStrategy::new())
}
