//! Tasks that need not run again: their outputs are cached, or kept from the runs that this one resumes.

use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use nebulakit_types::convert::writer::map_of_literals;

use super::cached::Cached;
use super::deleted::Needed;
use super::digests::Digests;
use super::former::{Former, Kept};
use super::readers::Readers;
use crate::backend::driver::{Call, Memory, Recalled};
use crate::run::{Again, CacheEntry, EventKind, NodePath, Origin, RunFolder, RunsFolder, Success, is_whole};
use crate::task::cancellation::Cancellation;
use crate::task::def::TaskDef;

/// What a run knows of earlier runs.
pub(super) struct Remembered {
    /// The run that this one resumes.
    pub(super) former: Option<Former>,
    cached: Cached,
    digests: Digests,
    readers: Readers,
    /// The nodes whose files were deleted and are needed again.
    needed: Mutex<Needed>,
    /// The folder of this run, where it is recorded: it takes over the decks of nodes that do not run again.
    folder: Option<RunFolder>,
}

impl Remembered {
    /// What is cached, and what the run knows that this one goes on with.
    pub(super) fn new(runs: &RunsFolder, former: Option<Former>, cached: Cached, folder: Option<RunFolder>) -> Self {
        let readers = cached.readers.clone();
        let digests = Digests::new(runs, cached.cache.contents().clone(), readers.clone(), cached.durability);
        Self { former, cached, digests, readers, needed: Mutex::default(), folder }
    }

    /// What the node gave in a run that this one goes on with, if it need not run again.
    async fn of_former(&self, call: &Call<'_>) -> Option<Bytes> {
        let mut again = None;
        for kept in self.former.iter().flat_map(|former| former.kept(call.node, call.task.name, call.given.digest)) {
            let because = match kept {
                _ if call.given.is_again => Again::Asked,
                _ if self.needed().contains(call.node) => Again::Deleted,
                Kept::Again(because) => because,
                Kept::Success(success, run) => match self.outputs(call.task, &success, run).await {
                    Some(outputs) => {
                        self.folder.iter().for_each(|folder| folder.inherit_deck(run, call.node));
                        self.note(call);
                        return Some(outputs.into());
                    }
                    None => Again::Outputs,
                },
            };
            again.get_or_insert(because);
        }
        if let Some(because) = again {
            (call.tell)(EventKind::Again { because });
        }
        None
    }

    /// What a node gave, if that is there, and if the files that it names are what they were, or were deleted since nothing needed them.
    async fn outputs(&self, task: &'static TaskDef, success: &Success, run: &RunFolder) -> Option<Vec<u8>> {
        let (data, recorded) = (run.data().clone(), success.outputs.clone());
        let read = move || Ok(data.read(&recorded)?.map(|outputs| (is_whole(&outputs, || task.interface()), outputs)));
        // Where its data is gone or damaged it is made again.
        let (is_whole, outputs) = self.readers.open(&success.outputs, read).await.ok().flatten()?;
        if is_whole && self.digests.stamp(&outputs).await == success.files {
            return Some(outputs);
        }
        let gone = self.digests.gone(&outputs);
        (!gone.is_empty() && gone.iter().all(|path| self.deleted(path).is_some())).then_some(outputs)
    }

    /// Notes what a node was given that is kept, where it is asked for.
    fn note(&self, call: &Call<'_>) {
        if self.needed().is_searched() {
            let given = map_of_literals(call.inputs.iter().map(|(name, literal)| (*name, &**literal)));
            let given = self.deleted_of(&given);
            self.needed().kept(call.node, given);
        }
    }

    /// The nodes whose deleted files a value names.
    fn deleted_of(&self, literals: &[u8]) -> Vec<NodePath> {
        self.digests.gone(literals).iter().filter_map(|path| self.deleted(path)).cloned().collect()
    }

    fn deleted(&self, path: &Path) -> Option<&NodePath> {
        self.former.as_ref()?.deleted(path)
    }

    pub(super) fn needed(&self) -> MutexGuard<'_, Needed> {
        self.needed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory for Remembered {
    fn digest<'a>(&'a self, task: &'static TaskDef, inputs: &'a [(&'a str, Bytes)], stop: &'a Cancellation) -> BoxFuture<'a, String> {
        Box::pin(self.digests.of_inputs(task, inputs, stop))
    }

    fn stamp<'a>(&'a self, outputs: &'a Bytes) -> BoxFuture<'a, Option<String>> {
        Box::pin(self.digests.stamp(outputs))
    }

    fn is_needed(&self, outputs: &[u8]) {
        let deleted = self.deleted_of(outputs);
        let mut needed = self.needed();
        deleted.into_iter().for_each(|node| needed.add(node));
    }

    fn checkpoint(&self, node: &NodePath, task: &str, inputs: &str) -> Option<String> {
        self.former.as_ref()?.checkpoint(node, task, inputs)
    }

    fn recall<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Recalled> {
        Box::pin(async move {
            match self.of_former(&call).await {
                Some(outputs) => Recalled::Outputs(outputs, Origin::Resumed),
                None => self.cached.recall(&call).await,
            }
        })
    }

    fn may_recall(&self, node: &NodePath, task: &str, version: Option<&str>) -> bool {
        self.cached.may_recall(version) || self.former.as_ref().is_some_and(|former| former.may_keep(node, task))
    }

    fn remember(&self, entry: CacheEntry) -> BoxFuture<'_, io::Result<()>> {
        let put = self.cached.putting(entry);
        // A disk may be slow.
        Box::pin(async { Ok(tokio::task::spawn_blocking(put).await??) })
    }
}
