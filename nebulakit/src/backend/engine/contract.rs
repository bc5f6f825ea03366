//! What an engine is to the driver: jobs go in by batches, and questions are about all of them at once.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::run::NodePath;

/// An engine that runs jobs: a cluster's, a cloud's, or programs that the user named.
///
/// It runs each job once, and retries nothing by itself. It is never asked of one job where it can be asked of many.
pub(in crate::backend) trait Engine: Send + Sync + 'static {
    /// What people call it: the name of its backend.
    fn name(&self) -> &str;

    /// Whether it runs jobs in images: those that name one are refused elsewhere, since none may run outside of it without a word.
    fn takes_images(&self) -> bool {
        false
    }

    /// Whether all its jobs run in images, so that a task without one is refused before the start.
    fn needs_images(&self) -> bool {
        false
    }

    /// Says that a driver begins, or goes on, with the plan in that folder: what an engine keeps in it of its jobs is known again.
    fn drives(&self, _plan: &Path) {}

    /// With which others a job is to be submitted together, and how many they should be: it waits a moment for them.
    fn gathers(&self, _job: &EngineJob) -> Option<(String, usize)> {
        None
    }

    /// Submits jobs, and gives one answer for each, in their order. Several come at once so that an engine can make an array of equal ones.
    fn submit<'a>(&'a self, jobs: &'a [EngineJob]) -> BoxFuture<'a, Vec<Result<EngineId, NotSubmitted>>>;

    /// Where jobs are, all of them in one question. One that the engine does not know (any more, or yet) is absent from the answer.
    ///
    /// # Errors
    /// When the engine gives no answer, or one that cannot be understood.
    fn look<'a>(&'a self, ids: &'a [EngineId]) -> BoxFuture<'a, Result<HashMap<EngineId, Seen>, EngineError>>;

    /// Ends jobs, whether they run or wait. One that is over, or unknown, is no error.
    ///
    /// # Errors
    /// When the engine gives no answer, or refuses.
    fn cancel<'a>(&'a self, ids: &'a [EngineId]) -> BoxFuture<'a, Result<(), EngineError>>;

    /// The job that was submitted under that [name](EngineJob::name), where the answer to its submit was lost; [`None`] if the engine has none.
    ///
    /// # Errors
    /// When the engine gives no answer. Whether there is such a job is not known then, so none is submitted again.
    fn find<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<EngineId>, EngineError>>;
}

/// What an engine calls a job. An engine with arrays puts job and index into it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::backend) struct EngineId(Arc<str>);

impl EngineId {
    pub(in crate::backend) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for EngineId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl From<String> for EngineId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One attempt at a node, for an engine.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::backend) struct EngineJob {
    /// Its name there, which no other job of this user has: small letters, digits, `-`, `_` and `.`, at most 64 of them.
    pub(in crate::backend) name: String,
    /// The plan that it is of. An engine that makes arrays keeps its lists there.
    pub(in crate::backend) plan: PathBuf,
    /// The node, or the element of a map.
    pub(in crate::backend) node: NodePath,
    /// Which attempt, from 0.
    pub(in crate::backend) attempt: u32,
    /// The full name of the task, by which settings of single tasks are found.
    pub(in crate::backend) task: &'static str,
    /// The name of the workflow that the run is of.
    pub(in crate::backend) workflow: Arc<str>,
    /// The program and its arguments. They hold no secret.
    pub(in crate::backend) argv: Vec<String>,
    /// The folder of the attempt, which exists. What the job prints goes to `stdout` and `stderr` in it.
    pub(in crate::backend) folder: PathBuf,
    /// The variables that it gets, and no others of this process. They hold no secret.
    pub(in crate::backend) variables: Vec<(String, String)>,
    /// How many cores it asks for, in whole or in part; the engine rounds them up to what it hands out.
    pub(in crate::backend) cores: f64,
    /// How much memory it asks for, in bytes.
    pub(in crate::backend) memory: Option<u64>,
    /// How many GPUs it asks for.
    pub(in crate::backend) gpus: u32,
    /// How many tokens of each name it takes.
    pub(in crate::backend) tokens: Vec<(String, u32)>,
    /// How long it may run. The node keeps this limit itself too: an engine's own may be coarser, but not shorter.
    pub(in crate::backend) time: Option<Duration>,
    /// The image that it runs in; [`None`] for the program as it is.
    pub(in crate::backend) image: Option<String>,
}

/// Why a job was not submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backend) enum NotSubmitted {
    /// The engine has as many jobs as it takes for now. It is submitted again later, and nothing failed.
    Held(String),
    /// The engine takes no such job.
    Refused(String),
    /// It may have been submitted: the answer was lost. [`Engine::find`] tells.
    Unclear(String),
}

/// Where a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backend) enum Seen {
    /// It waits.
    Queued {
        /// What for, as the engine says it.
        reason: Option<String>,
    },
    /// It runs.
    Running {
        /// Where, if the engine tells.
        host: Option<String>,
    },
    /// The engine runs the job that it is a part of, and its turn comes.
    InLine,
    /// It is over.
    Ended(EngineEnd),
}

/// How a job ended, by the engine's own record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backend) struct EngineEnd {
    pub(in crate::backend) how: Ending,
    /// What the engine says besides.
    pub(in crate::backend) reason: Option<String>,
}

/// How a job ended, in one word for all engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::backend) enum Ending {
    /// Its process ended with this code.
    Exited(i32),
    /// A signal ended its process.
    Signalled(i32),
    /// It took longer than it may.
    OutOfTime,
    /// It took more memory than it may.
    OutOfMemory,
    /// The machine that it ran on is gone.
    NodeLost,
    /// Something more urgent took its place.
    Preempted,
    /// Somebody cancelled it.
    Cancelled,
    /// The engine could not run it.
    EngineFault,
    /// It is over, and the engine does not say how.
    Unknown,
}

impl EngineEnd {
    pub(in crate::backend) fn new(how: Ending) -> Self {
        Self { how, reason: None }
    }

    pub(in crate::backend) fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }
}

/// Why an engine gave no answer: what was asked, and what came. It may answer later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backend) struct EngineError(pub(in crate::backend) String);

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EngineError {}
