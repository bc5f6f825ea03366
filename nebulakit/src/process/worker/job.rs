//! The context of a task in a worker, and its run.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use nebulakit_types::Dialect;
use tracing::Level;

use crate::process::host::Host;
use crate::process::worker::called::OverSocket;
use crate::process::worker::listen::Shared;
use crate::process::worker::message::{self, Job, Log, Progress, Report};
use crate::services::identity::{ExecutionId, Identity, TaskId};
use crate::services::secrets::Secrets;
use crate::services::stats::Stats;
use crate::task::call::with_secrets;
use crate::task::cancellation::Cancellation;
use crate::task::context::Context;
use crate::task::def::TaskDef;
use crate::task::sinks::{LogSink, ProgressSink};
use crate::task::surroundings::{Deadline, Places, Surroundings};

/// What the task says of itself goes to the process that asked for it, as long as the task runs.
struct Sink {
    shared: Arc<Shared>,
    task: u64,
}

impl ProgressSink for Sink {
    fn report(&self, done: u64, total: Option<u64>) {
        // Where nobody hears it, the process ends soon; the same below.
        let _ = self.shared.say_of(self.task, Report::Progress(Progress { done, total }));
    }
}

impl LogSink for Sink {
    fn write(&self, level: Level, message: &str) {
        let _ = self.shared.say_of(self.task, Report::Log(Log { level: level.as_str().to_owned(), message: message.to_owned() }));
    }
}

/// The context that `job` asks for, of the task of that `number`, which hears by `cancellation` that it should stop.
pub(super) fn context(job: Job, task: &TaskDef, host: &Host, shared: &Arc<Shared>, number: u64, cancellation: Cancellation) -> Context {
    let sink = Arc::new(Sink { shared: Arc::clone(shared), task: number });
    let identity = Arc::new(Identity::from(job.identity));
    let (config, of_stats) = (host.config.clone(), Arc::clone(&identity));
    let secrets = job.secrets.into_iter().map(|secret| ([secret.group, secret.version, secret.key], secret.value));
    let deadline = job.remaining.and_then(|remaining| {
        let limit = Duration::from_nanos(job.limit);
        let at = Instant::now().checked_add(Duration::from_nanos(remaining))?;
        // The process that asked for it sees to it.
        Some(Deadline { at, limit, is_kept: false, is_callers: false })
    });
    let surroundings = Surroundings {
        identity,
        secrets: Secrets::given(secrets),
        stats: Arc::new(move || Stats::new(&config, &of_stats)),
        cancellation,
        started: SystemTime::now(),
        custom: job.custom.into_iter().collect(),
        deadline,
        raw_output_prefix: Some(job.raw_output_prefix),
        checkpoint: Places { destination: job.checkpoint, previous: job.previous_checkpoint, resumes_own: false },
        progress: Some(Arc::clone(&sink) as Arc<dyn ProgressSink>),
        logs: Some(sink),
        caller: Some(Arc::new(OverSocket { shared: Arc::clone(shared), task: number })),
        ..host.surroundings(&job.output_prefix, &Dialect::FLYTE_1)
    };
    with_secrets(surroundings, task)
}

impl From<message::Identity> for Identity {
    fn from(identity: message::Identity) -> Self {
        let message::Identity { execution, task, workflow, launch_plan, attempt, execution_url, is_local } = identity;
        let mut execution = execution.into_iter();
        let mut task = task.into_iter();
        let mut of_execution = || execution.next().unwrap_or_default();
        let mut of_task = || task.next().unwrap_or_default();
        Self {
            execution: ExecutionId { project: of_execution(), domain: of_execution(), name: of_execution() },
            task: TaskId { project: of_task(), domain: of_task(), name: of_task(), version: of_task() },
            workflow,
            launch_plan,
            attempt,
            execution_url,
            is_local,
        }
    }
}

#[cfg(feature = "coordinator")]
impl From<&Identity> for message::Identity {
    fn from(identity: &Identity) -> Self {
        let Identity { execution, task, workflow, launch_plan, attempt, execution_url, is_local } = identity.clone();
        Self {
            execution: vec![execution.project, execution.domain, execution.name],
            task: vec![task.project, task.domain, task.name, task.version],
            workflow,
            launch_plan,
            attempt,
            execution_url,
            is_local,
        }
    }
}
