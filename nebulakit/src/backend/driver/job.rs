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
use crate::coordinator::{Resources, Retry, Stored, Witness as _, Work};
use crate::graph::{self, Overrides};
use crate::run::NodePath;
use crate::task::cancellation::Cancellation;
use crate::task::def::TaskDef;
use crate::task::strategy::Strategy;

impl Step<'_> {
    /// Runs a task, as the node or the element at `path`.
    pub(super) async fn job(
        &self,
        path: &NodePath,
        task: &'static TaskDef,
        inputs: &[(&str, Bytes)],
        given: Option<Given<'_>>,
        stop: &Cancellation,
    ) -> Result<Ran, End> {
        let world = self.walk.world;
        if world.is_rehearsal || stop.is_cancelled() {
            return Err(End::Cancelled);
        }
        let inputs = map_of_literals(inputs.iter().map(|(name, value)| (*name, &**value)));
        let work = Work::of_task(task, inputs).run(world.run.clone()).id(job_id(&world.run, path));
        let witness = world.stored.is_some().then(|| Arc::new(NodeWitness::new(world, path)));
        let work = match world.stored.as_ref().zip(given).zip(witness.as_ref()) {
            Some(((folder, Given { digest, is_again }), witness)) => work.stored(Stored {
                files: folder.raw(path).to_string_lossy().into_owned(),
                checkpoints: folder.checkpoints(path, digest).to_string_lossy().into_owned(),
                deck: folder.deck(path),
                former: world.memory.as_ref().filter(|_| !is_again).and_then(|memory| memory.checkpoint(path, task.name, digest)),
                witness: Arc::clone(witness) as _,
            }),
            None => work,
        };
        let not_taken = |said: String| Fault::between(path, self.what(), code::NOT_TAKEN, said);
        let overrides = self.node.overrides.as_deref();
        let work = match overrides {
            Some(overrides) => overridden(work, overrides).map_err(not_taken)?,
            None => work,
        };
        let (work, strategy) = if world.mocks.has(task.name) {
            (work.mocked(), task.at_home())
        } else {
            let of_node = overrides.and_then(|overrides| overrides.strategy.as_ref());
            (work, strategy_of(task, of_node, world.strategy.as_ref()))
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
        if self.walk.is_told() {
            // What the job did is told before its end is.
            tokio::task::yield_now().await;
        }
        let used = witness.and_then(|witness| {
            witness.settle(&self.walk);
            witness.usage()
        });
        let outputs = ended.map_err(|error| {
            let is_fatal = error.is_fatal();
            let end = Fault::of_job(path, self.what(), error, used);
            if is_fatal {
                self.walk.fatal(&end);
            }
            end
        })?;
        if let Some(folder) = &world.stored {
            folder.drop_checkpoints(path);
        }
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

/// The work with the overrides of its node.
fn overridden(work: Work<Vec<u8>>, overrides: &Overrides) -> Result<Work<Vec<u8>>, String> {
    let mut work = work;
    if let Some(retries) = overrides.retries {
        work = work.retry(Retry::times(retries));
    }
    if let Some(timeout) = overrides.timeout {
        work = work.timeout(timeout);
    }
    if let Some(resources) = &overrides.resources {
        work = work.resources(amounts(resources)?);
    }
    if let Some(image) = &overrides.image {
        work = work.image(image.as_str());
    }
    Ok(work)
}

fn amounts(asked: &graph::Resources) -> Result<Resources, String> {
    let (requests, limits) = (&asked.requests, &asked.limits);
    let both = |amount: fn(&graph::Amounts) -> &Option<String>| [requests, limits].map(|amounts| amount(amounts).as_deref());
    Resources::of_amounts(both(|amounts| &amounts.cpu), both(|amounts| &amounts.memory), both(|amounts| &amounts.gpu))
}

/// The strategy of a task: that of its node, else of its options, else of the run, else the task's default.
fn strategy_of(task: &TaskDef, of_node: Option<&Strategy>, of_run: Option<&Strategy>) -> Strategy {
    if task.container.is_some() {
        return Strategy::Container;
    }
    if task.is_dynamic {
        // What it gives is made of functions of this process.
        return task.at_home();
    }
    of_node.or(task.options.strategy.as_ref()).or(of_run).cloned().unwrap_or_else(|| task.at_home())
}
