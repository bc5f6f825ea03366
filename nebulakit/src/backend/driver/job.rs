//! A task as a job of the coordinator.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use nebulakit_types::convert::writer::map_of_literals;

use super::done::Ran;
use super::fault::{End, Fault, code};
use super::job_id::job_id;
use super::memory::Given;
use super::step::Step;
use super::turns::{Kind, Turn};
use super::witness::NodeWitness;
use crate::backend::asked::{as_resources, asked};
use crate::backend::demand::amounts;
use crate::coordinator::{Resources, Retry, Witness as _, Work};
use crate::graph::{self, Overrides};
use crate::run::NodePath;
use crate::task::cancellation::Cancellation;
use crate::task::def::TaskDef;

impl Step<'_> {
    /// Waits until the task at `path`, the node or one of its elements, may run.
    pub(super) async fn turn(&self, path: &NodePath, task: &'static TaskDef, stop: &Cancellation) -> Result<Turn, End> {
        let world = self.walk.world;
        if world.is_rehearsal || stop.is_cancelled() {
            return Err(End::Cancelled);
        }
        let kind = self.runs_by(task).map_err(|said| self.not_taken(path, said))?;
        let turn = async {
            let turn = world.turns.take(path, kind).await;
            let limit = self.time_limit(task);
            match world.window.as_deref().filter(|window| !window.admits(limit)) {
                Some(window) => {
                    drop(turn);
                    window.hold(path, limit).await
                }
                None => turn,
            }
        };
        match select(pin!(turn), pin!(stop.cancelled())).await {
            Either::Left((turn, _)) => Ok(turn),
            Either::Right(_) => Err(End::Cancelled),
        }
    }

    fn retries(&self, task: &TaskDef) -> u32 {
        self.node.overrides.as_deref().and_then(|overrides| overrides.retries).unwrap_or(task.options.retries)
    }

    /// How long an attempt at the task may take.
    fn time_limit(&self, task: &TaskDef) -> Option<Duration> {
        self.node.overrides.as_deref().and_then(|overrides| overrides.timeout).or(task.options.timeout)
    }

    /// How the task runs.
    fn runs_by(&self, task: &'static TaskDef) -> Result<Arc<Kind>, String> {
        let world = self.walk.world;
        let overrides = self.node.overrides.as_deref();
        let strategy = if world.mocks.has(task.name) {
            task.at_home()
        } else {
            task.runs_by(overrides.and_then(|overrides| overrides.strategy.as_ref()), world.strategy.as_ref())
        };
        Ok(world.turns.kind(strategy, resources(task, overrides)?))
    }

    fn not_taken(&self, path: &NodePath, said: String) -> End {
        Fault::between(path, self.what(), code::NOT_TAKEN, said)
    }

    /// Runs a task, as the node or the element at `path`.
    pub(super) async fn job(
        &self,
        path: &NodePath,
        task: &'static TaskDef,
        inputs: Vec<(&str, Bytes)>,
        given: Option<Given<'_>>,
        turn: Turn,
        stop: &Cancellation,
    ) -> Result<Ran, End> {
        let world = self.walk.world;
        let Turn { kind, permit } = turn;
        let encoded = map_of_literals(inputs.iter().map(|(name, value)| (*name, &**value)));
        drop(inputs);
        let requested = requested(task, self.node.overrides.as_deref(), &encoded).await.map_err(|said| self.not_taken(path, said))?;
        let work = Work::of_task(task, encoded).run(world.run.clone()).id(job_id(&world.run, path)).turn(permit);
        let work = overridden(work, self.node.overrides.as_deref(), kind.resources.clone());
        let work = match world.memory.as_deref().map_or(0, |memory| memory.spent(path)) {
            0 => work,
            spent => work.retry(Retry::times(self.retries(task).saturating_sub(spent))),
        };
        let work = match requested {
            Some(requested) => work.resources(requested),
            None => work,
        };
        let work = if world.mocks.has(task.name) { work.mocked() } else { work };
        let former =
            given.filter(|given| !given.is_again).and_then(|given| world.memory.as_ref()?.checkpoint(path, task.name, given.digest));
        let witness =
            world.stored.as_ref().map(|folder| Arc::new(NodeWitness::new(world, folder, path, given.map(|given| given.digest), former)));
        let work = match &witness {
            Some(witness) => work.witness(Arc::clone(witness) as _),
            None => work,
        };
        let submitted = world.coordinator.submit(work, kind.strategy.clone()).await;
        let job = submitted.map_err(|error| self.not_taken(path, error.to_string()))?.abort_on_drop();
        let id = job.id().clone();
        let mut joined = pin!(job.join());
        let ended = match select(joined.as_mut(), pin!(stop.cancelled())).await {
            Either::Left((ended, _)) => ended,
            Either::Right(_) => {
                world.coordinator.cancel(&id);
                joined.await
            }
        };
        let used = witness.and_then(|witness| {
            witness.settle(&self.walk);
            witness.usage()
        });
        let outputs = ended.map_err(|error| {
            let is_fatal = error.is_fatal();
            let end = Fault::of_job(path, self.what(), error, used);
            if is_fatal {
                self.walk.ending.fatal(&end);
            }
            end
        })?;
        Ok(Ran { outputs: outputs.into(), used })
    }

    /// The version of the task's cached outputs; [`None`] if they are not cached.
    pub(super) fn cache_version(&self, task: &'static TaskDef) -> Option<&str> {
        match self.node.overrides.as_deref().and_then(|overrides| overrides.cache.as_ref()) {
            Some(graph::Cache::Off) => None,
            Some(graph::Cache::Version(version)) => Some(version),
            None => task.options.cache.as_ref().map(|cache| cache.version),
        }
    }
}

/// The work with what its node asks for instead of what its task does.
fn overridden(mut work: Work<Vec<u8>>, overrides: Option<&Overrides>, resources: Option<Resources>) -> Work<Vec<u8>> {
    let Some(overrides) = overrides else { return work };
    if let Some(retries) = overrides.retries {
        work = work.retry(Retry::times(retries));
    }
    if let Some(timeout) = overrides.timeout {
        work = work.timeout(timeout);
    }
    if let Some(resources) = resources {
        work = work.resources(resources);
    }
    if let Some(image) = &overrides.image {
        work = work.image(image.as_str());
    }
    work
}

/// What the first attempt asks for by the function of its task, where that has one; what the node says counts more.
async fn requested(task: &'static TaskDef, overrides: Option<&Overrides>, inputs: &[u8]) -> Result<Option<Resources>, String> {
    let Some(asked) = asked(task, 0, inputs).await else { return Ok(None) };
    let below = as_resources(asked).over(Resources::of_options(task.options)?.unwrap_or_default());
    let own = overrides.and_then(|overrides| overrides.resources.as_ref()).map(amounts).transpose()?;
    Ok(Some(own.unwrap_or_default().over(below)))
}

/// What a node asks for, and its task where the node does not say.
fn resources(task: &TaskDef, overrides: Option<&Overrides>) -> Result<Option<Resources>, String> {
    let of_task = Resources::of_options(task.options)?;
    match overrides.and_then(|overrides| overrides.resources.as_ref()) {
        Some(asked) => Ok(Some(amounts(asked)?.over(of_task.unwrap_or_default()))),
        None => Ok(of_task),
    }
}
