//! R1, R8, R12, R19, I8, I9, D10, D28, D32: cancelling, and shutting down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nebulakit::coordinator::{CancelReason, Coordinator, JobContext, JobError, Overflow, RequestId, Strategy, SubmitError, Work};
use tokio::sync::Notify;

use crate::{endless, giving, soon, until_finished, words};

/// R1.
#[tokio::test]
async fn cancel_closes_job() {
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(10));
    let began = Arc::new(Notify::new());
    let tell = Arc::clone(&began);
    let work = Work::new(move |_| {
        tell.notify_one();
        std::future::pending::<anyhow::Result<()>>()
    });
    let handle = coordinator.submit(work.id("x"), Strategy::Async).await.unwrap();
    soon(began.notified()).await;
    assert!(handle.cancel() && !handle.cancel());
    assert!(matches!(soon(handle.join()).await, Err(JobError::Cancelled(CancelReason::Caller))));
    assert_eq!(words(&until_finished(&mut events, "x").await), ["x submitted", "x started 0", "x Cancelled"]);
    assert!(!coordinator.cancel(&RequestId::from("x")));
}

#[tokio::test]
async fn a_job_that_waits_for_its_turn_can_be_cancelled() {
    let coordinator = Coordinator::builder().strategy(Strategy::Async, nebulakit::coordinator::AsyncStrategy::with_slots(1)).build();
    let first = coordinator.submit(endless(), Strategy::Async).await.unwrap();
    let second = coordinator.submit(giving(1).id("second"), Strategy::Async).await.unwrap();
    assert!(coordinator.cancel(&RequestId::from("second")));
    soon(second.join()).await.unwrap_err();
    let job = coordinator.job(&RequestId::from("second")).unwrap();
    assert_eq!((job.attempts(), job.started()), (0, None));
    assert_eq!(coordinator.system_detail().strategies[0].waiting, 0);
    first.cancel();
}

/// Work that looks whether it should stop has time to end by itself.
#[tokio::test]
async fn work_that_looks_may_clean_up() {
    let coordinator = Coordinator::builder().grace(Duration::from_secs(30)).build();
    let (began, cleaned) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
    let (tell, done) = (Arc::clone(&began), Arc::clone(&cleaned));
    let work = Work::new(move |ctx: JobContext| {
        let (tell, done) = (Arc::clone(&tell), Arc::clone(&done));
        async move {
            tell.notify_one();
            ctx.cancelled().await;
            tokio::task::yield_now().await;
            done.store(true, Ordering::Relaxed);
            anyhow::Ok(())
        }
    });
    let handle = coordinator.submit(work, Strategy::Async).await.unwrap();
    soon(began.notified()).await;
    handle.cancel();
    assert!(matches!(soon(handle.join()).await, Err(JobError::Cancelled(_))));
    assert!(cleaned.load(Ordering::Relaxed));
}

/// What work makes of being told to stop is not a failure of its own, however soon it comes. A value is one.
#[tokio::test]
async fn work_that_stops_at_once_is_cancelled() {
    let coordinator = Coordinator::new();
    for gives_up in [true, false] {
        let began = Arc::new(Notify::new());
        let tell = Arc::clone(&began);
        let work = Work::new(move |ctx: JobContext| {
            let tell = Arc::clone(&tell);
            async move {
                tell.notify_one();
                ctx.cancelled().await;
                anyhow::ensure!(!gives_up, "stopped");
                Ok(1)
            }
        });
        let handle = coordinator.submit(work, Strategy::Async).await.unwrap();
        soon(began.notified()).await;
        handle.cancel();
        let ended = soon(handle.join()).await;
        match gives_up {
            true => assert!(matches!(ended, Err(JobError::Cancelled(CancelReason::Caller))), "{ended:?}"),
            false => assert_eq!(ended.unwrap(), 1),
        }
    }
}

/// R8, I8: leaves first.
#[tokio::test]
async fn cancel_reaches_descendants() {
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(100));
    let began = Arc::new(Notify::new());
    let tell = Arc::clone(&began);
    let root = Work::new(move |ctx: JobContext| {
        let tell = Arc::clone(&tell);
        async move {
            let middle = Work::new(move |ctx: JobContext| {
                let tell = Arc::clone(&tell);
                async move {
                    let leaf = Work::new(move |_| {
                        tell.notify_one();
                        std::future::pending::<anyhow::Result<()>>()
                    });
                    ctx.call(leaf.id("leaf"), Strategy::Async).await
                }
            });
            ctx.call(middle.id("middle"), Strategy::Async).await
        }
    });
    let handle = coordinator.submit(root.id("root"), Strategy::Async).await.unwrap();
    soon(began.notified()).await;
    handle.cancel();
    assert!(matches!(soon(handle.join()).await, Err(JobError::Cancelled(CancelReason::Caller))));
    let seen = words(&until_finished(&mut events, "root").await);
    assert_eq!(seen[6..], ["leaf Cancelled", "middle Cancelled", "root Cancelled"]);
    let leaf = coordinator.job(&RequestId::from("leaf")).unwrap();
    assert!(leaf.outcome().unwrap().failure().unwrap().message.contains("with the job that started it"));
}

#[tokio::test]
async fn a_dropped_call_cancels_its_child() {
    let coordinator = Coordinator::new();
    let work = Work::new(|ctx: JobContext| async move {
        let began = Arc::new(Notify::new());
        let tell = Arc::clone(&began);
        let child = Work::new(move |_| {
            tell.notify_one();
            std::future::pending::<anyhow::Result<()>>()
        });
        tokio::select! {
            _ = ctx.call(child.id("child"), Strategy::Async) => unreachable!("the child has no end"),
            () = began.notified() => {}
        }
        anyhow::Ok(())
    });
    crate::joined(&coordinator, work).await.unwrap();
    soon(coordinator.shutdown(Duration::from_secs(30))).await;
    let child = coordinator.job(&RequestId::from("child")).unwrap();
    assert!(child.outcome().unwrap().failure().unwrap().message.contains("by request"));
}

#[tokio::test]
async fn a_handle_that_aborts_takes_its_job_along() {
    let coordinator = Coordinator::new();
    let handle = coordinator.submit(endless().id("x"), Strategy::Async).await.unwrap();
    drop(handle.abort_on_drop());
    let detail = soon(coordinator.shutdown(Duration::from_secs(30))).await;
    assert_eq!((detail.drained, detail.cancelled), (1, 0));
}

/// R12, I9, D10.
#[tokio::test]
async fn drain_then_cancel() {
    let coordinator = Coordinator::new();
    let release = Arc::new(Notify::new());
    let wait = Arc::clone(&release);
    let short = Work::new(move |_| {
        let wait = Arc::clone(&wait);
        async move {
            wait.notified().await;
            anyhow::Ok(1)
        }
    });
    let short = coordinator.submit(short, Strategy::Async).await.unwrap();
    let long = coordinator.submit(endless(), Strategy::Async).await.unwrap();
    let closing = tokio::spawn({
        let coordinator = coordinator.clone();
        async move { coordinator.shutdown(Duration::from_millis(300)).await }
    });
    while !coordinator.system_detail().is_closed {
        tokio::task::yield_now().await;
    }
    assert!(matches!(coordinator.submit(giving(1), Strategy::Async).await, Err(SubmitError::Closed)));
    assert!(matches!(coordinator.try_submit(giving(1), Strategy::Async).unwrap_err().error, SubmitError::Closed));
    release.notify_one();
    let report = soon(closing).await.unwrap();
    assert_eq!((report.drained, report.cancelled, report.lost, report.abandoned), (1, 1, 0, 0));
    assert_eq!(soon(short.join()).await.unwrap(), 1);
    assert!(matches!(soon(long.join()).await, Err(JobError::Cancelled(CancelReason::Shutdown))));
    assert!(coordinator.system_detail().open.is_empty());
    assert_eq!(soon(coordinator.shutdown(Duration::ZERO)).await.cancelled, 0);
}

/// R19.
#[tokio::test]
async fn retry_not_after_cancel() {
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(10));
    let work: Work<()> = Work::new(|_| async { Err(nebulakit::TaskError::recoverable(anyhow::anyhow!("again"))) });
    let work = work.retry(nebulakit::coordinator::Retry::fixed(5, Duration::from_secs(3600)).without_jitter());
    let handle = coordinator.submit(work.id("x"), Strategy::Async).await.unwrap();
    loop {
        let event = soon(events.next()).await.unwrap();
        if matches!(event.kind, nebulakit::coordinator::EventKind::Retrying { .. }) {
            break;
        }
    }
    handle.cancel();
    assert!(matches!(soon(handle.join()).await, Err(JobError::Cancelled(CancelReason::Caller))));
    assert_eq!(coordinator.job(&RequestId::from("x")).unwrap().attempts(), 1);
}

/// What is given time to end may start the children that it needs for it.
#[tokio::test]
async fn a_job_that_drains_may_start_children() {
    let coordinator = Coordinator::new();
    let release = Arc::new(Notify::new());
    let wait = Arc::clone(&release);
    let parent = Work::new(move |ctx: JobContext| {
        let wait = Arc::clone(&wait);
        async move {
            wait.notified().await;
            let child = ctx.call(giving(7).id("child"), Strategy::Async).await?;
            anyhow::Ok((child, ctx))
        }
    });
    let parent = coordinator.submit(parent, Strategy::Async).await.unwrap();
    let closing = tokio::spawn({
        let coordinator = coordinator.clone();
        async move { coordinator.shutdown(Duration::from_secs(60)).await }
    });
    while !coordinator.system_detail().is_closed {
        tokio::task::yield_now().await;
    }
    release.notify_one();
    let (child, ctx) = soon(parent.join()).await.unwrap();
    let report = soon(closing).await.unwrap();
    assert_eq!((child, report.drained, report.cancelled), (7, 2, 0));
    // A context that somebody kept starts nothing any more.
    assert!(matches!(ctx.spawn(giving(1), Strategy::Async), Err(SubmitError::Closed)));
}
