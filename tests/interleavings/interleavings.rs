//! The coordinator under a scheduler that decides, at each of its locks and atomics, who goes on: what may happen in any order, thousands of orders of it.
//!
//! `RUSTFLAGS="--cfg shuttle" cargo test -p nebulakit-tests-interleavings`, as `.ci/interleavings` does. A failure prints a schedule, which
//! `shuttle::replay` runs again.
#![cfg(shuttle)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use nebulakit::coordinator::{
    AsyncStrategy, Attempt, CancelReason, Coordinator, Executing, ExecutionStrategy, JobContext, JobError, ManualClock, Overflow, Retry,
    Strategy, Work, WorkKind,
};
use shuttle::future::{block_on, spawn, yield_now};
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::oneshot;

/// How many orders are tried of each test, by each of two ways to choose them.
const ORDERS: usize = 1_000;

/// How many changes of who goes on are made where they may hurt most.
const CHANGES: usize = 3;

fn explore(test: impl Fn() -> Pin<Box<dyn Future<Output = ()>>> + Send + Sync + 'static) {
    let test = Arc::new(test);
    let again = Arc::clone(&test);
    shuttle::check_random(move || block_on(test()), ORDERS);
    shuttle::check_pct(move || block_on(again()), ORDERS, CHANGES);
}

/// Attempts on threads of the scheduler's, which cannot be stopped.
struct OnThreads(usize);

impl ExecutionStrategy for OnThreads {
    fn accepts(&self, _: WorkKind) -> bool {
        true
    }

    fn slots(&self) -> Option<usize> {
        Some(self.0)
    }

    fn execute(&self, attempt: Attempt) -> Executing<'_> {
        let (sender, receiver) = oneshot::channel();
        shuttle::thread::spawn(move || {
            let _ = sender.send(attempt.run_blocking());
        });
        Box::pin(async { receiver.await.expect("the thread tells how it ended") })
    }
}

/// A coordinator with so many slots for futures and for threads. Its time stands still.
fn coordinator(futures: usize, threads: usize) -> Coordinator {
    Coordinator::builder()
        .strategy(Strategy::Async, AsyncStrategy::with_slots(futures))
        .strategy(Strategy::Thread, OnThreads(threads))
        .cores(u32::try_from(threads).unwrap().into())
        .clock(ManualClock::new())
        .grace(Duration::ZERO)
        .build()
}

/// Counts who is at work, and how many were at once.
#[derive(Default)]
struct Busy {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Busy {
    fn enter(self: &Arc<Self>) -> AtWork {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        AtWork(Arc::clone(self))
    }
}

struct AtWork(Arc<Busy>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Work that does something while others may go on.
fn busy(busy: &Arc<Busy>) -> Work<()> {
    let busy = Arc::clone(busy);
    Work::new(move |_| {
        let busy = Arc::clone(&busy);
        async move {
            let _at_work = busy.enter();
            yield_now().await;
            anyhow::Ok(())
        }
    })
}

/// When all is over, nothing is left: no open job, no slot, nobody in a queue, no thread.
async fn is_at_rest(coordinator: &Coordinator) {
    loop {
        let detail = coordinator.system_detail();
        // A thread may go on for a while after its job is closed.
        if detail.open.is_empty() && detail.abandoned == 0 && detail.strategies.iter().all(|strategy| strategy.taken == 0) {
            assert!(detail.strategies.iter().all(|strategy| strategy.waiting == 0), "{detail:?}");
            assert_eq!(detail.counts.submitted, detail.counts.closed(), "{detail:?}");
            return;
        }
        yield_now().await;
    }
}

/// Enter, leave and close: never more at once than there are slots, and nobody is forgotten.
#[test]
fn slots_are_kept_and_given_back() {
    explore(|| {
        Box::pin(async {
            let coordinator = coordinator(2, 1);
            let at_work = Arc::new(Busy::default());
            let mut handles = Vec::new();
            for _ in 0..4 {
                let (coordinator, work) = (coordinator.clone(), busy(&at_work));
                handles.push(spawn(async move { coordinator.submit(work, Strategy::Async).await.unwrap().join().await }));
            }
            for handle in handles {
                handle.await.unwrap().unwrap();
            }
            assert!(at_work.most.load(Ordering::SeqCst) <= 2);
            is_at_rest(&coordinator).await;
        })
    });
}

/// Cancelled while it waits, begins, runs or ends: it closes once, and its slot is free.
#[test]
fn a_job_is_cancelled_at_any_moment() {
    explore(|| {
        Box::pin(async {
            let coordinator = coordinator(1, 1);
            let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(100));
            let at_work = Arc::new(Busy::default());
            let mut handles = Vec::new();
            for number in 0..3 {
                let work = busy(&at_work).id(format!("n{number}"));
                handles.push(coordinator.submit(work, Strategy::Async).await.unwrap());
            }
            let cancelling = spawn({
                let coordinator = coordinator.clone();
                async move { [1, 0].map(|number| coordinator.cancel(&format!("n{number}").as_str().into())) }
            });
            let mut ended = Vec::new();
            for handle in handles {
                ended.push(handle.join().await);
            }
            cancelling.await.unwrap();
            assert!(ended[2].is_ok());
            assert!(ended.iter().all(|ended| matches!(ended, Ok(()) | Err(JobError::Cancelled(CancelReason::Caller)))), "{ended:?}");
            assert!(at_work.most.load(Ordering::SeqCst) <= 1);
            is_at_rest(&coordinator).await;
            coordinator.shutdown(Duration::ZERO).await;
            let mut finished = 0;
            while let Some(event) = events.next().await {
                finished += usize::from(matches!(event.kind, nebulakit::coordinator::EventKind::Finished { .. }));
            }
            assert_eq!(finished, 3);
        })
    });
}

/// Lend and take back, with one slot for all: parents wait for children, several at once, and one call is dropped half way.
#[test]
fn a_slot_is_lent_and_comes_back() {
    explore(|| {
        Box::pin(async {
            let coordinator = coordinator(1, 1);
            let parent = |drops: bool| {
                Work::new(move |ctx: JobContext| async move {
                    let child = || Work::new(|_| async { anyhow::Ok(1) });
                    let (mut one, mut other) = (Box::pin(ctx.call(child(), Strategy::Async)), Box::pin(ctx.call(child(), Strategy::Async)));
                    let mut sum = 0;
                    if drops {
                        tokio::select! {
                            ended = &mut one => sum += ended?,
                            ended = &mut other => sum += ended?,
                        }
                        drop((one, other));
                        sum += ctx.call(child(), Strategy::Async).await?;
                    } else {
                        let (one, other) = tokio::join!(one, other);
                        sum += one? + other?;
                    }
                    anyhow::Ok(sum)
                })
            };
            let first = coordinator.submit(parent(false), Strategy::Async).await.unwrap();
            let second = coordinator.submit(parent(true), Strategy::Async).await.unwrap();
            assert_eq!((first.join().await.unwrap(), second.join().await.unwrap()), (2, 2));
            is_at_rest(&coordinator).await;
        })
    });
}

/// A tree is cancelled while it grows: no child is left behind, whichever was first.
#[test]
fn a_child_that_begins_while_its_parent_is_cancelled_ends_with_it() {
    explore(|| {
        Box::pin(async {
            let coordinator = coordinator(2, 1);
            let parent: Work<()> = Work::new(|ctx: JobContext| async move {
                let child: Work<()> = Work::new(|_| std::future::pending::<anyhow::Result<()>>());
                // One that nobody waits for, and that never ends by itself.
                let _ = ctx.spawn(child, Strategy::Async);
                std::future::pending::<anyhow::Result<()>>().await
            });
            let handle = coordinator.submit(parent, Strategy::Async).await.unwrap();
            assert!(handle.cancel());
            assert!(matches!(handle.join().await, Err(JobError::Cancelled(CancelReason::Caller))));
            is_at_rest(&coordinator).await;
        })
    });
}

/// A thread is given up while it ends: its slot is given back once, and the count of those that go on comes to nothing.
#[test]
fn a_thread_that_is_given_up_gives_its_slot_back_once() {
    explore(|| {
        Box::pin(async {
            let coordinator = coordinator(1, 1);
            let at_work = Arc::new(Busy::default());
            let work = |busy: &Arc<Busy>| {
                let busy = Arc::clone(busy);
                Work::blocking(move |_| {
                    let _at_work = busy.enter();
                    shuttle::thread::yield_now();
                    anyhow::Ok(())
                })
            };
            let first = coordinator.submit(work(&at_work), Strategy::Thread).await.unwrap();
            let second = coordinator.submit(work(&at_work), Strategy::Thread).await.unwrap();
            let cancelling = spawn(async move {
                first.cancel();
                first.join().await
            });
            second.join().await.unwrap();
            assert!(matches!(cancelling.await.unwrap(), Ok(()) | Err(JobError::Cancelled(_))));
            assert!(at_work.most.load(Ordering::SeqCst) <= 1);
            is_at_rest(&coordinator).await;
        })
    });
}

/// Room for one: those who wait for it are let in one after the other, one that gives up waiting takes nothing along.
#[test]
fn room_is_given_back_by_each_that_closes() {
    explore(|| {
        Box::pin(async {
            let coordinator = Coordinator::builder().max_open(1).clock(ManualClock::new()).build();
            let submit = |coordinator: &Coordinator| {
                let coordinator = coordinator.clone();
                spawn(async move {
                    let work = Work::new(|_| async { anyhow::Ok(()) });
                    coordinator.submit(work, Strategy::Async).await.unwrap().join().await.unwrap();
                })
            };
            let (one, given_up, other) = (submit(&coordinator), submit(&coordinator), submit(&coordinator));
            given_up.abort();
            one.await.unwrap();
            other.await.unwrap();
            // One that was taken before it was given up goes on by itself.
            is_at_rest(&coordinator).await;
            coordinator.submit(Work::new(|_| async { anyhow::Ok(()) }), Strategy::Async).await.unwrap().join().await.unwrap();
        })
    });
}

/// Shut down while work is submitted and runs: what was taken closes, and nothing is open afterwards.
#[test]
fn a_shutdown_leaves_nothing_open() {
    explore(|| {
        Box::pin(async {
            let coordinator = coordinator(1, 1);
            let submitting = spawn({
                let coordinator = coordinator.clone();
                async move {
                    let mut ended = Vec::new();
                    for _ in 0..2 {
                        let work: Work<()> = Work::new(|_| std::future::pending::<anyhow::Result<()>>());
                        match coordinator.submit(work, Strategy::Async).await {
                            Ok(handle) => ended.push(handle),
                            Err(error) => assert!(matches!(error, nebulakit::coordinator::SubmitError::Closed), "{error}"),
                        }
                    }
                    ended
                }
            });
            let report = coordinator.shutdown(Duration::ZERO).await;
            assert_eq!((report.drained, report.lost), (0, 0));
            assert!(coordinator.system_detail().open.is_empty());
            for handle in submitting.await.unwrap() {
                assert!(matches!(handle.join().await, Err(JobError::Cancelled(CancelReason::Shutdown))));
            }
            is_at_rest(&coordinator).await;
        })
    });
}

/// One key from several sides: one job, and its value for all.
#[test]
fn a_key_is_one_job_whoever_is_first() {
    explore(|| {
        Box::pin(async {
            let coordinator = coordinator(1, 1);
            let runs = Arc::new(AtomicUsize::new(0));
            let mut handles = Vec::new();
            for _ in 0..3 {
                let (coordinator, runs) = (coordinator.clone(), Arc::clone(&runs));
                let work = Work::new(move |_| {
                    let run = runs.fetch_add(1, Ordering::SeqCst);
                    async move { anyhow::Ok(run) }
                });
                handles.push(spawn(async move {
                    *coordinator.submit(work.idempotency_key("k"), Strategy::Async).await.unwrap().join().await.unwrap()
                }));
            }
            for handle in handles {
                assert_eq!(handle.await.unwrap(), 0);
            }
            assert_eq!(runs.load(Ordering::SeqCst), 1);
            is_at_rest(&coordinator).await;
        })
    });
}

/// A retry whose pause is nothing, cancelled at any moment.
#[test]
fn a_retry_is_cancelled_at_any_moment() {
    explore(|| {
        Box::pin(async {
            let coordinator = coordinator(1, 1);
            let work: Work<()> = Work::new(|_| async {
                yield_now().await;
                Err(nebulakit::TaskError::recoverable(anyhow::anyhow!("again")))
            });
            let handle = coordinator.submit(work.retry(Retry::fixed(1, Duration::ZERO)), Strategy::Async).await.unwrap();
            let other = coordinator.submit(Work::new(|_| async { anyhow::Ok(()) }), Strategy::Async).await.unwrap();
            let id = handle.id().clone();
            let cancelling = spawn({
                let coordinator = coordinator.clone();
                async move { coordinator.cancel(&id) }
            });
            let error = handle.join().await.unwrap_err();
            assert!(matches!(error, JobError::Failed(_) | JobError::Cancelled(CancelReason::Caller)), "{error}");
            other.join().await.unwrap();
            cancelling.await.unwrap();
            is_at_rest(&coordinator).await;
        })
    });
}
