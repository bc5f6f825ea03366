//! Looks up the known outputs of a task, and remembers new ones.

use std::io;
use std::pin::pin;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::{Either, select};

use super::fault::End;
use super::memory::{Call, Claim, Given, Memory, Recalled};
use super::step::Step;
use crate::run::{CacheEntry, NodePath};
use crate::task::cancellation::Cancellation;
use crate::task::def::TaskDef;

impl Step<'_> {
    /// What is known of the task. This may take long, because it reads files and waits for equal calls; a stop ends it.
    pub(super) async fn recall(
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
