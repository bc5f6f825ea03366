//! Every way to fail closes the job once: I2, R2, R3, R9, E10, C12, C13, C15, D5, D6, D26, D36.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nebulakit::TaskError;
use nebulakit::coordinator::{
    CancelReason, Coordinator, EventKind, FailureKind, Fatal, JobError, JobOutcome, Lost, Overflow, RequestId, Strategy, Work,
};

use crate::{endless, giving, joined, panicking, soon, until_finished, words};

fn kind_of(coordinator: &Coordinator, id: &str) -> Option<FailureKind> {
    coordinator.job(&RequestId::from(id))?.outcome()?.failure().map(|failure| failure.kind)
}

#[tokio::test]
async fn an_error_reaches_the_handle_as_it_is() {
    let coordinator = Coordinator::new();
    let work = Work::<()>::new(|_| async { Err(std::io::Error::new(std::io::ErrorKind::NotFound, "no such table")) });
    let error = joined(&coordinator, work.id("x")).await.unwrap_err();
    assert_eq!(error.downcast_ref::<std::io::Error>().unwrap().kind(), std::io::ErrorKind::NotFound);
    let job = coordinator.job(&RequestId::from("x")).unwrap();
    let failure = job.outcome().unwrap().failure().unwrap();
    assert_eq!(
        (failure.kind, failure.code.as_str(), failure.message.as_str()),
        (FailureKind::Failed, "USER:RuntimeError", "no such table")
    );
}

/// R3.
#[tokio::test]
async fn panic_is_failure() {
    let coordinator = Coordinator::new();
    let before: Work<()> = Work::new(|_| -> std::future::Ready<anyhow::Result<()>> { panic!("before the future") });
    let at_once: Work<()> = Work::new(|_| async { panicking("at once") });
    let later: Work<()> = Work::new(|_| async {
        tokio::task::yield_now().await;
        panicking("later")
    });
    for (work, said) in [(before, "before the future"), (at_once, "at once"), (later, "later")] {
        let error = joined(&coordinator, work).await.unwrap_err();
        assert!(matches!(&error, JobError::Panicked(text) if text.contains(said) && text.contains("failures.rs")), "{error}");
    }
    let blocking: Work<()> = Work::blocking(|_| -> anyhow::Result<()> { panic!("on a thread") });
    let error = soon(coordinator.submit(blocking, Strategy::Thread).await.unwrap().join()).await.unwrap_err();
    assert!(matches!(&error, JobError::Panicked(text) if text.contains("on a thread")), "{error}");
    assert_eq!(joined(&coordinator, giving(1)).await.unwrap(), 1);
    let counts = coordinator.system_detail().counts;
    assert_eq!((counts.panicked, counts.succeeded, counts.closed()), (4, 1, 5));
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("in a destructor");
    }
}

/// What the work holds is the user's code too: when it ends, and when it is cancelled.
#[tokio::test]
async fn a_destructor_that_panics_is_a_failure() {
    struct Ended(Option<PanicsWhenDropped>);
    impl Future for Ended {
        type Output = anyhow::Result<()>;

        fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
            assert!(self.0.is_some());
            std::task::Poll::Ready(Ok(()))
        }
    }
    let coordinator = Coordinator::new();
    let error = joined(&coordinator, Work::new(|_| Ended(Some(PanicsWhenDropped)))).await.unwrap_err();
    assert!(matches!(&error, JobError::Panicked(said) if said.contains("in a destructor")), "{error}");
    let work: Work<()> = Work::new(|_| async {
        let _held = PanicsWhenDropped;
        std::future::pending::<anyhow::Result<()>>().await
    });
    let job = coordinator.submit(work, Strategy::Async).await.unwrap();
    tokio::task::yield_now().await;
    assert!(job.cancel());
    let error = soon(job.join()).await.unwrap_err();
    assert!(matches!(error, JobError::Cancelled(CancelReason::Caller)), "{error}");
    assert_eq!(joined(&coordinator, giving(1)).await.unwrap(), 1);
}

/// R2, D5.
#[test]
fn a_runtime_that_goes_closes_its_jobs() {
    let coordinator = Coordinator::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.block_on(async { coordinator.submit(endless().id("left"), Strategy::Async).await.unwrap() });
    assert!(coordinator.job(handle.id()).unwrap().is_open());
    drop(runtime);
    let error = handle.join_blocking().unwrap_err();
    assert!(matches!(&error, JobError::Lost { how: Lost::Runtime, .. }), "{error}");
    assert_eq!(kind_of(&coordinator, "left"), Some(FailureKind::Lost));
}

/// R9, D36: one that fails for good takes its run with it, whatever its parent makes of the error.
#[tokio::test]
async fn fatal_cancels_run() {
    let coordinator = Coordinator::new();
    let sibling = coordinator.submit(endless().id("sibling").run("r"), Strategy::Async).await.unwrap();
    let other = coordinator.submit(endless().id("other"), Strategy::Async).await.unwrap();
    let parent = Work::new(|ctx| async move {
        let child: Work<()> = Work::new(|_| async { Err(Fatal::new(anyhow::anyhow!("the licence has expired"))) });
        let error = ctx.call(child.id("child"), Strategy::Async).await.unwrap_err();
        assert!(error.downcast_ref::<Fatal>().is_some());
        std::future::pending::<anyhow::Result<()>>().await
    });
    let error = joined(&coordinator, parent.id("parent").run("r")).await.unwrap_err();
    assert!(matches!(error, JobError::Cancelled(CancelReason::Fatal)), "{error}");
    assert!(matches!(soon(sibling.join()).await, Err(JobError::Cancelled(CancelReason::Fatal))));
    assert_eq!(kind_of(&coordinator, "child"), Some(FailureKind::Failed));
    assert!(!other.is_finished());
    other.cancel();
}

/// It is looked for among many others, before and behind it.
#[tokio::test]
async fn a_fatal_error_finds_its_run_among_thousands() {
    let coordinator = Coordinator::new();
    let mut run = Vec::new();
    for number in 0..5_000 {
        let work = if number % 1_000 == 0 { endless().run("r") } else { endless() };
        let job = coordinator.submit(work, Strategy::Async).await.unwrap();
        if number % 1_000 == 0 {
            run.push(job);
        }
    }
    let fatal: Work<()> = Work::new(|_| async { Err(Fatal::new(anyhow::anyhow!("the licence has expired"))) });
    joined(&coordinator, fatal.run("r")).await.unwrap_err();
    for job in run {
        assert!(matches!(soon(job.join()).await, Err(JobError::Cancelled(CancelReason::Fatal))));
    }
    assert_eq!(coordinator.system_detail().open.len(), 4_995);
    soon(coordinator.shutdown(Duration::ZERO)).await;
}

/// C13, C15: a parent may make what it likes of the error of a child, and try again by itself.
#[tokio::test]
async fn a_parent_can_handle_the_errors_of_its_children() {
    let coordinator = Coordinator::new();
    let parent = Work::new(|ctx| async move {
        let mut failed = 0;
        for _ in 0..5 {
            let child: Work<()> = Work::new(|_| async { Err(anyhow::anyhow!("not today")) });
            failed += u32::from(ctx.call(child, Strategy::Async).await.is_err());
        }
        anyhow::Ok(failed)
    });
    assert_eq!(joined(&coordinator, parent).await.unwrap(), 5);
    let counts = coordinator.system_detail().counts;
    assert_eq!((counts.failed, counts.succeeded), (5, 1));
}

/// I2, I4, R17: a job has one end, whatever it is, and its events come in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_complete_and_ordered() {
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(100_000));
    let mut handles = Vec::new();
    for number in 0..500_u32 {
        let work: Work<u32> = match number % 5 {
            0 => giving(number),
            1 => Work::new(|_| async { anyhow::bail!("no") }),
            2 => Work::new(|_| async { panicking("oh") }),
            3 => Work::new(|_| std::future::pending::<anyhow::Result<u32>>()),
            _ => {
                let attempts = Arc::new(AtomicU32::new(0));
                Work::new(move |_| {
                    let attempt = attempts.fetch_add(1, Ordering::Relaxed);
                    async move { if attempt == 2 { Ok(attempt) } else { Err(TaskError::recoverable(anyhow::anyhow!("again"))) } }
                })
                .retry(nebulakit::coordinator::Retry::fixed(2, std::time::Duration::ZERO))
            }
        };
        handles.push((number, coordinator.submit(work.id(format!("n{number}")), Strategy::Async).await.unwrap()));
    }
    for (number, handle) in handles {
        if number % 5 == 3 {
            handle.cancel();
        }
        let ended = soon(handle.join()).await;
        assert_eq!(ended.is_ok(), [0, 4].contains(&(number % 5)), "{number}: {ended:?}");
    }
    soon(coordinator.shutdown(std::time::Duration::ZERO)).await;
    let mut of_jobs = std::collections::HashMap::<String, Vec<String>>::new();
    let mut last = 0;
    while let Some(event) = events.next().await {
        assert!(event.sequence > last, "{} after {last}", event.sequence);
        last = event.sequence;
        let id = event.job.as_ref().unwrap().to_string();
        of_jobs.entry(id).or_default().push(words(&[(*event).clone()])[0].split_once(' ').unwrap().1.to_owned());
    }
    assert_eq!(of_jobs.len(), 500);
    for (id, seen) in of_jobs {
        let expected: &[&str] = match id[1..].parse::<u32>().unwrap() % 5 {
            0 => &["submitted", "started 0", "succeeded"],
            1 => &["submitted", "started 0", "Failed"],
            2 => &["submitted", "started 0", "Panicked"],
            3 if seen.len() == 2 => &["submitted", "Cancelled"],
            3 => &["submitted", "started 0", "Cancelled"],
            _ => &["submitted", "started 0", "retrying 0", "started 1", "retrying 1", "started 2", "succeeded"],
        };
        assert_eq!(seen, expected, "{id}");
    }
}

/// I3: when a handle has its value, the ledger shows the job closed and the last event is out.
#[tokio::test]
async fn the_handle_is_last() {
    let coordinator = Coordinator::new();
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(100));
    joined(&coordinator, giving(1).id("x")).await.unwrap();
    assert!(!coordinator.job(&RequestId::from("x")).unwrap().is_open());
    let seen = until_finished(&mut events, "x").await;
    assert!(matches!(&seen.last().unwrap().kind, EventKind::Finished { attempts: 1, outcome: JobOutcome::Success }));
}

#[tokio::test]
async fn a_value_that_nobody_waits_for_is_dropped_with_its_handle() {
    let coordinator = Coordinator::new();
    let value = Arc::new(());
    let handle = coordinator.submit(giving(Arc::clone(&value)).id("x"), Strategy::Async).await.unwrap();
    drop(handle);
    soon(coordinator.shutdown(std::time::Duration::from_secs(30))).await;
    assert_eq!(coordinator.system_detail().counts.succeeded, 1);
    assert_eq!(Arc::strong_count(&value), 1);
}

/// A chain of calls may be longer than a stack.
#[test]
fn a_long_chain_of_calls_can_be_dropped() {
    fn chain(depth: u32) -> Work<()> {
        Work::new(move |ctx: nebulakit::coordinator::JobContext| -> std::pin::Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>> {
            Box::pin(
                async move { if depth == 0 { std::future::pending().await } else { ctx.call(chain(depth - 1), Strategy::Async).await } },
            )
        })
    }
    let coordinator = Coordinator::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.block_on(async {
        let handle = coordinator.submit(chain(30_000), Strategy::Async).await.unwrap();
        while coordinator.system_detail().counts.attempts < 30_001 {
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
        }
        handle
    });
    drop(runtime);
    drop(handle);
    assert_eq!(coordinator.system_detail().open.len(), 0);
}

/// A destructor of the work may panic, and may ask the coordinator.
#[tokio::test]
async fn destructors_are_code_too() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    struct Asks(Coordinator);
    impl Drop for Asks {
        fn drop(&mut self) {
            assert!(self.0.system_detail().counts.submitted > 0);
        }
    }
    let coordinator = Coordinator::builder().history(1, None).build();
    let work = Work::new(|_| async {
        let _bomb = Bomb;
        std::future::pending::<anyhow::Result<()>>().await
    });
    let work = work.timeout(std::time::Duration::from_millis(10));
    let error = soon(coordinator.submit(work, Strategy::Async).await.unwrap().join()).await.unwrap_err();
    assert_eq!(error.code(), "USER:Timeout");

    for _ in 0..3 {
        let asks = Arc::new(Asks(coordinator.clone()));
        joined(&coordinator, giving(asks).idempotency_key("k")).await.unwrap();
        joined(&coordinator, giving(1)).await.unwrap();
    }
}

/// The text of an error is the work's own code.
#[tokio::test]
async fn an_error_without_a_text_closes_its_job() {
    #[derive(Debug)]
    struct Unspeakable;
    impl std::fmt::Display for Unspeakable {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            Err(std::fmt::Error)
        }
    }
    impl std::error::Error for Unspeakable {}
    let coordinator = Coordinator::new();
    let work: Work<()> = Work::new(|_| async { Err(Unspeakable) });
    let error = joined(&coordinator, work.id("x")).await.unwrap_err();
    assert!(error.downcast_ref::<Unspeakable>().is_some());
    let job = coordinator.job(&RequestId::from("x")).unwrap();
    assert!(job.outcome().unwrap().failure().unwrap().message.starts_with("the text of the error panicked at "), "{job}");
}

/// What ends well although it was cancelled has a value, which nobody gets.
#[tokio::test]
async fn a_value_that_nobody_gets_may_panic_when_it_is_dropped() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    let coordinator = Coordinator::builder().grace(std::time::Duration::from_secs(30)).build();
    let began = Arc::new(tokio::sync::Notify::new());
    let tell = Arc::clone(&began);
    let work = Work::new(move |ctx: nebulakit::coordinator::JobContext| {
        let tell = Arc::clone(&tell);
        async move {
            tell.notify_one();
            ctx.cancelled().await;
            tokio::task::yield_now().await;
            anyhow::Ok(Bomb)
        }
    });
    let job = coordinator.submit(work, Strategy::Async).await.unwrap();
    soon(began.notified()).await;
    job.cancel();
    assert!(matches!(soon(job.join()).await, Err(JobError::Cancelled(CancelReason::Caller))));
}
