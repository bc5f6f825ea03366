//! Outputs of tasks that need not run again.

use std::io;

use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::run::{CacheEntry, CacheKey, EventKind, NodePath, Origin, Turn};
use crate::task::cancellation::Cancellation;
use crate::task::def::TaskDef;

/// A task that is about to run.
pub(crate) struct Call<'a> {
    pub(crate) node: &'a NodePath,
    pub(crate) task: &'static TaskDef,
    /// The version of its remembered outputs; [`None`] where they are not to be remembered.
    pub(crate) version: Option<&'a str>,
    pub(crate) inputs: &'a [(&'a str, Bytes)],
    pub(crate) given: Given<'a>,
    /// Asks the node to stop.
    pub(crate) stop: &'a Cancellation,
    /// Tells what happens to the node meanwhile.
    pub(crate) tell: &'a (dyn Fn(EventKind) + Sync),
}

/// What a task is given, as far as earlier runs of it go.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    /// The digest of the inputs.
    pub(crate) digest: &'a str,
    /// Whether it runs whatever is known of earlier runs.
    pub(crate) is_again: bool,
}

/// What is known of a task that is about to run.
pub(crate) enum Recalled {
    /// What it gave, the bytes of an `outputs.pb`, and when.
    Outputs(Bytes, Origin),
    /// Nothing; and what its outputs are to be remembered by, if they are.
    Nothing(Option<Claim>),
}

/// A call whose outputs are to be remembered.
pub(crate) struct Claim {
    pub(crate) key: CacheKey,
    /// Keeps equal calls waiting, until the outputs are there for them.
    pub(crate) turn: Option<Turn>,
}

/// Remembers outputs.
pub(crate) trait Memory: Send + Sync {
    /// The digest of what a node is given that runs `task`, and of what is in the files that it names. They are read no further once `stop` asks for it: the digest says nothing then.
    fn digest<'a>(&'a self, task: &'static TaskDef, inputs: &'a [(&'a str, Bytes)], stop: &'a Cancellation) -> BoxFuture<'a, String>;

    /// What tells whether the files that outputs name are what they were, if they name any that runs store.
    fn stamp<'a>(&'a self, outputs: &'a Bytes) -> BoxFuture<'a, Option<String>>;

    /// What is known of a task that is about to run. What cannot be looked up is not known. It may be dropped at any time.
    fn recall<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Recalled>;

    /// Whether anything can be known of the task at `node`, whatever it is given; `version` is that of [`Call`].
    fn may_recall(&self, node: &NodePath, task: &str, version: Option<&str>) -> bool;

    /// Where the checkpoint is that a task left at `node` in an earlier run, with inputs of that digest, if it is to go on from there.
    fn checkpoint(&self, node: &NodePath, task: &str, inputs: &str) -> Option<String>;

    /// Hears, in a rehearsal, of outputs that a node takes which would run.
    fn is_needed(&self, outputs: &[u8]);

    /// Remembers what a task gave.
    ///
    /// # Errors
    /// When that cannot be written.
    fn remember(&self, entry: CacheEntry) -> BoxFuture<'_, io::Result<()>>;
}
