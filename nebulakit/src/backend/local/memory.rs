//! What a run need not do again: tasks whose outputs are cached, and those of the run that it goes on with.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::cached::Cached;
use crate::backend::driver::{Call, Memory, Recalled};
use crate::backend::preview::Unkept;
use crate::graph::{Graph, Input, Task};
use crate::run::{
    Answer, CacheEntry, Control, NodePath, NodeStatus, Origin, RecordError, RecordErrorKind, Request, RunFolder, RunHandle, RunHold,
    RunStatus,
};

/// What a run remembers.
pub(super) struct Remembered {
    /// The run that this one goes on with.
    pub(super) former: Option<Former>,
    pub(super) cached: Cached,
    /// The folder of this run, where it is recorded: it takes over the decks of nodes that do not run again.
    pub(super) folder: Option<RunFolder>,
}

/// A run that another one goes on with.
pub(super) struct Former {
    pub(super) run: RunHandle,
    /// It stays as long as this run goes on.
    _hold: Option<RunHold>,
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
        let hold = run.folder().hold()?;
        let before = run.graph()?;
        let interface = |task: &Task| {
            let types = |inputs: &[Input]| inputs.iter().map(|input| (input.name.clone(), input.literal_type.clone())).collect::<Vec<_>>();
            (types(&task.inputs), task.outputs.clone())
        };
        let is_same =
            |(name, task): &(&Cow<'_, str>, &Task)| before.tasks.get(&***name).is_some_and(|before| interface(before) == interface(task));
        let tasks = graph.tasks.iter().filter(is_same).map(|(name, _)| name.to_string()).collect();
        Ok(Self { run, _hold: hold, tasks })
    }

    /// Whether the node ran that task there, which takes and gives the same.
    fn ran(&self, node: &NodePath, task: &str) -> Result<bool, RecordError> {
        Ok(self.tasks.contains(task) && self.run.state()?.nodes.get(node).is_some_and(|before| before.of == task))
    }

    /// Why the node, which runs the task `of`, is not kept from there, if it is not.
    pub(super) fn unkept(&self, node: &NodePath, of: &str) -> Result<Unkept, RecordError> {
        let state = self.run.state()?;
        Ok(match state.nodes.get(node).filter(|before| before.of == of) {
            None => Unkept::NotThere,
            Some(before) if !matches!(before.status, NodeStatus::Succeeded(_)) => Unkept::NotDone,
            Some(_) if !self.tasks.contains(of) => Unkept::Interface,
            Some(_) => Unkept::Inputs,
        })
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
            match self.of_former(call.node, call.task.name, call.digest) {
                Some(outputs) => {
                    if let (Some(folder), Some(former)) = (&self.folder, &self.former) {
                        folder.inherit_deck(former.run.folder(), call.node);
                    }
                    Recalled::Outputs(outputs, Origin::Resumed)
                }
                None => self.cached.recall(&call).await,
            }
        })
    }

    fn may_recall(&self, node: &NodePath, task: &str, version: Option<&str>) -> bool {
        let was_run = |former: &Former| former.ran(node, task).unwrap_or_default();
        self.cached.may_recall(version) || self.former.as_ref().is_some_and(was_run)
    }

    fn remember(&self, entry: CacheEntry) -> BoxFuture<'_, io::Result<()>> {
        let put = self.cached.putting(entry);
        // A disk may be slow.
        Box::pin(async { Ok(tokio::task::spawn_blocking(put).await??) })
    }
}
