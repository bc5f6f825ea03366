//! What a run would do, said before it.

use std::borrow::Cow;

use crate::run::{Again, JobFailure, Lookup, Nearest, NodePath, RunId};

/// What a run would do: what [`Backend::preview`](super::Backend::preview) gives.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Preview {
    /// What would run: the full name of a workflow or a task.
    pub name: Cow<'static, str>,
    /// The run that it would go on with.
    pub resumes: Option<RunId>,
    /// The nodes that can be told of, in the order of their paths. What is within one that is not looked into yet is not among them.
    pub nodes: Vec<Foreseen>,
}

/// What would become of a node.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Foreseen {
    /// The node.
    pub node: NodePath,
    /// What it runs: the full name of a task or a workflow, or what kind of node it is.
    pub of: Cow<'static, str>,
    /// What would become of it.
    pub fate: Fate,
    /// What comes of asking the cache for its outputs, if it is asked.
    pub lookup: Option<Lookup>,
    /// Where the cache has no entry, the one that is most like what is looked for.
    pub nearest: Option<Nearest>,
    /// Why it is not kept from the run that this one would go on with, if it is a task that runs.
    pub unkept: Option<Unkept>,
}

/// What would become of a node.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fate {
    /// It would run.
    Runs,
    /// Its outputs are in the cache.
    Cached,
    /// Its outputs are those of the run that this one would go on with.
    Kept,
    /// Some of the nodes that it consists of would run.
    Partly,
    /// Nothing of it would run.
    Settled,
    /// It would wait for somebody.
    Waits {
        /// The signal that it would wait for.
        signal: Cow<'static, str>,
    },
    /// It depends on what a node gives that would run.
    Unknown {
        /// That node.
        until: NodePath,
    },
    /// It would fail.
    Fails {
        /// Why.
        failure: JobFailure,
    },
}

/// Why a node is not kept from the run that another one goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unkept {
    /// That run did not run this task at this node.
    NotThere,
    /// The node did not succeed there.
    NotDone,
    /// It succeeded there, and runs again.
    Again(Again),
}
