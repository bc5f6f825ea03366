//! Tasks that need not run again: their outputs are cached, or kept from the runs that this one resumes.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::cached::Cached;
use super::digests::Digests;
use super::former::{Former, Kept};
use crate::backend::driver::{Call, Memory, Recalled};
use crate::run::{Again, CacheEntry, EventKind, NodePath, Origin, RunFolder, Success, is_whole};

/// What a run knows of earlier runs.
pub(super) struct Remembered {
    /// The run that this one resumes.
    pub(super) former: Option<Former>,
    pub(super) cached: Cached,
    pub(super) digests: Digests,
    /// The nodes whose files were deleted and are needed again.
    pub(super) needed: Mutex<HashSet<NodePath>>,
    /// The folder of this run, if it is recorded: it takes over the decks of nodes that do not run again.
    pub(super) folder: Option<RunFolder>,
}

impl Remembered {
    /// The outputs of the node in a resumed run, if it need not run again.
    async fn of_former(&self, call: &Call<'_>) -> Option<Bytes> {
        let mut again = None;
        for kept in self.former.iter().flat_map(|former| former.kept(call.node, call.task.name, call.given.digest)) {
            let because = match kept {
                _ if call.given.is_again => Again::Asked,
                _ if self.needed().contains(call.node) => Again::Deleted,
                Kept::Outputs(outputs, success, run) if self.stands(&outputs, &success).await => {
                    self.folder.iter().for_each(|folder| folder.inherit_deck(run, call.node));
                    return Some(outputs.into());
                }
                Kept::Outputs(..) => Again::Outputs,
                Kept::Again(because) => because,
            };
            again.get_or_insert(because);
        }
        if let Some(because) = again {
            (call.tell)(EventKind::Again { because });
        }
        None
    }

    /// Whether the files that outputs name are unchanged, or were deleted because nothing needed them.
    async fn stands(&self, outputs: &[u8], success: &Success) -> bool {
        if is_whole(outputs) && self.digests.stamp(outputs).await == success.files {
            return true;
        }
        let gone = self.digests.gone(outputs);
        !gone.is_empty() && gone.iter().all(|path| self.deleted(path).is_some())
    }

    fn deleted(&self, path: &Path) -> Option<&NodePath> {
        self.former.as_ref()?.deleted(path)
    }

    pub(super) fn needed(&self) -> MutexGuard<'_, HashSet<NodePath>> {
        self.needed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory for Remembered {
    fn digest<'a>(&'a self, inputs: &'a [(&'a str, Bytes)]) -> BoxFuture<'a, String> {
        Box::pin(self.digests.of_inputs(inputs))
    }

    fn stamp<'a>(&'a self, outputs: &'a Bytes) -> BoxFuture<'a, Option<String>> {
        Box::pin(self.digests.stamp(outputs))
    }

    fn is_needed(&self, outputs: &[u8]) {
        let gone = self.digests.gone(outputs);
        self.needed().extend(gone.iter().filter_map(|path| self.deleted(path)).cloned());
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
