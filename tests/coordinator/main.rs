//! The coordinator through its public door: its invariants, and what its model's tests ask for and leave out.
//!
//! Which test shows that a defect of the model is not here:
//!
//! | defect | test |
//! |---|---|
//! | D1, D29: a job costs more the more there were | `jobs::closed_history_is_bounded`, `admission::history_is_bounded_and_counts_are_exact`, and a benchmark |
//! | D2, D31: a job's parent and run are wrong | `jobs::a_child_knows_its_parent_and_its_run` |
//! | D3: state depends on who listens | `failures::the_handle_is_last` |
//! | D4, D30: refused work leaves a job behind, or a failed one none | `jobs::unknown_mode_leaves_no_job`, `failures::panic_is_failure` |
//! | D5: what is cancelled stays open | `cancellation::cancel_closes_job`, `failures::a_runtime_that_goes_closes_its_jobs` |
//! | D6, D9, D11: it needs an ambient context, all strategies and a start | `jobs::it_works_in_a_program_that_blocks` |
//! | D7: ids may be given twice | `jobs::duplicate_id_rejected` |
//! | D8: closing what is not open | `jobs::a_closed_job_does_not_close_again` |
//! | D10: shutdown refuses nothing and stops at a failure | `cancellation::drain_then_cancel`, `strategies::a_strategy_of_ones_own` |
//! | D13, D14: waiting polls, and wakes everybody | `admission::who_waits_is_left_alone` |
//! | D15, D16: what was said before the end is lost; ends twice | `publisher::what_was_said_before_the_end_is_heard` |
//! | D17: a wait begins late and stays behind | `publisher::a_wait_begins_with_its_call` |
//! | D18, D20: who leaves takes another one along; names are needed | `publisher::unsubscribe_stops_delivery` |
//! | D19, D23: one that fails ends all, and is not told of | `publisher::one_that_panics_is_alone` |
//! | D21, D22: one that is slow holds up all, without a bound | `publisher::slow_subscriber_isolated`, `publisher::a_callback_may_block` |
//! | D25: work that nobody holds is lost | `admission::a_coordinator_that_is_dropped_lets_its_jobs_go_on` |
//! | D26: an error does not reach its waiter | `failures::an_error_reaches_the_handle_as_it_is` |
//! | D27: nothing as a value is taken for no value | `jobs::a_job_that_gives_nothing_is_closed` |
//! | D28: cancelling fails | `cancellation::cancel_reaches_descendants` |
//! | D32: what took too long goes on | `timeouts::timeout_stops_work`, `timeouts::a_thread_that_goes_on_is_counted` |
//! | D33, D34: a time limit holds for the first call alone | `timeouts::deadline_is_inherited` |
//! | D35, D37, D38: two in one process disturb each other | `jobs::two_coordinators_share_nothing` |
//! | D36: a fatal error stops nobody | `failures::fatal_cancels_run` |
//! | D42: what blocks shares a small pool | `strategies::threads_run_beside_each_other` |
//!
//! D39 and D40 are of the event log, D44 of the model's language.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admission;
mod bad_days;
mod cancellation;
mod depot;
mod failures;
mod inputs;
mod jobs;
mod nesting;
mod publisher;
mod retries;
mod strategies;
mod tasks;
mod timeouts;

use std::sync::Arc;
use std::time::Duration;

use nebulakit::coordinator::{Coordinator, EventKind, EventStream, JobEvent, JobOutcome, ManualClock, Strategy, Work};
use tokio::sync::Notify;

/// What is awaited comes at once; a test that waits for long is stuck.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("what was waited for did not come")
}

/// Work that ends when it is told to.
fn until(end: &Arc<Notify>) -> Work<()> {
    let end = Arc::clone(end);
    Work::new(move |_| {
        let end = Arc::clone(&end);
        async move {
            end.notified().await;
            anyhow::Ok(())
        }
    })
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

/// The table above names tests that there are.
#[test]
fn the_table_of_defects_names_tests() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("coordinator");
    let table = include_str!("main.rs");
    let names: Vec<_> =
        table.lines().filter(|line| line.starts_with("//! | D")).flat_map(|line| line.split('`').skip(1).step_by(2)).collect();
    assert!(names.len() > 25, "{names:?}");
    for name in names {
        let (module, test) = name.split_once("::").unwrap();
        let source = std::fs::read_to_string(folder.join(module).with_extension("rs")).unwrap();
        assert!(source.contains(&format!("fn {test}()")), "{name}");
    }
}
