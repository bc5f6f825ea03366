//! The launch of a graph, and the run that is recorded of it.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::super::execution::Execution;
use super::super::launch::Launchable;
use super::super::register::EntityKind;
use super::backend::{FlyteBackend, INPUTS};
use super::known::{Nodes, is_task};
use super::look::Looker;
use super::place::Elsewhere;
use super::registered::registered;
use super::sink::Sink;
use super::tell::Teller;
use super::watch::{Watcher, watched};
use crate::backend::extent::Extent;
use crate::backend::{CacheUse, Plan, RunError};
use crate::graph::Graph;
use crate::run::{Build, Control, Durability, EVENT_VERSION, EventKind, RecordErrorKind, Recorder, RunHandle, RunState, RunStatus};

/// A run that was launched: its execution, and who will watch it.
pub(crate) struct LaunchedRun {
    pub(crate) execution: Execution,
    pub(crate) version: String,
    watcher: Watcher,
}

impl FlyteBackend {
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
        let watcher = watcher(execution.clone(), recorder, &plan.graph, &RunState::new());
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
    pub(super) fn go_on(&self, run: &RunHandle) -> Result<Option<RunHandle>, RunError> {
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
        Ok(Some(watch(watcher(execution, recorder, &graph, &state))))
    }
}

impl LaunchedRun {
    /// Leaves the execution to itself: it goes on, and can be watched again by attaching to the run.
    pub(crate) fn leave(self) -> RunHandle {
        let folder = self.watcher.recorder.folder().clone();
        self.watcher.recorder.release();
        RunHandle::of(folder)
    }

    /// Watches it on the runtime of the caller.
    pub(crate) fn watch(self) -> RunHandle {
        watch(self.watcher)
    }
}

/// Who watches an execution of a graph, behind what is recorded of it.
fn watcher(execution: Execution, recorder: Arc<Recorder>, graph: &Graph, state: &RunState) -> Watcher {
    let control = Control::new(recorder.folder());
    let teller = Teller::behind(Arc::clone(&recorder) as Arc<dyn Sink>, Nodes::of(graph), state);
    Watcher::new(Looker::new(execution, teller), recorder, control)
}

/// Watches on the runtime of the caller.
fn watch(watcher: Watcher) -> RunHandle {
    let folder = watcher.recorder.folder().clone();
    let (over, ended) = oneshot::channel();
    tokio::spawn(async move { drop(over.send(watched(watcher).await)) });
    RunHandle::driven(&folder, async move { ended.await.ok() })
}

/// What a graph is registered as.
fn kind(graph: &Graph) -> EntityKind {
    if is_task(graph) { EntityKind::Task } else { EntityKind::LaunchPlan }
}
