//! R18, R20, X12: attempts that are repeated, and work that is done once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nebulakit::coordinator::{Clock as _, Coordinator, JobContext, ManualClock, Overflow, Retry, RetryBudget, Strategy, SubmitError, Work};
use nebulakit::{ResultExt as _, TaskError};

use crate::{endless, giving, joined, panicking, soon, turned, turning, until_finished, words};

/// Work that fails the first `failures` times.
fn failing(failures: u32) -> Work<u32> {
    Work::new(move |ctx: JobContext| async move {
        let attempt = ctx.attempt();
        anyhow::ensure!(attempt >= failures, TaskError::recoverable(anyhow::anyhow!("attempt {attempt}")));
        Ok(attempt)
    })
}

/// R18.
#[tokio::test]
async fn retry_visible() {
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(100));
    let work = failing(2).retry(Retry::fixed(5, Duration::ZERO)).id("x");
    assert_eq!(joined(&coordinator, work).await.unwrap(), 2);
    let seen = until_finished(&mut events, "x").await;
    let expected = ["submitted", "started 0", "retrying 0", "started 1", "retrying 1", "started 2", "succeeded"];
    assert_eq!(words(&seen), expected.map(|word| format!("x {word}")));
    assert_eq!(seen[2].to_string(), "x: attempt 1 failed, the next one starts in 0ns: USER:Recoverable: attempt 0");
    let job = coordinator.job(&"x".into()).unwrap();
    assert_eq!((job.attempts(), coordinator.system_detail().counts.submitted), (3, 1));
}

#[tokio::test]
async fn the_last_error_is_the_job_s() {
    let coordinator = Coordinator::new();
    let error = joined(&coordinator, failing(9).retry(Retry::fixed(2, Duration::ZERO)).id("x")).await.unwrap_err();
    assert_eq!(error.to_string(), "attempt 2");
    assert!(error.is_recoverable());
    assert_eq!(coordinator.job(&"x".into()).unwrap().attempts(), 3);
}

/// As on Flyte 1: a plain error is not repeated.
#[tokio::test]
async fn only_what_may_succeed_is_repeated() {
    let coordinator = Coordinator::new();
    let plain: Work<()> = Work::new(|_| async { Err(anyhow::anyhow!("no")) });
    let permanent: Work<()> = Work::new(|_| async { Err(anyhow::anyhow!("no")).permanent() });
    let panic: Work<()> = Work::new(|_| async { panicking("no") });
    let once: Work<()> = Work::once(async { Err(anyhow::anyhow!("no")).recoverable() });
    for (id, work) in [("plain", plain), ("permanent", permanent), ("panic", panic), ("once", once)] {
        joined(&coordinator, work.retry(Retry::fixed(5, Duration::ZERO)).id(id)).await.unwrap_err();
        assert_eq!(coordinator.job(&id.into()).unwrap().attempts(), 1, "{id}");
    }
}

#[test]
fn pauses_are_exact_without_jitter() {
    let pauses = |retry: Retry| (0..5).map(|attempt| retry.longest_pause(attempt).as_secs()).collect::<Vec<_>>();
    let second = Duration::from_secs(1);
    assert_eq!(pauses(Retry::exponential(5, second)), [1, 2, 4, 8, 16]);
    assert_eq!(pauses(Retry::exponential(5, second).factor(3.0)), [1, 3, 9, 27, 30]);
    assert_eq!(pauses(Retry::linear(5, 2 * second)), [2, 4, 6, 8, 10]);
    assert_eq!(pauses(Retry::fixed(5, 7 * second)), [7, 7, 7, 7, 7]);
    assert_eq!(pauses(Retry::exponential(5, second).cap(3 * second)), [1, 2, 3, 3, 3]);
    assert_eq!(Retry::exponential(5, Duration::MAX).longest_pause(u32::MAX), Duration::from_secs(30));
    assert_eq!(Retry::exponential(5, second).factor(f64::NAN).longest_pause(9), second);
}

#[tokio::test]
async fn pauses_are_kept() {
    let (clock, coordinator) = turned();
    let begin = clock.now();
    let retry = Retry::exponential(5, Duration::from_secs(1)).without_jitter();
    let handle = coordinator.submit(failing(3).retry(retry), Strategy::Async).await.unwrap();
    turning(&clock, handle.join()).await.unwrap();
    assert_eq!((clock.now() - begin).as_secs(), 1 + 2 + 4);
}

/// A pause holds no slot.
#[tokio::test]
async fn a_pause_holds_no_slot() {
    let clock = ManualClock::new();
    let slots = nebulakit::coordinator::AsyncStrategy::with_slots(1);
    let coordinator = Coordinator::builder().clock(clock.clone()).strategy(Strategy::Async, slots).build();
    let retry = Retry::fixed(1, Duration::from_secs(3600)).without_jitter();
    let pausing = coordinator.submit(failing(1).retry(retry), Strategy::Async).await.unwrap();
    assert_eq!(soon(clock.sleeping()).await, Duration::from_secs(3600));
    assert_eq!(joined(&coordinator, giving(7)).await.unwrap(), 7);
    assert_eq!(turning(&clock, pausing.join()).await.unwrap(), 1);
}

#[tokio::test]
async fn the_budget_keeps_retries_from_becoming_a_storm() {
    let coordinator = Coordinator::builder().retry_budget(RetryBudget::new(0.1, 3)).build();
    let mut attempts = 0;
    for number in 0..10 {
        let id = format!("n{number}");
        joined(&coordinator, failing(9).retry(Retry::fixed(9, Duration::ZERO)).id(id.as_str())).await.unwrap_err();
        attempts += coordinator.job(&id.as_str().into()).unwrap().attempts();
    }
    // Three that it began with, and a tenth for each job but the first, which found it full.
    assert!((13..=14).contains(&attempts), "{attempts}");
}

/// R20.
#[tokio::test]
async fn idempotency_key_joins() {
    let coordinator = Coordinator::new();
    let runs = Arc::new(AtomicU32::new(0));
    let work = || {
        let runs = Arc::clone(&runs);
        Work::new(move |_| {
            let run = runs.fetch_add(1, Ordering::Relaxed);
            async move { anyhow::Ok(format!("run {run}")) }
        })
        .idempotency_key("nightly")
    };
    let first = coordinator.submit(work(), Strategy::Async).await.unwrap();
    let second = coordinator.submit(work(), Strategy::Async).await.unwrap();
    assert_eq!(first.id(), second.id());
    let (first, second) = (soon(first.join()).await.unwrap(), soon(second.join()).await.unwrap());
    assert!(Arc::ptr_eq(&first, &second) && *first == "run 0");
    let third = coordinator.submit(work(), Strategy::Async).await.unwrap();
    assert_eq!(*soon(third.join()).await.unwrap(), "run 0");
    assert_eq!((runs.load(Ordering::Relaxed), coordinator.system_detail().counts.submitted), (1, 1));
    let error = coordinator.submit(giving(7).idempotency_key("nightly"), Strategy::Async).await.unwrap_err();
    assert!(matches!(error, SubmitError::KeyConflict(_)), "{error}");
}

/// A job that was joined took no room of its own.
#[tokio::test]
async fn a_key_takes_room_once() {
    let coordinator = Coordinator::builder().max_open(2).build();
    let first = coordinator.submit(endless().idempotency_key("k"), Strategy::Async).await.unwrap();
    for _ in 0..5 {
        drop(coordinator.try_submit(endless().idempotency_key("k"), Strategy::Async).unwrap());
    }
    let other = coordinator.try_submit(endless(), Strategy::Async).unwrap();
    assert!(matches!(coordinator.try_submit(endless(), Strategy::Async).unwrap_err().error, SubmitError::Full));
    first.cancel();
    other.cancel();
}

#[tokio::test]
async fn a_key_goes_with_its_record() {
    let coordinator = Coordinator::builder().history(1, None).build();
    assert_eq!(*joined(&coordinator, giving(1).idempotency_key("k")).await.unwrap(), 1);
    joined(&coordinator, giving(0)).await.unwrap();
    assert_eq!(*joined(&coordinator, giving(2).idempotency_key("k")).await.unwrap(), 2);
}
