//! One node, from the moment that everything it needs is available.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::done::Done;
use super::fault::{End, Fault, code};
use super::frame::{Frame, Within};
use super::hold::Holds;
use super::walk::Walk;
use crate::graph::{Kind, Mapped, Node};
use crate::run::{EventKind, NodePath};

/// A node that is ready to run.
pub(super) struct Step<'g> {
    pub(super) walk: Arc<Walk<'g>>,
    pub(super) frame: Arc<Frame<'g>>,
    pub(super) node: &'g Node,
    pub(super) path: NodePath,
    /// Whether all of it runs, regardless of earlier runs.
    pub(super) is_again: bool,
    /// What is held for it until it is over; [`None`] if nothing is deleted.
    pub(super) holds: Option<Holds>,
}

impl<'g> Step<'g> {
    pub(super) fn new(walk: Arc<Walk<'g>>, frame: Arc<Frame<'g>>, node: &'g Node) -> Self {
        let path = frame.path(node);
        let is_again = frame.runs_again(node, &path, walk.world.from.as_ref());
        let holds = walk.world.shelf.as_ref().map(|_| Holds::default());
        Self { walk, frame, node, path, is_again, holds }
    }

    /// Its inputs.
    pub(super) fn inputs(&self) -> Result<Vec<(&'g str, Bytes)>, End> {
        self.frame.values(&self.node.inputs).map_err(|error| self.unbound("an input", &error))
    }

    /// Whether the node, or the element of it, at `path` runs regardless of earlier runs.
    pub(super) fn runs_again(&self, path: &NodePath) -> bool {
        self.is_again || self.walk.world.from.as_ref() == Some(path)
    }

    /// What a scope inherits from it, if it runs the scope as the node or the element at `path`.
    pub(super) fn scope_of(&self, path: &NodePath) -> Within {
        Within { is_again: self.runs_again(path), holds: self.holds.clone() }
    }

    /// Holds what the task at `path` stored, and what its outputs name, until this node is over.
    pub(super) fn hold(&self, path: &NodePath, outputs: &[u8]) {
        if let Some((shelf, holds)) = self.walk.world.shelf.as_ref().zip(self.holds.as_ref()) {
            holds.lock().unwrap_or_else(PoisonError::into_inner).push(shelf.hold_of(path, outputs));
        }
    }

    /// Tells that the node or the element at `path` has all that it needs.
    pub(super) fn ready(&self, path: &NodePath) {
        self.walk.tell(path, || EventKind::Ready { of: self.what() });
    }

    /// Tells how the node or the element at `path` ended. What needs it begins behind this, and so behind what is told, once [`Running`] has had it written.
    ///
    /// [`Running`]: super::running::Running
    pub(super) async fn over(&self, path: &NodePath, ended: Result<Done, End>) -> Result<Bytes, End> {
        if self.walk.is_told() {
            match (self.record_end(path, &ended).await, &ended) {
                // Only what ran here has left any.
                (Ok(()), Ok(done)) if done.used.is_some() => self.drop_checkpoints(path).await,
                (Ok(()), _) => {}
                (Err(error), _) => self.walk.unrecorded(error),
            }
        }
        ended.map(|done| done.outputs)
    }

    async fn record_end(&self, path: &NodePath, ended: &Result<Done, End>) -> io::Result<()> {
        let record = &self.walk.world.record;
        let kind = match ended {
            Ok(done) => EventKind::Succeeded {
                outputs: record.keep(done.outputs.clone()).await?,
                from: done.from.clone(),
                inputs: done.inputs.clone(),
                files: done.files.clone(),
                used: done.used,
            },
            Err(End::Failed(fault)) => {
                EventKind::Failed { failure: fault.failure.clone(), used: fault.used.filter(|_| fault.node == *path) }
            }
            Err(End::Cancelled) => EventKind::Cancelled,
        };
        record.append(Some(path), kind)?;
        match record.settle() {
            Some(settled) => settled.await,
            None => Ok(()),
        }
    }

    /// Removes the checkpoints of a task whose success is recorded: until then they may be all that is left of it.
    async fn drop_checkpoints(&self, path: &NodePath) {
        let Some(folder) = self.walk.world.stored.as_ref().filter(|folder| folder.has_checkpoints(path)) else { return };
        // The success waits to be written with others.
        if let Err(error) = self.walk.world.record.flush() {
            return self.walk.unrecorded(error);
        }
        let (folder, path) = (folder.clone(), path.clone());
        // They may be large. Any that stay do no harm.
        let _ = spawn_blocking(move || folder.drop_checkpoints(&path)).await;
    }

    /// What it runs, for people.
    pub(super) fn what(&self) -> Cow<'static, str> {
        match &self.node.kind {
            Kind::Task(name) | Kind::Workflow(name) | Kind::LaunchPlan(name) | Kind::Reference(name) => name.clone(),
            Kind::Map(map) => match &map.of {
                Mapped::Task(name) | Mapped::Workflow(name) => name.clone(),
            },
            Kind::Branch(_) => "when".into(),
            Kind::Approve(_) => "approve".into(),
            Kind::Wait(_) => "wait".into(),
            Kind::Sleep(_) => "sleep".into(),
        }
    }

    /// A failure of the node itself, not of a task that it runs.
    pub(super) fn fault(&self, code: &str, message: impl Into<String>) -> End {
        Fault::between(&self.path, self.what(), code, message)
    }

    /// A value cannot be passed on to it or from it.
    pub(super) fn unbound(&self, what: impl fmt::Display, error: &nebulakit_types::Error) -> End {
        Fault::of_binding(&self.path, self.what(), what, error)
    }

    pub(super) fn unknown(&self, path: &NodePath, kind: &str, name: &str) -> End {
        Fault::between(path, self.what(), code::NOT_TAKEN, format!("this program has no {kind} `{name}`"))
    }
}
