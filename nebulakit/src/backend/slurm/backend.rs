//! The backend: the local driver, with Slurm for the attempts.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::driving::{Allocation, Keeper, Order};
use super::reach::Slurm;
use super::section::{JOB, Section};
use super::settings::Rules;
use crate::backend::demand::largest;
use crate::backend::engine::{EngineBackend, EngineOptions, Mistakes, Said, Settings};
use crate::backend::node::{PlanFile, PlanFolder};
use crate::backend::{Backend, Capabilities, LocalBackend, Options, Plan, Preview, RunError};
use crate::graph::Graph;
use crate::run::{RunFolder, RunHandle, RunId};
use crate::services::env::Environment;

/// What it is called, and its kind in settings.
pub(crate) const KIND: &str = "slurm";

/// Runs graphs from here, each attempt as a job of a Slurm cluster. `docs/slurm.md` says what becomes a job, and which settings there are.
///
/// # Examples
/// ```no_run
/// use std::path::Path;
///
/// use nebulakit::backend::{Backend as _, LocalBackend, SlurmBackend};
/// use nebulakit::run::RunsFolder;
///
/// # fn main() -> anyhow::Result<()> {
/// let local = LocalBackend::new(RunsFolder::open("/shared/project/.nebulakit")?);
/// let backend = SlurmBackend::configured(local, Path::new("/shared/project"))?;
/// assert_eq!(backend.name(), "slurm");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SlurmBackend {
    engine: EngineBackend,
    slurm: Arc<Slurm>,
    /// Whether the nodes of a run share an allocation.
    packed: bool,
    /// Whether a job drives the run, and submits the next one that does.
    is_driven_by_a_job: bool,
    allocation: Allocation,
}

impl SlurmBackend {
    /// With the settings of the `nebulakit.toml` that counts in `folder`. Its runs are recorded as those of `local` are.
    ///
    /// # Errors
    /// With everything that is wrong with the settings.
    pub fn configured(local: LocalBackend, folder: &Path) -> Result<Self, RunError> {
        Self::read(local, folder, None)
    }

    /// Another program that runs the tasks, as under `cargo test`, where this one is the test.
    ///
    /// # Errors
    /// As for [`configured`](Self::configured).
    pub fn configured_with(local: LocalBackend, folder: &Path, program: impl Into<PathBuf>) -> Result<Self, RunError> {
        Self::read(local, folder, Some(program.into()))
    }

    fn read(local: LocalBackend, folder: &Path, program: Option<PathBuf>) -> Result<Self, RunError> {
        let settings = Settings::read(folder, &Environment::from_process(), Said::default()).map_err(|error| RunError::Refused(error.0))?;
        Self::of_settings(local, KIND, &settings, program)
    }

    /// The backend `name` of these settings.
    pub(crate) fn of_settings(local: LocalBackend, name: &str, settings: &Settings, program: Option<PathBuf>) -> Result<Self, RunError> {
        let mut mistakes = Mistakes::new();
        let mut section = Section::read(settings.keys(name), &mut mistakes);
        let rules = Rules::read(settings.of_engine(KIND), &mut mistakes);
        if !mistakes.is_empty() {
            return Err(RunError::Refused(mistakes));
        }
        if let Some(poll) = settings.poll() {
            section.pace.poll = poll;
        }
        let options = EngineOptions {
            pace: section.pace,
            rules: Arc::new(settings.rules.clone()),
            tokens: rules.tokens(),
            variables: section.variables,
            plan_dir: settings.plan_dir(),
            shared: settings.shared(),
            program,
            ..EngineOptions::default()
        };
        let slurm = Arc::new(Slurm::new(name, &Environment::from_process(), section.cluster, rules));
        Ok(Self {
            engine: EngineBackend::new(local, Arc::clone(&slurm) as _, options),
            slurm,
            packed: section.packed || settings.is_packed(),
            is_driven_by_a_job: settings.driver().map_or(section.is_driven_by_a_job, |driver| driver == JOB),
            allocation: section.allocation,
        })
    }

    /// What the jobs ask for that drive a run of this graph.
    fn allocation(&self, graph: &Graph) -> Allocation {
        if !self.packed {
            return self.allocation;
        }
        let (cores, memory, gpus) = largest(graph);
        self.allocation.or(Allocation { cores, memory, gpus, time: None })
    }

    /// What of a graph has no place in such an allocation.
    fn too_long(graph: &Graph, allocation: &Allocation) -> Vec<String> {
        let Some(most) = allocation.of_nodes() else { return Vec::new() };
        let mut refused = Vec::new();
        graph.each_node(&mut |workflow, node| {
            let limit = node.overrides.as_deref().and_then(|overrides| overrides.timeout);
            let limit = limit.or_else(|| crate::task::registry::registry().get(node.task()?)?.options.timeout);
            if let Some(limit) = limit.filter(|limit| *limit >= most) {
                refused.push(format!(
                    "the node {} of `{}` may take {limit:?}, and an allocation has {most:?} for its nodes\nhint: `time` in `[backends.{KIND}.allocation]` says how long one lasts",
                    node.id, workflow.name
                ));
            }
        });
        refused
    }

    /// Records a run, writes its plan, and has jobs drive it.
    fn hand_over(&self, plan: &Plan) -> Result<RunHandle, RunError> {
        let local = self.engine.local();
        let recorder = local.create(plan)?;
        let run = recorder.folder().clone();
        let began = self.ordered(plan, &run).and_then(|(folder, order)| self.keeper(&run, folder, order));
        // From here on jobs record it.
        recorder.release();
        began.and_then(Keeper::start).inspect_err(|_| drop(run.discard()))
    }

    fn ordered(&self, plan: &Plan, run: &RunFolder) -> Result<(PlanFolder, Order), RunError> {
        let (folder, _) = self.engine.write(plan, &self.engine.plan_folder(run), &run.id().to_string(), Some(run))?;
        let builder = self.engine.local().builder();
        let order = Order {
            packed: self.packed,
            follows_itself: self.is_driven_by_a_job,
            allocation: self.allocation(&plan.graph),
            strategy: plan.options.strategy.as_ref().map(|strategy| strategy.name().to_owned()),
            tokens: builder.limits().tokens.iter().map(|(name, tokens)| (name.to_string(), *tokens)).collect(),
            jobs: builder.most(),
        };
        order.write(&folder).map_err(RunError::Folder)?;
        Ok((folder, order))
    }

    fn keeper(&self, run: &RunFolder, plan: PlanFolder, order: Order) -> Result<Keeper, RunError> {
        let file = PlanFile::read(&plan.plan_file()).map_err(|said| RunError::Refused(vec![said]))?;
        let (runs, run) = (self.engine.local().runs().clone(), RunHandle::of(run.clone()));
        let (variables, pace) = (self.engine.variables(), self.engine.pace());
        Ok(Keeper { slurm: Arc::clone(&self.slurm), runs, run, plan, file, order, variables, pace })
    }

    /// The backend that runs the nodes of a run in this process.
    pub(super) fn local(&self) -> &LocalBackend {
        self.engine.local()
    }

    /// Drives a run on in this process, its nodes as jobs.
    pub(super) fn drive_here<'a>(&'a self, run: &'a RunId) -> BoxFuture<'a, Result<RunHandle, RunError>> {
        self.engine.drive(run)
    }

    /// The cluster, and the variables of its jobs.
    pub(super) fn submits(&self) -> (Arc<Slurm>, Vec<(String, String)>) {
        (Arc::clone(&self.slurm), self.engine.variables())
    }
}

impl Backend for SlurmBackend {
    fn name(&self) -> &str {
        self.engine.name()
    }

    fn capabilities(&self) -> Capabilities {
        if self.packed { self.engine.local().capabilities() } else { self.engine.capabilities() }
    }

    fn compile(&self, graph: &Graph, options: &Options) -> Result<Plan, RunError> {
        if !self.packed {
            return self.engine.compile(graph, options);
        }
        let allocation = self.allocation(graph);
        let builder = self
            .engine
            .local()
            .builder()
            .cores(allocation.cores.unwrap_or(1.0).ceil())
            .gpus((0..allocation.gpus.unwrap_or_default()).map(|gpu| gpu.to_string()));
        let builder = builder.memory(allocation.memory.unwrap_or(u64::MAX));
        let plan = self.engine.local().plan_for(self.name(), graph, options, &builder)?;
        let refused = Self::too_long(graph, &allocation);
        if refused.is_empty() { Ok(plan) } else { Err(RunError::Refused(refused)) }
    }

    fn run(&self, plan: Plan) -> BoxFuture<'_, Result<RunHandle, RunError>> {
        if self.packed || self.is_driven_by_a_job {
            return Box::pin(async move { self.hand_over(&plan) });
        }
        self.engine.run(plan)
    }

    fn preview<'a>(&'a self, plan: &'a Plan) -> BoxFuture<'a, Result<Preview, RunError>> {
        self.engine.preview(plan)
    }

    fn attach(&self, run: &RunId) -> Result<RunHandle, RunError> {
        self.engine.attach(run)
    }

    fn drive<'a>(&'a self, run: &'a RunId) -> BoxFuture<'a, Result<RunHandle, RunError>> {
        Box::pin(async move {
            let plan = self.engine.plan_of(run)?;
            match Order::read(&plan).map_err(RunError::Folder)? {
                Some(order) => self.keeper(self.engine.attach(run)?.folder(), plan, order)?.start(),
                None => self.engine.drive(run).await,
            }
        })
    }

    fn begin<'a>(&'a self, plan: &'a Path) -> BoxFuture<'a, Result<RunHandle, RunError>> {
        if self.packed || self.is_driven_by_a_job {
            let said = format!(
                "the plan {} would be driven by jobs, and only `run` starts such a run\nhint: start it without `packed` and `driver`, or type `run` once more",
                plan.display()
            );
            return Box::pin(async { Err(RunError::Refused(vec![said])) });
        }
        self.engine.begin(plan)
    }

    fn lay_out(&self, plan: &Plan) -> Result<Option<PathBuf>, RunError> {
        self.engine.lay_out(plan)
    }
}
