//! What runs of one folder remember: cached outputs, and those of the run that one goes on with.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::digests::Digests;
use super::former::{Former, Kept};
use crate::backend::driver::{Call, Memory, Recalled};
use crate::backend::plan::CacheUse;
use crate::run::{Again, Cache, CacheEntry, CacheKey, EventKind, NodePath, Origin, RecordError, Recorder, Success, is_whole};
use crate::task::def::TaskDef;

/// What a run remembers.
pub(super) struct Remembered {
    pub(super) cache: Cache,
    pub(super) uses: CacheUse,
    /// The run that this one goes on with.
    pub(super) former: Option<Former>,
    pub(super) digests: Digests,
    /// The nodes whose files were deleted and are needed again.
    pub(super) needed: Mutex<HashSet<NodePath>>,
    pub(super) recorder: Arc<Recorder>,
}

impl Remembered {
    /// What the node gave in a run that this one goes on with, if it need not run again.
    async fn of_former(&self, call: &Call<'_>) -> Option<Bytes> {
        let mut again = None;
        for kept in self.former.iter().flat_map(|former| former.kept(call.node, call.task.name, call.given.digest)) {
            let because = match kept {
                _ if call.given.is_again => Again::Asked,
                _ if self.needed().contains(call.node) => Again::Deleted,
                Kept::Outputs(outputs, success) if self.stands(&outputs, &success).await => return Some(outputs.into()),
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

    /// Whether the files that outputs name are what they were, or were deleted since nothing needed them.
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
    fn is_needed(&self, outputs: &[u8]) {
        let gone = self.digests.gone(outputs);
        self.needed().extend(gone.iter().filter_map(|path| self.deleted(path)).cloned());
    }

    fn digest<'a>(&'a self, inputs: &'a [(&'a str, Bytes)]) -> BoxFuture<'a, String> {
        Box::pin(self.digests.of_inputs(inputs))
    }

    fn stamp<'a>(&'a self, outputs: &'a Bytes) -> BoxFuture<'a, Option<String>> {
        Box::pin(self.digests.stamp(outputs))
    }

    fn checkpoint(&self, node: &NodePath, task: &str, inputs: &str) -> Option<String> {
        self.former.as_ref()?.checkpoint(node, task, inputs)
    }

    fn recall<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Recalled> {
        Box::pin(async move {
            if let Some(outputs) = self.of_former(&call).await {
                return Recalled::Outputs(outputs, Origin::Resumed);
            }
            let Call { node, task, version, inputs, given, .. } = call;
            let (Some(version), true) = (version, self.uses != CacheUse::Off) else { return Recalled::Nothing(None) };
            // Files are read for their digests.
            let cache = self.cache.clone();
            let (version, overwrites) = (version.to_owned(), given.is_again || self.uses == CacheUse::Overwrite);
            let inputs: Vec<_> = inputs.iter().map(|(name, literal)| ((*name).to_owned(), literal.clone())).collect();
            let looked_up = tokio::task::spawn_blocking(move || look_up(&cache, task, &version, &inputs, overwrites)).await;
            match looked_up {
                Ok(Ok(recalled)) => recalled,
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the cache cannot be used for the node {node}");
                    Recalled::Nothing(None)
                }
                Err(_) => Recalled::Nothing(None),
            }
        })
    }

    fn remember(&self, key: CacheKey, node: &NodePath, outputs: &[u8]) -> io::Result<()> {
        let outputs = self.recorder.keep(outputs).map_err(io::Error::other)?;
        let run = self.recorder.folder().id().clone();
        let entry = CacheEntry { key, outputs, run, node: node.clone(), at: SystemTime::now() };
        self.cache.put(&entry, self.recorder.durability()).map_err(io::Error::other)
    }
}

fn look_up(
    cache: &Cache,
    task: &'static TaskDef,
    version: &str,
    inputs: &[(String, Bytes)],
    overwrites: bool,
) -> Result<Recalled, RecordError> {
    let inputs = inputs.iter().map(|(name, literal)| (name.as_str(), &**literal));
    let ignored = task.options.cache.as_ref().map_or(&[][..], |cache| cache.ignore);
    let key = CacheKey::new(task.name, version, ignored, &task.interface(), inputs, cache.contents())?;
    if overwrites {
        return Ok(Recalled::Nothing(Some(key)));
    }
    Ok(match cache.get(&key)? {
        Some((_, outputs)) => Recalled::Outputs(outputs.into(), Origin::Cache),
        None => Recalled::Nothing(Some(key)),
    })
}
