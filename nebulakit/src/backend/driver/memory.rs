//! Outputs of tasks that need not run again.

use std::io;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::run::{CacheEntry, CacheKey, EventKind, JobFailure, NodePath, Origin, Turn};
use crate::task::cancellation::Cancellation;
use crate::task::def::TaskDef;

/// A task that is about to run.
pub(crate) struct Call<'a> {
    pub(crate) node: &'a NodePath,
    pub(crate) task: &'static TaskDef,
    /// The version of its cached outputs; [`None`] if they are not to be cached.
    pub(crate) version: Option<&'a str>,
    pub(crate) inputs: &'a [(&'a str, Bytes)],
    pub(crate) given: Given<'a>,
    /// Stops the node.
    pub(crate) stop: &'a Cancellation,
    /// Records what happens to the node meanwhile.
    pub(crate) tell: &'a (dyn Fn(EventKind) + Sync),
}

/// What matters of a task's inputs for earlier runs of it.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    /// The digest of the inputs.
    pub(crate) digest: &'a str,
    /// Whether it runs regardless of earlier runs.
    pub(crate) is_again: bool,
}

/// What is known of a task that is about to run.
pub(crate) enum Recalled {
    /// Its outputs, as the bytes of an `outputs.pb`, and where they come from.
    Outputs(Bytes, Origin),
    /// It has failed in this run, for good.
    Failed(JobFailure),
    /// Nothing; and the claim under which its outputs are to be cached, if they are.
    Nothing(Option<Claim>),
}

/// A call whose outputs are to be cached.
pub(crate) struct Claim {
    pub(crate) key: CacheKey,
    /// Keeps equal calls waiting until the outputs are available.
    pub(crate) turn: Option<Turn>,
}

/// Knows the outputs of earlier runs, and remembers new ones.
pub(crate) trait Memory: Send + Sync {
    /// The digest of what a node is given that runs `task`, and of what is in the files that it names. They are read no further once `stop` asks for it: the digest says nothing then.
    fn digest<'a>(&'a self, task: &'static TaskDef, inputs: &'a [(&'a str, Bytes)], stop: &'a Cancellation) -> BoxFuture<'a, String>;

    /// A digest of the metadata of the stored files that outputs name, if they name any.
    fn stamp<'a>(&'a self, outputs: &'a Bytes) -> BoxFuture<'a, Option<String>>;

    /// What is known of a task that is about to run. A failed lookup counts as nothing known. The future may be dropped at any time.
    fn recall<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Recalled>;

    /// Whether anything can be known of the task at `node`, whatever its inputs; `version` is that of [`Call`].
    fn may_recall(&self, node: &NodePath, task: &str, version: Option<&str>) -> bool;

    /// The place of the checkpoint that the task left at `node` in an earlier run with inputs of that digest, if it is to continue from there.
    fn checkpoint(&self, node: &NodePath, task: &str, inputs: &str) -> Option<String>;

    /// How many attempts at the task at `node` have failed in this run before this process drove it.
    fn spent(&self, _node: &NodePath) -> u32 {
        0
    }

    /// In a rehearsal: receives outputs that a node would use which would run.
    fn is_needed(&self, outputs: &[u8]);

    /// Remembers the outputs of a task.
    ///
    /// # Errors
    /// When they cannot be written.
    fn remember(&self, entry: CacheEntry) -> BoxFuture<'_, io::Result<()>>;
}
