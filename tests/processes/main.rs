//! Tasks in processes of their own: what they give, how they end, what they may take, and what is left of them.
//!
//! Rows of the model's tests: R3 is `a_panic_is_a_failure`, R6 `what_takes_too_long_does_nothing_more`, R21 `how_a_worker_ends_is_told_apart`, `a_limit_on_memory_is_told`
//! and `a_limit_on_cpu_time_is_told`, R22 `workers_end_with_the_process_that_started_them`.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a test fails by panicking, and its tasks print")]

mod bad_days;
mod limits;
mod parents;
mod surroundings;
mod tasks;
mod values;

use std::time::Duration;

use nebulakit::coordinator::{
    Coordinator, EventKind, EventStream, IntoWork, JobError, JobEvent, JobHandle, JobOutcome, Overflow, ProcessStrategy, RequestId,
    Strategy,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// The program of the workers.
const WORKER: &str = env!("CARGO_BIN_EXE_worker");

/// What is awaited comes at once; a test that waits for long is stuck.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(100), future).await.expect("what was waited for did not come")
}

fn processes(slots: usize) -> ProcessStrategy {
    ProcessStrategy::with_slots(slots).program(WORKER)
}

fn with(processes: ProcessStrategy) -> Coordinator {
    // Slots are what these tests count, whatever the machine has.
    Coordinator::builder().strategy(Strategy::Process, processes).cores(64.0).build()
}

/// Runs work in a process.
async fn run<W: IntoWork>(coordinator: &Coordinator, work: W) -> Result<W::Output, JobError>
where
    W::Output: Send + 'static,
{
    soon(submitted(coordinator, work).await.join()).await
}

async fn submitted<W: IntoWork>(coordinator: &Coordinator, work: W) -> JobHandle<W::Output>
where
    W::Output: Send + 'static,
{
    coordinator.submit(work, Strategy::Process).await.unwrap()
}

fn listening(coordinator: &Coordinator) -> EventStream {
    coordinator.publisher().subscribe(Overflow::DropOldest(100_000))
}

/// How far the next job says that it is.
async fn progress(events: &mut EventStream) -> u64 {
    loop {
        if let EventKind::Progress { done, .. } = soon(events.next()).await.unwrap().kind {
            return done;
        }
    }
}

/// The events of a job, up to its end.
async fn events_of(events: &mut EventStream, id: &RequestId) -> Vec<JobEvent> {
    let mut seen = Vec::new();
    loop {
        let event = soon(events.next()).await.expect("the stream ended early");
        if event.job.as_ref() == Some(id) {
            seen.push((*event).clone());
            if matches!(event.kind, EventKind::Finished { .. }) {
                return seen;
            }
        }
    }
}

fn failed(outcome: &JobOutcome) -> String {
    match outcome {
        JobOutcome::Failure(failure) => failure.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Whether the process ends within so many seconds, if it has not yet.
fn ends_within(process: u64, seconds: i64) -> bool {
    let process = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    let Ok(process) = pidfd_open(process, PidfdFlags::empty()) else { return true };
    let limit = Timespec { tv_sec: seconds, tv_nsec: 0 };
    poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&limit)).unwrap() == 1
}
