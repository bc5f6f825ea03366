//! A backend of the local driver and an engine: the graph is walked here, and each attempt is a job there.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::board::Pace;
use super::chunks::Chunks;
use super::contract::Engine;
use super::laid_out::LaidOut;
use super::plan::NewPlan;
use super::rules::{Rule, Rules};
use super::shared::Shared;
use super::strategy::{EngineStrategy, OnEngine};
use super::variables;
use super::wanted::Wanted;
use crate::backend::node::{self, PlanFile, PlanFolder};
use crate::backend::{Backend, Capabilities, Capability, LocalBackend, Options, Plan, Preview, RunError};
use crate::coordinator::{Clock, ContainerStrategy, CoordinatorBuilder, SystemClock};
use crate::graph::{Graph, Home, Kind, Mapped, Node};
use crate::run::{RunFolder, RunHandle, RunId, RunsFolder};
use crate::services::env::Environment;
use crate::task::registry::registry;
use crate::task::strategy::Strategy;

/// How many GPUs the jobs of a run may have together.
const GPUS: usize = 4_096;

/// What a backend of an engine is set up with.
#[derive(Debug, Clone, Default)]
pub(in crate::backend) struct EngineOptions {
    pub(in crate::backend) pace: Pace,
    pub(in crate::backend) rules: Arc<Rules>,
    /// The tokens that the engine counts itself, by their names.
    pub(in crate::backend) tokens: Vec<String>,
    /// The variables that are handed on to jobs, by their names.
    pub(in crate::backend) variables: Vec<String>,
    /// Where the plan is written, instead of `plans/ID` beside the runs.
    pub(in crate::backend) plan_dir: Option<PathBuf>,
    /// The folders that the machines of the engine share; if there are none, the one of the project.
    pub(in crate::backend) shared: Vec<PathBuf>,
    /// The program that runs the tasks, instead of this one.
    pub(in crate::backend) program: Option<PathBuf>,
    /// The URL below which plans and data are, for jobs that share no folder with this machine.
    pub(in crate::backend) prefix: Option<String>,
    /// Variables of tasks that stand in the plan.
    pub(in crate::backend) planned: BTreeMap<String, String>,
}

/// Walks graphs here, and has an engine run each attempt.
pub(in crate::backend) struct EngineBackend {
    local: LocalBackend,
    engine: Arc<dyn Engine>,
    options: EngineOptions,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for EngineBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineBackend").field("engine", &self.engine.name()).field("local", &self.local).finish_non_exhaustive()
    }
}

impl EngineBackend {
    /// One whose runs are recorded as those of `local` are, and set up like them.
    pub(in crate::backend) fn new(local: LocalBackend, engine: Arc<dyn Engine>, options: EngineOptions) -> Self {
        Self { local, engine, options, clock: Arc::new(SystemClock) }
    }

    /// The backend that records its runs.
    #[cfg(feature = "slurm")]
    pub(in crate::backend) fn local(&self) -> &LocalBackend {
        &self.local
    }

    /// The variables that jobs get.
    #[cfg(feature = "slurm")]
    pub(in crate::backend) fn variables(&self) -> Vec<(String, String)> {
        variables::of_jobs(&Environment::from_process(), &self.options.variables)
    }

    /// How often what is looked for is looked for.
    #[cfg(feature = "slurm")]
    pub(in crate::backend) fn pace(&self) -> Pace {
        self.options.pace
    }

    fn shared(&self) -> Shared {
        Shared::of(&self.options.shared, self.local.runs()).below(self.options.prefix.as_deref())
    }

    /// The plan with inputs that the machines of the engine see.
    async fn brought(&self, plan: Plan) -> Result<Plan, RunError> {
        let (shared, runs) = (self.shared(), self.local.runs().clone());
        // There may be much to copy.
        let brought = tokio::task::spawn_blocking(move || with_inputs_brought(plan, &shared, &runs)).await;
        brought.unwrap_or_else(|error| Err(RunError::Refused(vec![format!("the inputs could not be copied: {error}")])))
    }

    /// Where the plan of a run is.
    pub(in crate::backend) fn plan_folder(&self, run: &RunFolder) -> PathBuf {
        self.place_of(&run.id().to_string())
    }

    fn place_of(&self, id: &str) -> PathBuf {
        match (&self.options.plan_dir, &self.options.prefix) {
            (_, Some(prefix)) => Path::new(prefix).join("plans").join(id),
            (Some(folder), None) => folder.clone(),
            (None, None) => self.local.runs().path().join("plans").join(id),
        }
    }

    /// Writes the plan of a run, and sets the coordinator up that has its attempts run on the engine.
    fn elsewhere(&self, plan: &Plan, run: &RunFolder) -> Result<CoordinatorBuilder, RunError> {
        let path = self.plan_folder(run);
        let (folder, program) = self.write(plan, &path, &run.id().to_string(), Some(run))?;
        Ok(self.coordinator(folder, program, run, &plan.graph.name))
    }

    /// Writes a plan into the folder `path`.
    pub(in crate::backend) fn write(
        &self,
        plan: &Plan,
        path: &Path,
        id: &str,
        run: Option<&RunFolder>,
    ) -> Result<(PlanFolder, String), RunError> {
        let refused = |said: String| RunError::Refused(vec![said]);
        let folder = PlanFolder::at(path).map_err(|error| refused(format!("there is no current folder: {error}")))?;
        let exists = node::exists(&folder.plan_file()).map_err(|error| refused(format!("cannot look at {}: {error}", path.display())))?;
        if exists {
            let said =
                format!("the folder {} holds the plan of another run\nhint: name a new folder, or leave `--plan-dir` out", path.display());
            return Err(refused(said));
        }
        let data = self.options.prefix.as_ref().map(|prefix| format!("{prefix}/data/{id}"));
        let new = NewPlan {
            backend: self.engine.name(),
            name: &plan.graph.name,
            id,
            run,
            runs: self.local.runs().path(),
            files: &plan.files,
            graph: &plan.graph,
            program: self.options.program.as_deref(),
            data: data.as_deref(),
            variables: self.options.planned.clone(),
        };
        let written = new.write(&folder).and_then(|program| Wanted::of(&plan.options).write(&folder).map(|()| program));
        let program = written.map_err(|error| refused(format!("cannot write the plan into {}: {error}", path.display())))?;
        Ok((folder, program))
    }

    /// The plan of a run that another process drove.
    pub(in crate::backend) fn plan_of(&self, run: &RunId) -> Result<PlanFolder, RunError> {
        let run = self.local.attach(run)?;
        let path = std::fs::read_to_string(run.folder().path().join("plan"));
        let path = path.map_err(|error| RunError::Refused(vec![format!("the run {} has no plan: {error}", run.id())]))?;
        PlanFolder::at(Path::new(path.trim_end_matches('\n'))).map_err(|error| RunError::Refused(vec![error.to_string()]))
    }

    /// What sets the coordinator up that has the attempts of such a plan run on.
    fn as_it_is(&self, folder: PlanFolder, run: &RunFolder, workflow: &str) -> Result<CoordinatorBuilder, RunError> {
        let refused = |said: String| RunError::Refused(vec![said]);
        let plan = PlanFile::read(&folder.plan_file())
            .map_err(|said| refused(format!("cannot read the plan {}: {said}", folder.path().display())))?;
        if plan.backend != self.engine.name() {
            let said = format!("the run {} is one of the backend `{}`, not of `{}`", run.id(), plan.backend, self.engine.name());
            return Err(refused(said));
        }
        Ok(self.coordinator(folder, plan.program, run, workflow))
    }

    fn coordinator(&self, plan: PlanFolder, program: String, run: &RunFolder, workflow: &str) -> CoordinatorBuilder {
        let strategy = EngineStrategy::new(OnEngine {
            // Chunks are files of a folder that machines share.
            engine: match &self.options.prefix {
                Some(_) => Arc::clone(&self.engine),
                None => Chunks::of(Arc::clone(&self.engine), &self.options.rules),
            },
            plan,
            program,
            run: run.id().to_string(),
            workflow: workflow.into(),
            rules: Arc::clone(&self.options.rules),
            variables: variables::of_jobs(&Environment::from_process(), &self.options.variables),
            pace: self.options.pace,
            clock: Arc::clone(&self.clock),
            containers: ContainerStrategy::new(),
        });
        let strategies = [Strategy::Async, Strategy::Thread, Strategy::Process, Strategy::Container];
        strategies.into_iter().fold(self.unlimited(), |builder, at| {
            let strategy = strategy.clone().in_containers(at == Strategy::Container);
            builder.strategy(at, strategy)
        })
    }

    /// A coordinator's limits: nothing of this machine limits what runs elsewhere, and nothing what the engine counts.
    fn unlimited(&self) -> CoordinatorBuilder {
        let builder = unlimited(self.local.builder());
        let known = builder.limits().tokens;
        let counted = self.options.tokens.iter().filter(|name| !known.iter().any(|(known, _)| **known == ***name));
        counted.fold(builder, |builder, name| builder.tokens(name.as_str(), u32::MAX))
    }

    /// What of a graph cannot run on the engine.
    fn refused(&self, graph: &Graph, options: &Options) -> Vec<String> {
        let (mut refused, engine) = (self.capabilities().missing(graph), self.engine.name());
        // What is to run in the driver can be a container there.
        graph.each_node(&mut |workflow, node| {
            let Some((name, task)) = task_of(node).and_then(|name| Some((name, graph.tasks.get(name)?))) else { return };
            let overrides = node.overrides.as_deref();
            let is_contained = || {
                let task = registry().get(name);
                let strategy = task.map(|task| {
                    task.runs_by(overrides.and_then(|overrides| overrides.strategy.as_ref()), options.strategy.as_ref())
                });
                strategy == Some(Strategy::Container) && !self.engine.takes_images()
            };
            let rule = self.options.rules.of(&graph.name, name);
            if self.options.prefix.is_some() && rule.chunk.is_some_and(|chunk| chunk > 1) {
                let last = name.rsplit('.').next().unwrap_or(name);
                refused.push(format!(
                    "the node {} of `{}` is to run in chunks, and `{engine}` has none\nhint: its maps are arrays; leave `chunk` of `{last}` out",
                    node.id, workflow.name,
                ));
            }
            let what = match task.home {
                Home::Here if is_contained() => "runs in a container, and",
                Home::Here if self.engine.needs_images() && rule.local != Some(true) && overrides.is_none_or(|overrides| overrides.image.is_none()) && !has_image(name, &rule) => {
                    let last = name.rsplit('.').next().unwrap_or(name);
                    refused.push(format!(
                        "the node {} of `{}` has no image, and all jobs of `{engine}` run in one\nhint: in nebulakit.toml: [defaults] with image = \
                         \"REGISTRY/IMAGE@DIGEST\", or [task.\"{last}\"] with `image`, or with `local = true`, which runs it in the driver",
                        node.id, workflow.name,
                    ));
                    return;
                }
                Home::Here => return,
                _ => "is a program in an image, and",
            };
            if rule.local != Some(true) {
                refused.push(format!(
                    "the node {} of `{}` {what} `{engine}` cannot start one\nhint: `local = true` in `[task.\"{name}\"]` of nebulakit.toml runs it in the driver",
                    node.id, workflow.name,
                ));
            }
        });
        refused
    }
}

/// Whether a task says in which image it runs, or needs none: what a dynamic task does, it does in the driver.
fn has_image(name: &str, rule: &Rule) -> bool {
    rule.image.is_some() || registry().get(name).is_some_and(|task| task.is_dynamic || task.options.image.is_some())
}

fn with_inputs_brought(plan: Plan, shared: &Shared, runs: &RunsFolder) -> Result<Plan, RunError> {
    let Some(inputs) = shared.bring(&plan.options.inputs, &plan.graph, runs).map_err(RunError::Refused)? else { return Ok(plan) };
    let files = plan.files.into_iter().map(|(name, contents)| match name.to_str() {
        Some("inputs.pb") => (name, inputs.clone()),
        _ => (name, contents),
    });
    let files = files.collect();
    Ok(Plan { files, options: plan.options.inputs(inputs), ..plan })
}

fn task_of(node: &Node) -> Option<&str> {
    match &node.kind {
        Kind::Task(name) => Some(name),
        Kind::Map(map) => match &map.of {
            Mapped::Task(name) => Some(name),
            Mapped::Workflow(_) => None,
        },
        _ => None,
    }
}

/// Nothing of this machine limits what runs elsewhere.
fn unlimited(builder: CoordinatorBuilder) -> CoordinatorBuilder {
    builder.cores(1e6).memory(u64::MAX).gpus((0..GPUS).map(|gpu| gpu.to_string()))
}

impl Backend for EngineBackend {
    fn name(&self) -> &str {
        self.engine.name()
    }

    fn capabilities(&self) -> Capabilities {
        // Container tasks are looked at one by one.
        Capabilities::all().without(Capability::Reference)
    }

    fn compile(&self, graph: &Graph, options: &Options) -> Result<Plan, RunError> {
        let mut refused = self.refused(graph, options);
        refused.extend(self.shared().refuses(self.options.plan_dir.as_deref(), self.local.runs()));
        match self.local.plan_for(self.name(), graph, options, &self.unlimited()) {
            Ok(plan) if refused.is_empty() => Ok(plan),
            Ok(_) => Err(RunError::Refused(refused)),
            Err(RunError::Refused(more)) => Err(RunError::Refused(refused.into_iter().chain(more).collect())),
            Err(error) => Err(error),
        }
    }

    fn run(&self, plan: Plan) -> BoxFuture<'_, Result<RunHandle, RunError>> {
        Box::pin(async move {
            let plan = self.brought(plan).await?;
            let of = plan.clone();
            self.local.run_with(plan, move |run| self.elsewhere(&of, run)).await
        })
    }

    fn preview<'a>(&'a self, plan: &'a Plan) -> BoxFuture<'a, Result<Preview, RunError>> {
        self.local.preview(plan)
    }

    fn attach(&self, run: &RunId) -> Result<RunHandle, RunError> {
        self.local.attach(run)
    }

    fn drive<'a>(&'a self, run: &'a RunId) -> BoxFuture<'a, Result<RunHandle, RunError>> {
        Box::pin(async move {
            let plan = self.plan_of(run)?;
            let options = Wanted::read(&plan)
                .map_err(|error| RunError::Refused(vec![format!("cannot read the plan {}: {error}", plan.path().display())]))?;
            self.local.resume_with(run, options, |folder, workflow| self.as_it_is(plan, folder, workflow), None).await
        })
    }

    fn begin<'a>(&'a self, plan: &'a Path) -> BoxFuture<'a, Result<RunHandle, RunError>> {
        Box::pin(async move {
            let laid_out = LaidOut::read(plan, self.engine.name()).map_err(|said| RunError::Refused(vec![said]))?;
            let plan = self.compile(&laid_out.graph, &laid_out.options)?;
            let name = plan.graph.name.clone();
            laid_out.claim().map_err(|said| RunError::Refused(vec![said]))?;
            let begun = self.local.run_with(plan, |run| {
                let (folder, program) = laid_out.is_of(run).map_err(|said| RunError::Refused(vec![said]))?;
                Ok(self.coordinator(folder, program, run, &name))
            });
            let begun = begun.await;
            if begun.is_err() {
                laid_out.give_back();
            }
            begun
        })
    }

    fn lay_out(&self, plan: &Plan) -> Result<Option<PathBuf>, RunError> {
        let id = format!("{}-{}", plan.graph.name.rsplit('.').next().unwrap_or_default(), uuid::Uuid::new_v4().simple());
        let path = self.place_of(&id);
        let plan = with_inputs_brought(plan.clone(), &self.shared(), self.local.runs())?;
        self.write(&plan, &path, &id, None)?;
        Ok(Some(path))
    }
}
