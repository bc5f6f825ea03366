//! Work, run by a strategy: on the async runtime, on threads, in processes, in containers.
//!
//! A [`Coordinator`] takes [`Work`], keeps a [`Job`] for each piece, runs it by an [`ExecutionStrategy`], retries it, ends it when it takes too long or is
//! cancelled, tells subscribers what happens, answers for all of it, and shuts down cleanly. It needs no server, no workflow and no Flyte.
//!
//! Work that is submitted by a strategy:
//! ```
//! use nebulakit::coordinator::{Coordinator, Strategy, Work};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> anyhow::Result<()> {
//! let coordinator = Coordinator::new();
//! let job = coordinator.submit(Work::new(|_| async { anyhow::Ok("done") }), Strategy::Async).await?;
//! assert_eq!(job.join().await?, "done");
//! # Ok(())
//! # }
//! ```
//!
//! Jobs that are added to and ended in a bare state, without any of it:
//! ```
//! use nebulakit::coordinator::{CoordinatorState, Job, JobOutcome};
//!
//! let mut state = CoordinatorState::empty();
//! let id = state.add_job(Job::new("one"))?;
//! assert!(state.job(&id).unwrap().is_open());
//! state.end_job(&id, JobOutcome::Success)?;
//! assert!(!state.job(&id).unwrap().is_open());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What holds
//! - A job exists from the moment that `submit` gives a handle until the history forgets it. It closes exactly once, on every path: value, error, panic,
//!   timeout, cancellation, lost worker, dropped runtime.
//! - State changes first, then the event goes out, then the handle has the value. Events never drive state.
//! - What a job costs does not depend on how many there were; who waits costs nothing.
//! - Memory is bounded by the open jobs, the history and the queues of subscribers.
//! - A subscriber that is slow, fails or panics changes nothing for others, and learns what it missed.
//! - Cancelling a job cancels its descendants, and a child has no more time than its parent.
//! - After `shutdown` no job is open, and what could not be stopped is counted.
//! - Nothing is global: two coordinators in one process share nothing but the runtime that they are used on.
//!
//! # Resources
//! Slots say how many attempts a strategy runs at once. Beside them the resources of the machine are counted, for all strategies of a coordinator
//! together: cores, memory, GPUs, and tokens that the user names, as licences.
//!
//! | resource | how much there is, unless the builder says otherwise | what a job takes |
//! |---|---|---|
//! | cores | those that this process may use, by its affinity and its cgroup | [`Work::cores`], else its task's `requests(cpu)`, else one; none by [`AsyncStrategy`] |
//! | memory | the limit of this process's cgroup, else the machine's memory | [`Work::memory`], else its task's `limits(memory)` or `requests(memory)`, else none |
//! | GPUs | those that `CUDA_VISIBLE_DEVICES` names, else those that the driver shows | [`Work::gpus`], else its task's `requests(gpu)`, else none |
//! | tokens | none: [`CoordinatorBuilder::tokens`] sets their number | [`Work::tokens`], else its task's `tokens(..)`, else none |
//!
//! - A job that asks for more than there is would wait for ever: it is not taken, and [`SubmitError::NeverFits`] has the numbers. So is one that asks for
//!   tokens without a limit: [`SubmitError::UnknownToken`].
//! - An attempt holds what it was [granted](JobContext::granted) until it is over; a thread that goes on after it was given up does until it ends. Pauses
//!   hold nothing. What is granted is counted, not enforced, but for the memory of processes.
//! - A job that waits for a child by [`call`](JobContext::call) lends its slot and its cores. Memory, GPUs and tokens it keeps; a child that cannot fit beside
//!   what those above it keep is not taken.
//! - Where the job whose turn it is does not fit, others that do go first, sixteen times at most: after that what is free is kept for it, and small jobs do
//!   not starve large ones. Children of jobs that hold something are not held up by this.
//! - Several coordinators, in this process and others, can share one set of limits: [`CoordinatorBuilder::shared_limits`].
//! - An attempt that ran out of memory can be repeated with more: [`OnOom`].
//! - Where all that is left waits for each other, because each keeps what the other's child needs, the child that came last fails, as one that was lost:
//!   its job's failure gives the others what they need. Between processes that share limits it is not noticed: give such jobs a
//!   [time](Work::schedule_to_start).
//!
//! # Logs
//! Each job is a span of `tracing`, `job`, with its `id`, its `run`, its `parent` and its `name`, and each attempt one within it, `attempt`, with its
//! `number` from 0. What the work logs is in them, on threads too.
//!
//! # Metrics
//! With the feature `metrics` a coordinator counts by the facade of the crate [`metrics`](https://docs.rs/metrics): install a recorder, such as that of
//! `metrics-exporter-prometheus`, before the first job is submitted. All coordinators of a process count together.
//!
//! | name | kind | labels | what |
//! |---|---|---|---|
//! | `nebulakit_jobs_submitted_total` | counter | `strategy` | jobs that were taken, children too |
//! | `nebulakit_jobs_closed_total` | counter | `strategy`, `outcome` | jobs that are over; the outcome is `success`, `failed`, `panicked`, `timed_out`, `cancelled`, `lost` or `limit` |
//! | `nebulakit_jobs_open` | gauge | `strategy` | jobs that wait, run or pause |
//! | `nebulakit_jobs_queued` | gauge | `strategy` | jobs that wait for their turn |
//! | `nebulakit_jobs_running` | gauge | `strategy` | jobs with an attempt that runs; those that lent their slot, too |
//! | `nebulakit_attempts_total` | counter | `strategy` | attempts that began |
//! | `nebulakit_retries_total` | counter | `strategy` | those of them that followed a failed one |
//! | `nebulakit_job_queue_seconds` | histogram | `strategy` | from a job's submission to its first attempt |
//! | `nebulakit_attempt_seconds` | histogram | `strategy` | how long an attempt ran, until it ended or was given up |
//! | `nebulakit_threads_abandoned` | gauge | | threads that go on although their attempt was given up |
//! | `nebulakit_events_dropped_total` | counter | | events that did not reach a subscriber because it was too slow |
//!
//! # Names
//! Where the model of this component has another name:
//!
//! | there | here |
//! |---|---|
//! | `Task`, `Task(request_id, node)` | [`Work`], [`Work::id`] |
//! | `Task.invoke` | [`Attempt::run`] |
//! | `Coordinator.submit(task, mode)` | [`Coordinator::submit`], and [`JobHandle::join`] for the result |
//! | `Coordinator.start(publisher)` | not needed: a coordinator works when it is built, and has its [`publisher`](Coordinator::publisher) |
//! | `Coordinator.handle_item(message)` | not needed: what runs a job closes it |
//! | `Coordinator.system_detail()` | [`Coordinator::system_detail`], a snapshot |
//! | `Coordinator.shutdown()` | [`Coordinator::shutdown`], with a time to drain and a report |
//! | `CoordinatorState.empty`, `add_job`, `end_job` | [`CoordinatorState::empty`], [`add_job`](CoordinatorState::add_job), [`end_job`](CoordinatorState::end_job) |
//! | `Job.create_new`, `end_job` | [`Job::new`], [`CoordinatorState::end_job`] |
//! | `Job.status`: `opened`, `closed` | [`Job::state`], and [`Job::is_open`] for the two |
//! | `Job.result`: `success`, `failure` | [`Job::outcome`] |
//! | `parent_node_id`, `child_node_id` | [`Job::parent`], [`Job::id`] |
//! | `ExecutionConfigurations` | [`Strategy`] |
//! | `TaskExecutionStrategy.execute`, `shutdown` | [`ExecutionStrategy::execute`], [`shutdown`](ExecutionStrategy::shutdown) |
//! | `AsyncioExecutionStrategy`, `ThreadedExecutionStrategy`, `ProcessExecutionStrategy` | [`AsyncStrategy`], [`ThreadStrategy`], [`ProcessStrategy`]; `ContainerStrategy` with the feature `container` |
//! | `RTPublisher`, `subscribe`, `listener` | [`Publisher`], [`subscribe`](Publisher::subscribe), [`wait_for`](Publisher::wait_for) |
//! | `RequestCreation`, `RequestSuccess`, `RequestFailure`, `BroadcastEvent` | [`EventKind::Submitted`], [`Finished`](EventKind::Finished), [`Broadcast`](EventKind::Broadcast) |
//! | `RequestCreationFailure` | [`SubmitError`]: no job came of it |
//! | `FatalFailure` | [`Fatal`] |
//! | `rt.call` | [`JobContext::call`] |

mod attempt;
mod builder;
mod children;
mod clock;
mod context;
mod core;
mod detail;
mod drive;
mod error;
mod event;
mod handle;
mod id;
mod job;
mod lane;
mod live;
mod lock;
mod meters;
mod piece;
mod publisher;
mod queue;
pub(crate) mod resources;
mod retry;
mod runtime;
mod sharing;
mod state;
mod stop;
mod strategy;
mod stuck;
mod submitting;
mod system;
mod tasks;
mod usage;
mod waits;
mod wakers;
mod witness;
mod work;

pub use self::attempt::TaskCall;
pub use self::builder::CoordinatorBuilder;
pub use self::clock::{Clock, ManualClock, SystemClock};
pub use self::context::{Attempt, JobContext};
pub use self::detail::{DrainReport, ResourceDetail, StrategyDetail, SystemDetail};
pub use self::error::{CancelReason, JobError, Limit, Lost, SubmitError, Timeout, WorkKind};
pub use self::event::{EVENT_VERSION, EventKind, JobEvent, OutputStream};
#[cfg(feature = "run")]
pub(crate) use self::event::{millis, wall};
pub use self::handle::{AbortOnDrop, JobHandle};
pub use self::id::{RequestId, RunId};
pub use self::job::{FailureKind, Job, JobFailure, JobOutcome, JobState};
pub use self::live::Priority;
pub use self::publisher::{EventStream, Overflow, Publisher, Subscription, WaitError};
pub use self::resources::{Granted, OnOom, Resource, Resources};
pub use self::retry::{Retry, RetryBudget};
pub use self::state::{CoordinatorState, Counts, NoOpenJob};
#[cfg(feature = "container")]
pub use self::strategy::containers::{
    CommandError, Container, ContainerError, ContainerOutput, ContainerStrategy, Image, Mount, Pull, Trouble, User,
};
#[cfg(feature = "run")]
pub(crate) use self::strategy::processes::environment::is_usual as is_of_a_worker;
pub use self::strategy::{AsyncStrategy, Enforced, Executing, ExecutionStrategy, LimitsInForce, ProcessStrategy, ThreadStrategy};
pub use self::submitting::Submitting;
pub use self::system::{Coordinator, TrySubmitError};
pub use self::usage::Usage;
pub use self::waits::WaitsFor;
#[cfg(feature = "run")]
pub(crate) use self::witness::Witness;
pub use self::work::{IntoWork, Work};
pub use crate::process::worker::worker_main;
pub use crate::task::fatal::Fatal;
pub use crate::task::strategy::Strategy;

#[cfg(feature = "container")]
pub(crate) use self::strategy::containers::copilot;

/// The engines that a [`ContainerStrategy`] drives, and what another one takes.
#[cfg(feature = "container")]
pub mod engines {
    pub use super::strategy::containers::{Apptainer, CommandLine, Docker, Driver, Launch, Limits, Podman, Record, Refusal, Whose};
}
