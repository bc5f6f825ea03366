//! What runs of one folder remember: cached outputs, and those of the run that one goes on with.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::backend::driver::{Call, Memory, Recalled};
use crate::backend::plan::CacheUse;
use crate::graph::{Graph, Input, Task};
use crate::run::{
    Answer, Cache, CacheEntry, CacheKey, Control, NodePath, Origin, RecordError, RecordErrorKind, Recorder, Request, RunHandle, RunStatus,
};
use crate::task::def::TaskDef;

/// What a run remembers.
pub(super) struct Remembered {
    pub(super) cache: Cache,
    pub(super) uses: CacheUse,
    /// The run that this one goes on with.
    pub(super) former: Option<Former>,
    pub(super) recorder: Arc<Recorder>,
}

/// A run that another one goes on with.
pub(super) struct Former {
    pub(super) run: RunHandle,
    /// The tasks that take and give what they took and gave there.
    tasks: HashSet<String>,
}

impl Former {
    /// The run `run`, for one of `graph`.
    pub(super) fn of(run: RunHandle, graph: &Graph) -> Result<Self, RecordError> {
        if matches!(run.status()?, RunStatus::Running | RunStatus::Stopping) {
            let driven = format!("the run `{}` is not over: a process drives it", run.id());
            return Err(RecordError::new(RecordErrorKind::Driven, driven).with_hint("wait for its end, or cancel it"));
        }
        let before = run.graph()?;
        let interface = |task: &Task| {
            let types = |inputs: &[Input]| inputs.iter().map(|input| (input.name.clone(), input.literal_type.clone())).collect::<Vec<_>>();
            (types(&task.inputs), task.outputs.clone())
        };
        let is_same =
            |(name, task): &(&Cow<'_, str>, &Task)| before.tasks.get(&***name).is_some_and(|before| interface(before) == interface(task));
        let tasks = graph.tasks.iter().filter(is_same).map(|(name, _)| name.to_string()).collect();
        Ok(Self { run, tasks })
    }

    /// Whether the node ran that task there, which takes and gives the same.
    fn ran(&self, node: &NodePath, task: &str) -> Result<bool, RecordError> {
        Ok(self.tasks.contains(task) && self.run.state()?.nodes.get(node).is_some_and(|before| before.of == task))
    }

    /// What was answered to its gates, for a run that is given the same: of another one somebody has to look at what comes of it.
    pub(super) fn answers(&self, inputs: &[u8]) -> HashMap<String, Answer> {
        let mut answers = HashMap::new();
        if self.run.inputs().is_ok_and(|before| before == inputs) {
            let mut control = Control::new(self.run.folder());
            while let Ok(Some(request)) = control.poll() {
                if let Request::Answer { signal, answer } = request {
                    answers.insert(signal, answer);
                }
            }
        }
        answers
    }

    /// What it has of the node, if that ran the same task with the same inputs.
    fn kept(&self, node: &NodePath, task: &str, digest: &str) -> Result<Option<Bytes>, RecordError> {
        if !self.ran(node, task)? {
            return Ok(None);
        }
        Ok(self.run.kept(node, digest)?.map(|(_, outputs)| outputs.into()))
    }
}

impl Remembered {
    fn of_former(&self, node: &NodePath, task: &str, digest: &str) -> Option<Bytes> {
        self.former.as_ref()?.kept(node, task, digest).unwrap_or_else(|error| {
            tracing::warn!(%error, "the node {node} of the former run cannot be read, and runs again");
            None
        })
    }
}

impl Memory for Remembered {
    fn checkpoint(&self, node: &NodePath, task: &str, inputs: &str) -> Option<String> {
        let former = self.former.as_ref()?;
        former
            .ran(node, task)
            .ok()?
            .then(|| former.run.folder().last_checkpoint(node, inputs))?
            .map(|folder| folder.to_string_lossy().into_owned())
    }

    fn recall<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Recalled> {
        Box::pin(async move {
            let Call { node, task, version, inputs, digest } = call;
            if let Some(outputs) = self.of_former(node, task.name, digest) {
                return Recalled::Outputs(outputs, Origin::Resumed);
            }
            let (Some(version), true) = (version, self.uses != CacheUse::Off) else { return Recalled::Nothing(None) };
            // Files are read for their digests.
            let cache = self.cache.clone();
            let (version, overwrites) = (version.to_owned(), self.uses == CacheUse::Overwrite);
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

    fn remember(&self, key: CacheKey, node: &NodePath, outputs: Bytes) -> BoxFuture<'static, io::Result<()>> {
        let (recorder, cache, node) = (Arc::clone(&self.recorder), self.cache.clone(), node.clone());
        let remember = move || {
            let outputs = recorder.keep(&outputs)?;
            let run = recorder.folder().id().clone();
            cache.put(&CacheEntry { key, outputs, run, node, at: SystemTime::now() }, recorder.durability())
        };
        // A disk may be slow.
        Box::pin(async move { Ok(tokio::task::spawn_blocking(remember).await??) })
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
