//! E8, E11, E13, D10, D42: the strategies that come along, and those of a program's own.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

use nebulakit::coordinator::{
    Attempt, Coordinator, Executing, ExecutionStrategy, JobError, Lost, Retry, Strategy, SubmitError, ThreadStrategy, Work, WorkKind,
};

use crate::{giving, soon};

/// As many threads compute at once as there are slots.
#[tokio::test]
async fn threads_run_beside_each_other() {
    let coordinator = Coordinator::builder().strategy(Strategy::Thread, ThreadStrategy::with_slots(4)).cores(4.0).build();
    let (barrier, threads) = (Arc::new(Barrier::new(4)), Arc::new(Mutex::new(HashSet::new())));
    let mut handles = Vec::new();
    for number in 0..4 {
        let (barrier, threads) = (Arc::clone(&barrier), Arc::clone(&threads));
        let work = Work::blocking(move |_| {
            threads.lock().unwrap().insert(std::thread::current().id());
            barrier.wait();
            anyhow::Ok(number)
        });
        handles.push(coordinator.submit(work, Strategy::Thread).await.unwrap());
    }
    for (number, handle) in handles.into_iter().enumerate() {
        assert_eq!(soon(handle.join()).await.unwrap(), number);
    }
    assert_eq!(threads.lock().unwrap().len(), 4);
}

/// A future runs on a thread as well, with the coordinator's runtime for what it waits for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_future_can_run_on_a_thread() {
    let coordinator = Coordinator::new();
    let work = Work::new(|_| async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        anyhow::Ok(std::thread::current().name().map(str::to_owned))
    });
    let name = soon(coordinator.submit(work, Strategy::Thread).await.unwrap().join()).await.unwrap();
    assert_eq!(name.as_deref(), Some("nebulakit-work"));
}

/// A thread is not left asleep while another one is started or woken.
#[tokio::test]
async fn what_the_end_of_an_attempt_makes_room_for_runs_on_its_thread() {
    let coordinator = Coordinator::builder().strategy(Strategy::Thread, ThreadStrategy::with_slots(2)).cores(2.0).build();
    let mut handles = Vec::new();
    for _ in 0..500 {
        handles.push(coordinator.submit(Work::blocking(|_| anyhow::Ok(std::thread::current().id())), Strategy::Thread).await.unwrap());
    }
    let mut threads = HashSet::new();
    for handle in handles {
        threads.insert(soon(handle.join()).await.unwrap());
    }
    assert!(threads.len() <= 2, "{threads:?}");
}

/// Blocking work by the async strategy leaves the runtime's own threads alone.
#[tokio::test]
async fn what_blocks_leaves_the_async_threads_alone() {
    let coordinator = Coordinator::new();
    let here = std::thread::current().id();
    let work = Work::blocking(move |_| anyhow::Ok(std::thread::current().id() != here));
    assert!(soon(coordinator.submit(work, Strategy::Async).await.unwrap().join()).await.unwrap());
}

/// A strategy of a program's own: it counts, and gives up on every second attempt.
#[derive(Debug, Default, Clone)]
struct Moody {
    begun: Arc<AtomicU32>,
    ended: Arc<AtomicU32>,
}

impl ExecutionStrategy for Moody {
    fn accepts(&self, kind: WorkKind) -> bool {
        kind == WorkKind::Async
    }

    fn execute(&self, attempt: Attempt) -> Executing<'_> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            if number.is_multiple_of(2) {
                return Err(JobError::Lost { how: Lost::Strategy("in no mood".to_owned()), tail: "last words".into() });
            }
            attempt.run().await
        })
    }

    fn shutdown(&self, _: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.ended.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test]
async fn a_strategy_of_ones_own() {
    let moody = Moody::default();
    let coordinator = Coordinator::builder().strategy(Strategy::named("moody"), moody.clone()).build();
    let handle = coordinator.submit(giving(7).retry(Retry::fixed(1, Duration::ZERO)).id("x"), Strategy::named("moody")).await.unwrap();
    assert_eq!(soon(handle.join()).await.unwrap(), 7);
    assert_eq!(coordinator.job(&"x".into()).unwrap().attempts(), 2);
    let error = soon(coordinator.submit(giving(7), Strategy::named("moody")).await.unwrap().join()).await.unwrap_err();
    assert_eq!(error.to_string(), "in no mood\nthe end of its output:\nlast words");

    let error = coordinator.submit(Work::blocking(|_| anyhow::Ok(1)), Strategy::named("moody")).await.unwrap_err();
    assert!(matches!(&error, SubmitError::WrongKind { kind: WorkKind::Blocking, .. }));
    assert!(error.to_string().starts_with("the strategy `moody` cannot run a closure that blocks\nhint: make it a `#[task]`"), "{error}");
    soon(coordinator.shutdown(Duration::ZERO)).await;
    assert_eq!(moody.ended.load(Ordering::Relaxed), 1);
}

/// A strategy that panics, and one that gives nothing, lose their job and nobody else's.
#[tokio::test]
async fn a_bad_strategy_loses_its_own_jobs_alone() {
    struct Panics;
    struct Forgets;
    impl ExecutionStrategy for Panics {
        fn accepts(&self, _: WorkKind) -> bool {
            true
        }
        fn execute(&self, _: Attempt) -> Executing<'_> {
            panic!("oh")
        }
    }
    impl ExecutionStrategy for Forgets {
        fn accepts(&self, _: WorkKind) -> bool {
            true
        }
        fn execute(&self, _: Attempt) -> Executing<'_> {
            Box::pin(std::future::ready(Ok(())))
        }
    }
    let coordinator =
        Coordinator::builder().strategy(Strategy::named("panics"), Panics).strategy(Strategy::named("forgets"), Forgets).build();
    for (name, said) in [("panics", "the strategy panicked at "), ("forgets", "the strategy ended the attempt without a value")] {
        let error = soon(coordinator.submit(giving(1), Strategy::named(name)).await.unwrap().join()).await.unwrap_err();
        assert!(error.to_string().starts_with(said), "{error}");
    }
    assert_eq!(crate::joined(&coordinator, giving(1)).await.unwrap(), 1);
}
