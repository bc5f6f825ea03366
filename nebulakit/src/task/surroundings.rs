//! What a run is given besides its task and inputs.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use nebulakit_types::Dialect;
use nebulakit_types::convert::reader::Bounds;

use crate::services::devices::Gpus;
use crate::services::identity::{Identity, TaskId};
use crate::services::secrets::Secrets;
use crate::services::stats::Stats;
use crate::services::stores::Stores;
use crate::task::cancellation::Cancellation;
use crate::task::invocation::Caller;
use crate::task::mock::Mocks;
use crate::task::sinks::{CpuSink, LogSink, ProgressSink};
use crate::task::traced::Traced;

/// What a [`Context`](crate::Context) is made of. Nothing of it is read from the process.
#[derive(Clone)]
pub(crate) struct Surroundings {
    /// Who the task is; of one that another one started, who that one is.
    pub(crate) identity: Arc<Identity>,
    /// The name and the attempt of a task that another one started.
    pub(crate) child: Option<(&'static str, u32)>,
    pub(crate) stores: Stores,
    pub(crate) secrets: Secrets,
    /// Makes the client for metrics when the first is sent.
    pub(crate) stats: Arc<dyn Fn() -> Stats + Send + Sync>,
    pub(crate) cancellation: Cancellation,
    pub(crate) started: SystemTime,
    pub(crate) custom: BTreeMap<String, String>,
    pub(crate) deadline: Option<Deadline>,
    pub(crate) output_prefix: Arc<str>,
    /// Until its context is made, whose workspace has it then.
    pub(crate) raw_output_prefix: Option<String>,
    /// Where the folder of the run's own files is made.
    pub(crate) temporary: Arc<Path>,
    pub(crate) checkpoint: Places,
    pub(crate) dialect: &'static Dialect,
    /// What offloaded inputs may come to.
    pub(crate) offloaded: Bounds,
    pub(crate) gpus: Gpus,
    pub(crate) progress: Option<Arc<dyn ProgressSink>>,
    pub(crate) logs: Option<Arc<dyn LogSink>>,
    /// Whose log takes what `tracing` hears in the task's code, instead of the log of the process.
    pub(crate) traced: Option<Arc<Traced>>,
    /// Told how much CPU time the thread took that ran the task, where it is a plain function.
    pub(crate) cpu: Option<Arc<dyn CpuSink>>,
    /// Starts the tasks that this one calls; [`None`] for a run in the same process.
    pub(crate) caller: Option<Arc<dyn Caller>>,
    /// Whether the bodies of container tasks stand in for their programs, as in tests.
    pub(crate) stands_in: bool,
    /// Whether the graphs of dynamic tasks are taken in place of their outputs.
    pub(crate) takes_graphs: bool,
    /// What stands in for tasks.
    pub(crate) mocks: Mocks,
}

impl Surroundings {
    /// Who the task is.
    pub(crate) fn identity(&self) -> Arc<Identity> {
        let Some((name, attempt)) = self.child else { return Arc::clone(&self.identity) };
        let task = TaskId { name: name.to_owned(), ..self.identity.task.clone() };
        Arc::new(Identity { task, attempt, ..(*self.identity).clone() })
    }

    /// Until when the run itself sees to it that the task ends.
    pub(crate) fn kept_deadline(&self) -> Option<Deadline> {
        self.deadline.filter(|deadline| deadline.is_kept)
    }
}

/// The places may hold secrets in their URLs.
impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("identity", &self.identity).field("started", &self.started).finish_non_exhaustive()
    }
}

/// Until when a task has to end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    /// How long the task may take in all.
    pub(crate) limit: Duration,
    /// Whether the run itself sees to it; a platform that does goes by the workflow's node, which may give the task more time.
    pub(crate) is_kept: bool,
    /// Whether it is that of the task that called this one.
    pub(crate) is_callers: bool,
}

impl Deadline {
    /// From now on.
    pub(crate) fn after(limit: Duration, is_kept: bool) -> Option<Self> {
        // A limit beyond the clock never comes.
        Some(Self { at: Instant::now().checked_add(limit)?, limit, is_kept, is_callers: false })
    }

    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.at
    }
}

/// Where checkpoints go and come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    pub(crate) destination: Option<String>,
    pub(crate) previous: Option<String>,
    /// Whether one of this very attempt is looked for first.
    pub(crate) resumes_own: bool,
}
