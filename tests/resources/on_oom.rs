//! Attempts that run out of memory, and those that follow with more.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use nebulakit::coordinator::{Coordinator, EventKind, JobContext, JobState, OnOom, Overflow, Retry, Strategy, Work};
use nebulakit::prelude::*;
use tokio::sync::Notify;

use crate::{held, nothing_is_taken, settled, soon};

fn out_of_memory() -> anyhow::Error {
    TaskError::new(anyhow::anyhow!("the matrix does not fit")).with_code("USER:OutOfMemory").into()
}

/// Work that needs so much memory, and notes what each of its attempts had.
fn needing(memory: u64, seen: &Arc<Mutex<Vec<u64>>>) -> Work<()> {
    let seen = Arc::clone(seen);
    Work::new(move |ctx: JobContext| {
        let given = ctx.granted().memory().unwrap_or(0);
        seen.lock().unwrap().push(given);
        async move { if given < memory { Err(out_of_memory()) } else { Ok(()) } }
    })
}

#[tokio::test]
async fn it_grows_without_retries() {
    let coordinator = Coordinator::builder().memory(1_000).build();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(1_000));
    let seen = Arc::default();
    let work = needing(300, &seen).memory(100).on_oom(OnOom::new(1.5)).id("grows");
    let job = coordinator.submit(work, Strategy::Async).await.unwrap();
    soon(job.join()).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [100, 150, 225, 338]);
    let job = coordinator.job(&"grows".into()).unwrap();
    assert_eq!((job.attempts(), job.memory()), (4, Some(338)));
    let mut told = Vec::new();
    loop {
        let event = soon(events.next()).await.unwrap();
        match &event.kind {
            EventKind::Retrying { memory, delay, .. } => {
                assert_eq!(*delay, Duration::ZERO);
                let written = serde_json::to_value(&*event).unwrap();
                assert_eq!(written["memory"].as_u64(), *memory);
                told.push(memory.unwrap());
            }
            EventKind::Finished { .. } => break,
            _ => {}
        }
    }
    assert_eq!(told, [150, 225, 338]);
    nothing_is_taken(&coordinator);
}

#[tokio::test]
async fn the_error_says_that_no_more_can_be_given() {
    let coordinator = Coordinator::builder().memory(64 << 20).build();
    for (on_oom, expected, most) in [
        (OnOom::new(2.0).limit(32 << 20), "its `on_oom` goes up to 32Mi, and gives no more", 32),
        (OnOom::new(3.0), "no more than 64Mi can be given here", 64),
        (OnOom::new(3.0).limit(1 << 40), "no more than 64Mi can be given here", 64),
    ] {
        let seen = Arc::default();
        let job = coordinator.submit(needing(1 << 40, &seen).memory(16 << 20).on_oom(on_oom), Strategy::Async).await.unwrap();
        let error = soon(job.join()).await.unwrap_err();
        assert_eq!((error.to_string(), error.code()), (format!("the matrix does not fit; {expected}"), "USER:OutOfMemory"));
        assert_eq!(seen.lock().unwrap().last(), Some(&(most << 20)));
    }
}

/// A child grows as far as those that wait for it leave room.
#[tokio::test]
async fn a_child_grows_beside_its_parent() {
    let coordinator = Coordinator::builder().memory(100).build();
    let seen = Arc::default();
    let see = Arc::clone(&seen);
    let parent = Work::new(move |ctx: JobContext| {
        let child = needing(1_000, &see).memory(20).on_oom(OnOom::new(2.0));
        async move { ctx.call(child, Strategy::Async).await }
    });
    let parent = coordinator.submit(parent.memory(50), Strategy::Async).await.unwrap();
    soon(parent.join()).await.unwrap_err();
    assert_eq!(*seen.lock().unwrap(), [20, 40, 50]);
    nothing_is_taken(&coordinator);
}

/// The next attempt waits until there is as much.
#[tokio::test]
async fn more_memory_is_waited_for() {
    let coordinator = Coordinator::builder().memory(100).build();
    let end = Arc::new(Notify::new());
    let holder = coordinator.submit(held(&end).memory(60), Strategy::Async).await.unwrap();
    let seen: Arc<Mutex<Vec<u64>>> = Arc::default();
    let job = coordinator.submit(needing(60, &seen).memory(40).on_oom(OnOom::new(2.0)), Strategy::Async).await.unwrap();
    soon(async {
        while seen.lock().unwrap().is_empty() || *coordinator.job(job.id()).unwrap().state() != JobState::Queued {
            tokio::task::yield_now().await;
        }
    })
    .await;
    settled().await;
    assert_eq!(*seen.lock().unwrap(), [40]);
    end.notify_one();
    soon(holder.join()).await.unwrap();
    soon(job.join()).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [40, 80]);
    nothing_is_taken(&coordinator);
}

/// Those that get more are not counted among the other retries.
#[tokio::test]
async fn other_retries_are_counted_for_themselves() {
    let coordinator = Coordinator::builder().memory(1_000).build();
    let work = Work::new(|ctx: JobContext| async move {
        match ctx.attempt() {
            0 | 2 => Err(out_of_memory()),
            1 | 3 => Err(TaskError::recoverable(anyhow::anyhow!("away")).into()),
            _ => anyhow::Ok(ctx.granted().memory()),
        }
    });
    let asking = |work: Work<_>, retries| work.memory(10).on_oom(OnOom::new(2.0)).retry(Retry::fixed(retries, Duration::ZERO));
    let job = coordinator.submit(asking(work, 2), Strategy::Async).await.unwrap();
    assert_eq!(soon(job.join()).await.unwrap(), Some(40));
    let work = Work::new(|_| async { Err::<(), _>(TaskError::recoverable(anyhow::anyhow!("away"))) });
    let job = coordinator.submit(work.memory(10).on_oom(OnOom::new(2.0)).id("other"), Strategy::Async).await.unwrap();
    soon(job.join()).await.unwrap_err();
    assert_eq!(coordinator.job(&"other".into()).unwrap().attempts(), 1);
}

#[tokio::test]
async fn a_factor_that_does_not_grow_is_refused() {
    for factor in [1.0, f64::NAN] {
        let work = Work::new(|_| async { anyhow::Ok(()) }).on_oom(OnOom::new(factor));
        let error = Coordinator::new().submit(work, Strategy::Async).await.unwrap_err();
        assert_eq!(error.to_string(), format!("memory cannot grow by a factor of {factor}: a number above 1 is expected"));
    }
}

/// Without a number there is nothing to multiply, and without `on_oom` nothing grows.
#[tokio::test]
async fn it_is_not_repeated_where_nothing_is_known() {
    let coordinator = Coordinator::new();
    for work in [needing(100, &Arc::default()).on_oom(OnOom::new(2.0)), needing(100, &Arc::default()).memory(10)] {
        let job = coordinator.submit(work, Strategy::Async).await.unwrap();
        let error = soon(job.join()).await.unwrap_err();
        assert_eq!(error.to_string(), "the matrix does not fit");
    }
}
