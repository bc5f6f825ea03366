//! R10, R13, R15, I5, I6, D11: room for jobs, and the order in which they run.

use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use nebulakit::coordinator::{AsyncStrategy, Coordinator, Priority, RequestId, Resource, Resources, Strategy, SubmitError, WaitsFor, Work};
use tokio::sync::Notify;

use crate::{endless, giving, joined, soon};

/// R10.
#[tokio::test]
async fn submit_waits_when_full() {
    let coordinator = Coordinator::builder().max_open(1).build();
    let first = coordinator.submit(endless(), Strategy::Async).await.unwrap();

    // One that is dropped while it waits leaves nothing.
    {
        let mut waiting = std::pin::pin!(coordinator.submit(giving(0).id("given up"), Strategy::Async));
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
    }
    let second = tokio::spawn({
        let coordinator = coordinator.clone();
        async move { coordinator.submit(giving(2), Strategy::Async).await.unwrap().join().await }
    });
    tokio::task::yield_now().await;
    assert!(!second.is_finished());
    first.cancel();
    assert_eq!(soon(second).await.unwrap().unwrap(), 2);
    assert!(coordinator.job(&"given up".into()).is_none());
    assert_eq!(coordinator.system_detail().counts.submitted, 2);
}

/// R10: what there is no room for comes back.
#[tokio::test]
async fn try_submit_full() {
    let coordinator = Coordinator::builder().max_open(1).build();
    let first = coordinator.try_submit(endless(), Strategy::Async).unwrap();
    let refused = coordinator.try_submit(giving(7).id("seven"), Strategy::Async).unwrap_err();
    assert!(matches!(refused.error, SubmitError::Full));
    assert_eq!(refused.to_string(), "the coordinator has as many open jobs as it may have");
    first.cancel();
    soon(first.join()).await.unwrap_err();
    let handle = coordinator.try_submit(refused.work.unwrap(), Strategy::Async).unwrap();
    assert_eq!((handle.id().to_string().as_str(), soon(handle.join()).await.unwrap()), ("seven", 7));
}

#[tokio::test]
async fn no_more_run_at_once_than_there_are_slots() {
    let coordinator = Coordinator::builder().strategy(Strategy::Async, AsyncStrategy::with_slots(3)).build();
    let running = Arc::new(Mutex::new((0, 0)));
    let mut handles = Vec::new();
    for _ in 0..50 {
        let running = Arc::clone(&running);
        let work = Work::new(move |_| {
            let running = Arc::clone(&running);
            async move {
                {
                    let mut running = running.lock().unwrap();
                    running.0 += 1;
                    running.1 = running.1.max(running.0);
                }
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
                running.lock().unwrap().0 -= 1;
                anyhow::Ok(())
            }
        });
        handles.push(coordinator.submit(work, Strategy::Async).await.unwrap());
    }
    for handle in handles {
        soon(handle.join()).await.unwrap();
    }
    assert_eq!(*running.lock().unwrap(), (0, 3));
    assert_eq!(coordinator.system_detail().strategies[0].taken, 0);
}

#[tokio::test]
async fn one_bound_holds_for_all_strategies_together() {
    let coordinator = Coordinator::builder().jobs(2).cores(8.0).build();
    let (open, closed) = std::sync::mpsc::channel::<()>();
    let closed = Arc::new(Mutex::new(closed));
    let free = Arc::new(tokio::sync::Notify::new());
    let mut handles = Vec::new();
    for _ in 0..2 {
        let (closed, free) = (Arc::clone(&closed), Arc::clone(&free));
        let waits = Work::new(move |_| {
            let free = Arc::clone(&free);
            async move {
                free.notified().await;
                anyhow::Ok(())
            }
        });
        let blocks = Work::blocking(move |_| {
            let _ = closed.lock().unwrap().recv();
            anyhow::Ok(())
        });
        handles.push(coordinator.submit(waits, Strategy::Async).await.unwrap());
        handles.push(coordinator.submit(blocks, Strategy::Thread).await.unwrap());
    }
    let waiting = || handles.iter().filter(|handle| coordinator.waits_for(handle.id()) == Some(WaitsFor::Jobs)).count();
    let running = coordinator.system_detail().strategies.iter().map(|strategy| strategy.taken).sum::<usize>();
    assert_eq!((running, waiting()), (2, 2));
    drop(open);
    while coordinator.system_detail().counts.succeeded < 4 {
        free.notify_waiters();
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_queued_job_tells_what_it_waits_for() {
    let coordinator =
        Coordinator::builder().cores(2.0).memory(100).tokens("licences", 1).strategy(Strategy::Async, AsyncStrategy::with_slots(1));
    let coordinator = coordinator.build();
    let (open, closed) = std::sync::mpsc::channel::<()>();
    let closed = Arc::new(Mutex::new(closed));
    let blocks = |resources: Resources| {
        let closed = Arc::clone(&closed);
        Work::blocking(move |_| {
            let _ = closed.lock().unwrap().recv();
            anyhow::Ok(())
        })
        .resources(resources)
    };
    let first = coordinator.submit(blocks(Resources::new().memory(60).tokens("licences", 1)), Strategy::Thread).await.unwrap();
    let second = coordinator.submit(blocks(Resources::new().cores(2.0).memory(60).tokens("licences", 1)), Strategy::Thread).await.unwrap();
    let pending = || Work::new(|_| std::future::pending::<anyhow::Result<()>>());
    let third = coordinator.submit(pending(), Strategy::Async).await.unwrap();
    let fourth = coordinator.submit(pending(), Strategy::Async).await.unwrap();
    let waits = |handle: &RequestId| coordinator.waits_for(handle);
    assert_eq!(waits(first.id()), None);
    let missing = vec![Resource::Cores, Resource::Memory, Resource::Tokens("licences".into())];
    assert_eq!(waits(second.id()), Some(WaitsFor::Resources(missing)));
    assert_eq!(waits(third.id()), None);
    assert_eq!(waits(fourth.id()), Some(WaitsFor::Slots { strategy: "async".to_owned() }));
    assert_eq!(waits(second.id()).unwrap().to_string(), "cores, memory, tokens `licences`");
    drop(open);
}

/// High goes before low; the unit tests of the queue have ageing, fairness and children.
#[tokio::test]
async fn priorities_decide_who_is_next() {
    let coordinator = Coordinator::builder().strategy(Strategy::Async, AsyncStrategy::with_slots(1)).build();
    let (release, order) = (Arc::new(Notify::new()), Arc::new(Mutex::new(Vec::new())));
    let wait = Arc::clone(&release);
    let first = Work::new(move |_| {
        let wait = Arc::clone(&wait);
        async move {
            wait.notified().await;
            anyhow::Ok(())
        }
    });
    let mut handles = vec![coordinator.submit(first, Strategy::Async).await.unwrap()];
    for (name, priority) in [("low", Priority::Low), ("normal", Priority::Normal), ("high", Priority::High)] {
        let order = Arc::clone(&order);
        let work = Work::new(move |_| {
            order.lock().unwrap().push(name);
            async { anyhow::Ok(()) }
        });
        handles.push(coordinator.submit(work.priority(priority), Strategy::Async).await.unwrap());
    }
    release.notify_one();
    for handle in handles {
        soon(handle.join()).await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), ["high", "normal", "low"]);
}

/// R13, through the coordinator.
#[tokio::test]
async fn history_is_bounded_and_counts_are_exact() {
    let coordinator = Coordinator::builder().history(100, None).build();
    for number in 0..5_000 {
        assert_eq!(joined(&coordinator, giving(number)).await.unwrap(), number);
    }
    let detail = coordinator.system_detail();
    assert_eq!((detail.open.len(), detail.closed.len(), detail.counts.succeeded), (0, 100, 5_000));
}

/// R15, D13: who waits is not woken before there is something to see. Each wake would poll the future once.
#[tokio::test]
async fn who_waits_is_left_alone() {
    let coordinator = Coordinator::new();
    let handle = coordinator.submit(endless(), Strategy::Async).await.unwrap();
    let polls = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let waiting = tokio::spawn({
        let (polls, mut join) = (Arc::clone(&polls), Box::pin(handle.join()));
        std::future::poll_fn(move |context| {
            polls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            std::future::Future::poll(join.as_mut(), context)
        })
    });
    for _ in 0..1_000 {
        joined(&coordinator, giving(1)).await.unwrap();
    }
    let open = coordinator.system_detail().open[0].id().clone();
    coordinator.cancel(&open);
    soon(waiting).await.unwrap().unwrap_err();
    assert_eq!(polls.load(std::sync::atomic::Ordering::Relaxed), 2);
}

/// A wait that is given up takes its waker along, whether it is the only one, one of many, or the first of them.
#[tokio::test]
async fn a_wait_that_is_given_up_leaves_nothing() {
    let coordinator = Coordinator::new();
    let keyed = || endless().idempotency_key("one");
    let mut kept = Box::pin(coordinator.submit(keyed(), Strategy::Async).await.unwrap().join());
    for is_second in [false, true] {
        for _ in 0..100 {
            let waker = Arc::new(Deaf);
            let mut wait = Box::pin(coordinator.submit(keyed(), Strategy::Async).await.unwrap().join());
            let std::task::Poll::Pending = wait.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&waker)))) else {
                panic!("what never ends has ended")
            };
            assert!(Arc::strong_count(&waker) > 1, "it is woken");
            drop(wait);
            assert_eq!(Arc::strong_count(&waker), 1);
        }
        if !is_second {
            assert!(futures_util::poll!(kept.as_mut()).is_pending());
        }
    }
    // Those that stay are woken all the same.
    coordinator.cancel(&coordinator.system_detail().open[0].id().clone());
    soon(kept).await.unwrap_err();
}

struct Deaf;

impl std::task::Wake for Deaf {
    fn wake(self: Arc<Self>) {}
}

#[tokio::test]
async fn a_coordinator_that_is_dropped_lets_its_jobs_go_on() {
    let coordinator = Coordinator::new();
    let handle = coordinator.submit(giving(3), Strategy::Async).await.unwrap();
    drop(coordinator);
    assert_eq!(soon(handle.join()).await.unwrap(), 3);
}

#[tokio::test]
async fn work_can_be_awaited_by_its_handle() {
    let coordinator = Coordinator::new();
    assert_eq!(soon(coordinator.submit(giving(4), Strategy::Async).await.unwrap().into_future()).await.unwrap(), 4);
    soon(coordinator.shutdown(Duration::ZERO)).await;
}
