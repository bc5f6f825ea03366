//! The coordinator through its public door: its invariants, and what its model's tests ask for and leave out.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admission;
mod cancellation;
mod failures;
mod jobs;
mod nesting;
mod publisher;
mod retries;
mod spans;
mod strategies;
mod tasks;
mod timeouts;

use std::time::Duration;

use nebulakit::coordinator::{Coordinator, EventKind, EventStream, JobEvent, JobOutcome, ManualClock, Strategy, Work};

/// What is awaited comes at once; a test that waits for long is stuck.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("what was waited for did not come")
}

/// Work that never ends by itself.
fn endless() -> Work<()> {
    Work::new(|_| std::future::pending::<anyhow::Result<()>>())
}

/// Work that gives `value`.
fn giving<T: Clone + Send + 'static>(value: T) -> Work<T> {
    Work::new(move |_| {
        let value = value.clone();
        async move { anyhow::Ok(value) }
    })
}

/// Code that panics where it would give a result.
#[track_caller]
fn panicking<T>(said: &str) -> anyhow::Result<T> {
    panic!("{said}")
}

/// A coordinator whose time is turned by hand.
fn turned() -> (ManualClock, Coordinator) {
    let clock = ManualClock::new();
    (clock.clone(), Coordinator::builder().clock(clock).build())
}

/// Waits for `future`; whenever nothing goes on but sleeping, the clock is turned to the next who sleeps.
async fn turning<T>(clock: &ManualClock, future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut rounds = 0;
    loop {
        // On a runtime of one thread, all that can go on has done so after a few rounds.
        for _ in 0..50 {
            if let std::task::Poll::Ready(value) = futures_util::poll!(future.as_mut()) {
                return value;
            }
            tokio::task::yield_now().await;
        }
        rounds += 1;
        assert!(rounds < 10_000, "what was waited for did not come");
        if let std::task::Poll::Ready(next) = futures_util::poll!(std::pin::pin!(clock.sleeping())) {
            clock.turn(next);
        }
    }
}

/// Submits work and waits for its value.
async fn joined<T: Send + 'static>(coordinator: &Coordinator, work: Work<T>) -> Result<T, nebulakit::coordinator::JobError> {
    soon(coordinator.submit(work, Strategy::Async).await.unwrap().join()).await
}

/// The events up to and with the one that says that a job of that id finished.
async fn until_finished(events: &mut EventStream, id: &str) -> Vec<JobEvent> {
    let mut seen = Vec::new();
    loop {
        let event = soon(events.next()).await.expect("the stream ended early");
        seen.push((*event).clone());
        if matches!(event.kind, EventKind::Finished { .. }) && event.job.as_ref().is_some_and(|job| job.to_string() == id) {
            return seen;
        }
    }
}

/// Short words for events: what happened, to which job.
fn words(events: &[JobEvent]) -> Vec<String> {
    let word = |event: &JobEvent| match &event.kind {
        EventKind::Submitted { .. } => "submitted".to_owned(),
        EventKind::Started { attempt } => format!("started {attempt}"),
        EventKind::Retrying { attempt, .. } => format!("retrying {attempt}"),
        EventKind::Finished { outcome: JobOutcome::Success, .. } => "succeeded".to_owned(),
        EventKind::Finished { outcome: JobOutcome::Failure(failure), .. } => format!("{:?}", failure.kind),
        other => format!("{other:?}"),
    };
    events.iter().map(|event| format!("{} {}", event.job.as_ref().map(ToString::to_string).unwrap_or_default(), word(event))).collect()
}
