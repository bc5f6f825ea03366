//! Looks up the known outputs of a task, and remembers new ones.

use std::io;
use std::pin::pin;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::{Either, select};

use super::done::Done;
use super::fault::{End, Fault};
use super::memory::{Call, Claim, Given, Memory, Recalled};
use super::step::Step;
use crate::run::{CacheEntry, NodePath};
use crate::task::cancellation::Cancellation;
use crate::task::def::TaskDef;

/// What is known of a task before it has its turn.
pub(super) enum Known {
    /// Its outputs.
    Outputs(Box<Done>),
    /// Nothing.
    Nothing(Box<Claimed>),
}

/// A task that has to run.
pub(super) struct Claimed {
    /// The digest of its inputs.
    pub(super) digest: String,
    pub(super) is_again: bool,
    /// The claim under which its outputs are to be cached, if they are.
    pub(super) claim: Option<Claim>,
}

impl<'g> Step<'g> {
    /// What knows of tasks that ran before. What a mock gave may be in whatever another task gives.
    pub(super) fn memory(&self) -> Option<&'g dyn Memory> {
        let world = self.walk.world;
        world.memory.as_deref().filter(|_| world.mocks.is_empty())
    }

    /// What is known of the task at `path`, the node or one of its elements.
    pub(super) async fn known(
        &self,
        memory: &dyn Memory,
        path: &NodePath,
        task: &'static TaskDef,
        inputs: Vec<(&str, Bytes)>,
        stop: &Cancellation,
    ) -> Result<Known, End> {
        // Files are read for it.
        let Either::Left((digest, _)) = select(memory.digest(task, &inputs, stop), pin!(stop.cancelled())).await else {
            return Err(End::Cancelled);
        };
        let is_again = self.runs_again(path);
        match self.recall(memory, path, task, &inputs, Given { digest: &digest, is_again }, stop).await? {
            Recalled::Outputs(outputs, from) => {
                let files = memory.stamp(&outputs).await;
                Ok(Known::Outputs(Box::new(Done { outputs, from, inputs: Some(digest), files, used: None })))
            }
            Recalled::Failed(failure) => Err(Fault::told(path, self.what(), failure)),
            Recalled::Nothing(claim) => {
                self.foretell_needs(&inputs);
                Ok(Known::Nothing(Box::new(Claimed { digest, is_again, claim })))
            }
        }
    }

    /// What is known of the task. This may take long, because it reads files and waits for equal calls; a stop ends it.
    async fn recall(
        &self,
        memory: &dyn Memory,
        node: &NodePath,
        task: &'static TaskDef,
        inputs: &[(&str, Bytes)],
        given: Given<'_>,
        stop: &Cancellation,
    ) -> Result<Recalled, End> {
        let tell = |kind| self.walk.tell(node, || kind);
        let call = Call { node, task, version: self.cache_version(task), inputs, given, stop, tell: &tell };
        match select(memory.recall(call), pin!(stop.cancelled())).await {
            Either::Left((recalled, _)) => Ok(recalled),
            Either::Right(_) => Err(End::Cancelled),
        }
    }

    /// Remembers the outputs of the task; equal calls that wait can then use them.
    pub(super) async fn remember(&self, memory: &dyn Memory, node: &NodePath, claim: Claim, outputs: &Bytes) {
        let Claim { key, turn } = claim;
        let world = self.walk.world;
        let remembered: io::Result<()> = async {
            world.shelf.iter().for_each(|shelf| shelf.pin(outputs));
            let outputs = world.record.keep_for_all(outputs.clone()).await?;
            memory.remember(CacheEntry { key, outputs, run: world.run.clone(), node: node.clone(), at: SystemTime::now() }).await
        }
        .await;
        remembered.unwrap_or_else(|error| tracing::warn!(%error, "the outputs of the node {node} are not remembered"));
        drop(turn);
    }
}
