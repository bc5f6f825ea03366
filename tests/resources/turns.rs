//! Whose turn it is where not all fit.

use std::collections::VecDeque;
use std::sync::Arc;

use nebulakit::coordinator::{Coordinator, JobContext, JobHandle, Strategy, Work};
use tokio::sync::Notify;

use crate::{held, nothing_is_taken, settled, soon};

/// How many small jobs begin before the large one, at most: those that are passed over for are counted.
const MOST: usize = 40;

/// What small jobs that come and go ask for, and the large one that needs all.
type Asking = fn(Work<()>, bool) -> Work<()>;

const WAYS: [Asking; 3] = [
    |work, is_large| work.cores(if is_large { 4.0 } else { 1.0 }),
    |work, is_large| work.memory(if is_large { 100 } else { 25 }),
    // It needs two things, which two kinds of jobs take.
    |work, is_large| if is_large { work.gpus(2).tokens("licences", 2) } else { work.gpus(1) },
];

fn coordinator() -> Coordinator {
    Coordinator::builder().cores(4.0).memory(100).gpus(["0", "1"]).tokens("licences", 2).build()
}

/// A stream of small jobs: of those that run the oldest ends, and another one comes, until the large one runs. How many came.
async fn stream(submit: impl Fn(Work<()>) -> JobHandle<()>, asking: Asking) -> usize {
    let (mut small, large) = (VecDeque::new(), Arc::new(Notify::new()));
    let one_more = || {
        let end = Arc::new(Notify::new());
        (submit(asking(held(&end), false)), end)
    };
    for _ in 0..6 {
        small.push_back(one_more());
    }
    let began = Arc::new(Notify::new());
    let begins = Arc::clone(&began);
    let end = Arc::clone(&large);
    let work = Work::new(move |_| {
        let (begins, end) = (Arc::clone(&begins), Arc::clone(&end));
        async move {
            begins.notify_one();
            end.notified().await;
            anyhow::Ok(())
        }
    });
    let handle = submit(asking(work, true));
    let mut came = 0;
    loop {
        let (oldest, end) = small.pop_front().unwrap();
        end.notify_one();
        small.push_back(one_more());
        came += 1;
        settled().await;
        if tokio::time::timeout(std::time::Duration::ZERO, began.notified()).await.is_ok() {
            drop(oldest);
            break;
        }
        assert!(came < 1_000, "the large job does not get its turn");
        soon(oldest.join()).await.unwrap();
    }
    large.notify_one();
    soon(handle.join()).await.unwrap();
    for (handle, end) in small {
        end.notify_one();
        soon(handle.join()).await.unwrap();
    }
    came
}

#[tokio::test]
async fn small_jobs_do_not_starve_a_large_one() {
    for asking in WAYS {
        let coordinator = coordinator();
        let came = stream(|work| coordinator.try_submit(work, Strategy::Async).unwrap(), asking).await;
        assert!(came < MOST, "{came}");
        settled().await;
        nothing_is_taken(&coordinator);
    }
}

#[tokio::test]
async fn nor_do_small_children_starve_a_large_one() {
    for asking in WAYS {
        let coordinator = coordinator();
        let parent =
            Work::new(
                move |ctx: JobContext| async move { anyhow::Ok(stream(|work| ctx.spawn(work, Strategy::Async).unwrap(), asking).await) },
            );
        let came = soon(coordinator.submit(parent, Strategy::Async).await.unwrap().join()).await.unwrap();
        assert!(came < MOST, "{came}");
    }
}

/// One that does not fit yet does not hold up those that do.
#[tokio::test]
async fn small_jobs_go_past_a_large_one_at_first() {
    let coordinator = coordinator();
    let end = Arc::new(Notify::new());
    let holder = coordinator.submit(held(&end).cores(1.0), Strategy::Async).await.unwrap();
    let large = coordinator.submit(Work::new(|_| async { anyhow::Ok(()) }).cores(4.0), Strategy::Async).await.unwrap();
    let small = coordinator.submit(Work::new(|_| async { anyhow::Ok(()) }).cores(3.0), Strategy::Async).await.unwrap();
    soon(small.join()).await.unwrap();
    assert!(!large.is_finished());
    end.notify_one();
    soon(holder.join()).await.unwrap();
    soon(large.join()).await.unwrap();
}

/// What is kept for a large job is not kept from those that its holders wait for: it would wait for ever.
#[tokio::test]
async fn a_large_job_does_not_hold_up_the_children_of_those_it_waits_for() {
    for is_called in [true, false] {
        let coordinator = coordinator();
        let go = Arc::new(Notify::new());
        let wait = Arc::clone(&go);
        let parent = Work::new(move |ctx: JobContext| {
            let wait = Arc::clone(&wait);
            async move {
                wait.notified().await;
                let child = Work::new(|_| async { anyhow::Ok(()) }).memory(50).cores(1.0);
                if is_called {
                    ctx.call(child, Strategy::Async).await?;
                } else {
                    ctx.spawn(child, Strategy::Async)?.join().await?;
                }
                anyhow::Ok(())
            }
        });
        let parent = coordinator.submit(parent.memory(50).cores(1.0), Strategy::Async).await.unwrap();
        let large = coordinator.submit(Work::new(|_| async { anyhow::Ok(()) }).memory(100), Strategy::Async).await.unwrap();
        // It is passed over until no more is.
        let mut small = Vec::new();
        for _ in 0..2 * MOST {
            small.push(coordinator.submit(Work::new(|_| async { anyhow::Ok(()) }).memory(50), Strategy::Async).await.unwrap());
            settled().await;
        }
        assert!(small.iter().any(|small| !small.is_finished()));
        go.notify_one();
        soon(parent.join()).await.unwrap();
        soon(large.join()).await.unwrap();
        for small in small {
            soon(small.join()).await.unwrap();
        }
        nothing_is_taken(&coordinator);
    }
}

/// However many kinds of demand wait, all get their turn.
#[tokio::test]
async fn many_kinds_of_demand_get_their_turn() {
    let coordinator = coordinator();
    let end = Arc::new(Notify::new());
    let holder = coordinator.submit(held(&end).memory(100), Strategy::Async).await.unwrap();
    let mut jobs = Vec::new();
    for number in 0..500 {
        let work = Work::new(|ctx| async move { anyhow::Ok(ctx.granted().memory()) });
        jobs.push((1 + number % 97, coordinator.submit(work.memory(1 + number % 97), Strategy::Async).await.unwrap()));
    }
    end.notify_one();
    soon(holder.join()).await.unwrap();
    for (asked, job) in jobs {
        assert_eq!(soon(job.join()).await.unwrap(), Some(asked));
    }
    nothing_is_taken(&coordinator);
}
