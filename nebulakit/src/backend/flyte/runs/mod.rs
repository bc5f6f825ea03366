//! Flyte as a backend: a graph is launched as what it is registered as, and the execution is watched as a run of ours.
//!
//! | module | holds |
//! |---|---|
//! | `place` | the file that says which execution a run is |
//! | `known` | the nodes of a graph, and where they are among those of the execution |
//! | `registered` | a graph that is registered before it is launched |
//! | `tell` | what is seen, as events |
//! | `watch` | the looks, one after the other, and the requests |

mod known;
mod place;
mod registered;
mod tell;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use self::known::{Nodes, is_task};
use self::place::Elsewhere;
use self::registered::registered;
use self::tell::Teller;
use self::watch::{Watcher, watched};
use super::client::FlyteClient;
use super::compile::{Options as CompileOptions, Program, compile};
use super::error::ClientError;
#[cfg(doc)]
use super::error::ClientErrorKind;
use super::execution::Execution;
use super::launch::{LaunchOptions, Launchable};
use super::register::EntityKind;
use crate::backend::extent::Extent;
use crate::backend::inputs::unfit;
use crate::backend::{Backend, CacheUse, Capabilities, Options, Plan, RunError};
use crate::graph::Graph;
use crate::run::{
    Build, Control, Durability, EVENT_VERSION, EventKind, RecordErrorKind, Recorder, RunHandle, RunId, RunState, RunStatus, RunsFolder,
};

/// The name of the file that has the inputs of a run.
const INPUTS: &str = "inputs.pb";

/// The name of this backend.
const NAME: &str = "flyte";

/// Runs graphs as executions of a control plane, where they are registered, and records what is seen of them in a folder, as all runs are.
///
/// The execution goes on whether it is watched or not. A process that [attaches](Backend::attach) to a run that nobody watches goes on watching it.
///
/// # Examples
/// ```no_run
/// use nebulakit::backend::flyte::{FlyteBackend, FlyteClient, LaunchOptions};
/// use nebulakit::backend::{Backend as _, Options};
/// use nebulakit::prelude::*;
/// use nebulakit::run::RunsFolder;
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
/// # async fn example(client: FlyteClient) -> anyhow::Result<()> {
/// let backend = FlyteBackend::new(client, RunsFolder::open(".nebulakit")?).launching(LaunchOptions::new().version("v1"));
/// let run = backend.run(backend.compile(&greeting::graph()?, &Options::new())?).await?;
/// println!("{:?}", run.wait().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct FlyteBackend {
    client: FlyteClient,
    runs: RunsFolder,
    launch: LaunchOptions,
    compile: CompileOptions,
    registers: bool,
}

/// A run that was launched: its execution, and who will watch it.
pub(crate) struct LaunchedRun {
    pub(crate) execution: Execution,
    pub(crate) version: String,
    watcher: Watcher,
}

impl FlyteBackend {
    /// A backend that launches by `client` and records in `runs`.
    #[must_use]
    pub fn new(client: FlyteClient, runs: RunsFolder) -> Self {
        // What is registered has its own image.
        Self { client, runs, launch: LaunchOptions::new(), compile: CompileOptions::new(NAME, NAME), registers: false }
    }

    /// How executions are launched: their version, their labels.
    #[must_use]
    pub fn launching(self, options: LaunchOptions) -> Self {
        Self { launch: options, ..self }
    }

    /// What graphs are compiled with, for the limits of the platform.
    #[must_use]
    pub fn compiling(self, options: CompileOptions) -> Self {
        Self { compile: options, ..self }
    }

    /// Registers each graph before it is launched, compiled with these options: they name the image of this program. Its version is a hash of it.
    #[must_use]
    pub fn registering(self, options: CompileOptions) -> Self {
        Self { compile: options, registers: true, ..self }
    }

    /// The execution that a run is; [`None`] if it is not one of Flyte.
    ///
    /// # Errors
    /// With [`ClientErrorKind::Settings`] when the run's folder cannot be read, or the execution is at another control plane.
    pub fn execution(&self, run: &RunHandle) -> Result<Option<Execution>, ClientError> {
        Elsewhere::read(run.folder())?.map(|elsewhere| elsewhere.execution(&self.client)).transpose()
    }

    /// Launches a plan, and records that.
    pub(crate) async fn launch(&self, plan: Plan) -> Result<LaunchedRun, RunError> {
        let version = match self.registers {
            true => Some(registered(&self.client, &plan.graph, &self.compile).await?),
            false => self.launch.version_given().map(str::to_owned),
        };
        let target = self.client.find(kind(&plan.graph), &plan.graph.name, version.as_deref()).await?;
        let recorder = Arc::new(Recorder::create(&self.runs, plan.options.durability).map_err(RunError::Record)?);
        let folder = recorder.folder().clone();
        let execution = self.launch_recorded(&plan, &target, &recorder).await;
        // A run that did not begin would be the last one.
        let execution = execution.inspect_err(|_| drop(folder.discard()))?;
        let teller = Teller::behind(recorder, Nodes::of(&plan.graph), &RunState::new());
        let watcher = Watcher::new(execution.clone(), teller, Control::new(&folder));
        Ok(LaunchedRun { execution, version: target.version().to_owned(), watcher })
    }

    async fn launch_recorded(&self, plan: &Plan, target: &Launchable, recorder: &Recorder) -> Result<Execution, RunError> {
        let inputs = self.client.upload_inputs(&plan.options.inputs, |name| target.inputs().get(name)).await?;
        let execution = self.client.execution(target.project(), target.domain(), self.launch.name_or_new())?;
        let (folder, durability) = (recorder.folder(), recorder.durability());
        let record = || {
            for (name, contents) in &plan.files {
                let contents = if name.as_os_str() == INPUTS { &inputs } else { contents };
                folder.write(name, contents, durability)?;
            }
            // The name is known before anything runs: whatever happens then, the run leads to the execution.
            let (name, contents) = Elsewhere::of(&execution).file();
            folder.write(&name, &contents, durability)?;
            folder.write_build(&Build::of_this_program().json(), durability)?;
            recorder.record(
                None,
                EventKind::Created {
                    version: EVENT_VERSION,
                    run: folder.id().clone(),
                    name: plan.graph.name.clone(),
                    backend: plan.backend.clone(),
                    nodes: Extent::of(&plan.graph).nodes,
                    resumes: None,
                    from: None,
                },
            )
        };
        record().map_err(RunError::Record)?;
        let launch = match plan.options.cache {
            CacheUse::Overwrite => self.launch.clone().overwrite_cache(true),
            _ => self.launch.clone(),
        };
        self.client.launch_as(target, &inputs, &launch, &execution).await?;
        Ok(execution)
    }

    /// Goes on watching a run that nobody watches; [`None`] if it is not one of Flyte, is over, or somebody watches it.
    ///
    /// # Errors
    /// When its folder cannot be read, or its execution is at another control plane.
    fn go_on(&self, run: &RunHandle) -> Result<Option<RunHandle>, RunError> {
        if !matches!(run.status().map_err(RunError::Record)?, RunStatus::Elsewhere | RunStatus::Interrupted) {
            return Ok(None);
        }
        let Some(execution) = self.execution(run)? else { return Ok(None) };
        let recorder = match Recorder::resume(&self.runs, run.id(), Durability::Kernel) {
            Ok(recorder) => Arc::new(recorder),
            // Somebody was faster.
            Err(error) if matches!(error.kind(), RecordErrorKind::Driven | RecordErrorKind::Over) => return Ok(None),
            Err(error) => return Err(RunError::Record(error)),
        };
        let (graph, state) = (run.graph().map_err(RunError::Record)?, run.state().map_err(RunError::Record)?);
        let teller = Teller::behind(recorder, Nodes::of(&graph), &state);
        Ok(Some(watch(Watcher::new(execution, teller, Control::new(run.folder())))))
    }
}

impl LaunchedRun {
    /// Leaves the execution to itself: it goes on, and can be watched again by attaching to the run.
    pub(crate) fn leave(self) -> RunHandle {
        let folder = self.watcher.teller.recorder.folder().clone();
        self.watcher.teller.recorder.release();
        RunHandle::of(folder)
    }

    /// Watches it on the runtime of the caller.
    pub(crate) fn watch(self) -> RunHandle {
        watch(self.watcher)
    }
}

/// Watches on the runtime of the caller.
fn watch(watcher: Watcher) -> RunHandle {
    let folder = watcher.teller.recorder.folder().clone();
    let (over, ended) = oneshot::channel();
    tokio::spawn(async move { drop(over.send(watched(watcher).await)) });
    RunHandle::driven(&folder, async move { ended.await.ok() })
}

impl Backend for FlyteBackend {
    fn name(&self) -> &str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    fn compile(&self, graph: &Graph, options: &Options) -> Result<Plan, RunError> {
        let mut reasons = self.capabilities().missing(graph);
        if !options.is_checked {
            reasons.extend(unfit(graph, &Bytes::copy_from_slice(&options.inputs)).map_err(RunError::Inputs)?);
        }
        let here = options.of_a_folder().filter(|name| !["cache", "durability"].contains(name));
        reasons.extend(here.map(|name| format!("`Options::{name}` is for runs on this machine")));
        if options.cache == CacheUse::Off {
            reasons.push("the platform does not run tasks without its cache; `CacheUse::Overwrite` replaces what is in it".to_owned());
        }
        if !reasons.is_empty() {
            return Err(RunError::Refused(reasons));
        }
        if !is_task(graph) {
            compile(&Program::of([graph.clone()]), &self.compile).map_err(RunError::Graph)?;
        }
        let json = graph.to_json().map_err(RunError::Graph)?;
        let files = vec![(PathBuf::from("graph.json"), json.into_bytes()), (PathBuf::from(INPUTS), options.inputs.clone())];
        Ok(Plan { backend: NAME.into(), graph: graph.clone(), options: options.clone(), files })
    }

    fn run(&self, plan: Plan) -> BoxFuture<'_, Result<RunHandle, RunError>> {
        Box::pin(async move { Ok(self.launch(plan).await?.watch()) })
    }

    fn attach(&self, run: &RunId) -> Result<RunHandle, RunError> {
        let handle = RunHandle::attach(&self.runs, run).map_err(RunError::Record)?;
        // Without a runtime nobody can watch.
        let watched = if Handle::try_current().is_ok() { self.go_on(&handle)? } else { None };
        Ok(watched.unwrap_or(handle))
    }
}

/// What a graph is registered as.
fn kind(graph: &Graph) -> EntityKind {
    if is_task(graph) { EntityKind::Task } else { EntityKind::LaunchPlan }
}
