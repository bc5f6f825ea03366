//! What a run would do, before it starts.

use std::borrow::Cow;

use crate::run::{Again, JobFailure, Lookup, Nearest, NodePath, RunId};

/// What a run would do: the result of [`Backend::preview`](super::Backend::preview).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Preview {
    /// What would run: the full name of a workflow or a task.
    pub name: Cow<'static, str>,
    /// The run that it would resume.
    pub resumes: Option<RunId>,
    /// The nodes that are known beforehand, in the order of their paths. The inner nodes of one that cannot be examined yet are not included.
    pub nodes: Vec<Foreseen>,
}

/// What would happen to a node.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Foreseen {
    /// The node.
    pub node: NodePath,
    /// What it runs: the full name of a task or a workflow, or the kind of node.
    pub of: Cow<'static, str>,
    /// What would happen to it.
    pub fate: Fate,
    /// The result of looking up its outputs in the cache, if they are looked up.
    pub lookup: Option<Lookup>,
    /// If the cache has no entry, the most similar one.
    pub nearest: Option<Nearest>,
    /// Why it is not kept from the resumed run, if it is a task that would run.
    pub unkept: Option<Unkept>,
}

/// What would happen to a node.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fate {
    /// It would run.
    Runs,
    /// Its outputs are in the cache.
    Cached,
    /// Its outputs are kept from the run that this one would resume.
    Kept,
    /// Some of the nodes that it consists of would run.
    Partly,
    /// None of it would run.
    Settled,
    /// It would wait for an answer.
    Waits {
        /// The signal that it would wait for.
        signal: Cow<'static, str>,
    },
    /// It depends on the outputs of a node that would run.
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

/// Why a node is not kept from the resumed run.
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
