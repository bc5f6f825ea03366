//! A task as a job of the coordinator.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{Either, select};
use nebulakit_types::convert::writer::map_of_literals;

use super::done::Ran;
use super::fault::{End, Fault, code};
use super::job_id::job_id;
use super::memory::Given;
use super::step::Step;
use super::witness::NodeWitness;
use crate::backend::demand::amounts;
use crate::coordinator::{Resources, Retry, Witness as _, Work};
use crate::graph::{self, Overrides};
use crate::run::NodePath;
use crate::task::cancellation::Cancellation;
use crate::task::def::TaskDef;

impl Step<'_> {
    /// Runs a task, as the node or the element at `path`.
    pub(super) async fn job(
        &self,
        path: &NodePath,
        task: &'static TaskDef,
        inputs: Vec<(&str, Bytes)>,
        given: Option<Given<'_>>,
        stop: &Cancellation,
    ) -> Result<Ran, End> {
        let world = self.walk.world;
        if world.is_rehearsal || stop.is_cancelled() {
            return Err(End::Cancelled);
        }
        let not_taken = |said: String| Fault::between(path, self.what(), code::NOT_TAKEN, said);
        let overrides = self.node.overrides.as_deref();
        let resources = resources(task, overrides).map_err(not_taken)?;
        let is_mocked = world.mocks.has(task.name);
        let strategy = if is_mocked {
            task.at_home()
        } else {
            task.runs_by(overrides.and_then(|overrides| overrides.strategy.as_ref()), world.strategy.as_ref())
        };
        let Either::Left((turn, _)) = select(pin!(world.turns.take(path, &strategy, resources.as_ref())), pin!(stop.cancelled())).await
        else {
            return Err(End::Cancelled);
        };
        // Nothing of the inputs is copied before the job has its turn, and nothing is held twice after that.
        let encoded = map_of_literals(inputs.iter().map(|(name, value)| (*name, &**value)));
        drop(inputs);
        let work = Work::of_task(task, encoded).run(world.run.clone()).id(job_id(&world.run, path)).turn(turn);
        let work = overridden(work, overrides, resources);
        let work = if is_mocked { work.mocked() } else { work };
        let former =
            given.filter(|given| !given.is_again).and_then(|given| world.memory.as_ref()?.checkpoint(path, task.name, given.digest));
        let witness =
            world.stored.as_ref().map(|folder| Arc::new(NodeWitness::new(world, folder, path, given.map(|given| given.digest), former)));
        let work = match &witness {
            Some(witness) => work.witness(Arc::clone(witness) as _),
            None => work,
        };
        let job = world.coordinator.submit(work, strategy).await.map_err(|error| not_taken(error.to_string()))?.abort_on_drop();
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

/// What a node asks for, and its task where the node does not say.
fn resources(task: &TaskDef, overrides: Option<&Overrides>) -> Result<Option<Resources>, String> {
    let of_task = Resources::of_options(task.options)?;
    match overrides.and_then(|overrides| overrides.resources.as_ref()) {
        Some(asked) => Ok(Some(amounts(asked)?.over(of_task.unwrap_or_default()))),
        None => Ok(of_task),
    }
}
