//! R11, C16 to C20: jobs that wait for jobs, with few slots.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use nebulakit::coordinator::{AsyncStrategy, Coordinator, JobContext, JobError, Strategy, SubmitError, ThreadStrategy, Work};
use tokio::sync::Notify;

use crate::{giving, joined, soon, until};

/// The number of leaves of a tree of that depth, with `width` children at each node.
fn tree(depth: u32, width: u64, at_once: bool) -> Work<u64> {
    Work::new(move |ctx: JobContext| -> Pin<Box<dyn Future<Output = Result<u64, JobError>> + Send>> {
        Box::pin(async move {
            if depth == 0 {
                return Ok(1);
            }
            let calls = (0..width).map(|_| ctx.call(tree(depth - 1, width, at_once), Strategy::Async));
            if at_once {
                return Ok(try_join_all(calls).await?.iter().sum());
            }
            let mut leaves = 0;
            for call in calls {
                leaves += call.await?;
            }
            Ok(leaves)
        })
    })
}

/// R11.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nested_with_limit_one() {
    for slots in [1, 2, 3] {
        for at_once in [false, true] {
            let coordinator = Coordinator::builder().strategy(Strategy::Async, AsyncStrategy::with_slots(slots)).build();
            assert_eq!(joined(&coordinator, tree(4, 3, at_once)).await.unwrap(), 81, "{slots} {at_once}");
            assert_eq!(joined(&coordinator, tree(10, 1, at_once)).await.unwrap(), 1, "{slots} {at_once}");
            let detail = coordinator.system_detail();
            assert_eq!((detail.strategies[0].taken, detail.strategies[0].waiting, detail.open.len()), (0, 0, 0), "{slots} {at_once}");
        }
    }
}

/// C20.
#[tokio::test]
async fn no_deadlock_nested() {
    let coordinator = Coordinator::new();
    assert_eq!(joined(&coordinator, tree(7, 3, true)).await.unwrap(), 3_u64.pow(7));
}

/// Threads that wait for their children lend their slots, so one slot is enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_that_wait_lend_their_slots() {
    fn chain(depth: u32) -> Work<u32> {
        Work::blocking(move |ctx: JobContext| {
            if depth == 0 {
                return Ok(0);
            }
            let runtime = tokio::runtime::Builder::new_current_thread().build()?;
            anyhow::Ok(1 + runtime.block_on(ctx.call(chain(depth - 1), Strategy::Thread))?)
        })
    }
    let coordinator = Coordinator::builder().strategy(Strategy::Thread, ThreadStrategy::with_slots(1)).build();
    let handle = coordinator.submit(chain(8), Strategy::Thread).await.unwrap();
    // Each child's driver is on the runtime of its parent's thread, which runs while the parent waits.
    assert_eq!(soon(handle.join()).await.unwrap(), 8);
    assert_eq!(coordinator.system_detail().strategies[1].taken, 0);
}

/// C16: the errors of many children at once, in order.
#[tokio::test]
async fn parallel_errors_collected() {
    let coordinator = Coordinator::new();
    let work = Work::new(|ctx: JobContext| async move {
        let calls = (0..60).map(|number| {
            let child: Work<u32> =
                Work::new(move |_| async move { if number % 2 == 0 { Ok(number) } else { Err(anyhow::anyhow!("{number}")) } });
            ctx.call(child, Strategy::Async)
        });
        let ended = futures_util::future::join_all(calls).await;
        anyhow::Ok(ended.into_iter().map(|ended| ended.map_err(|error| error.to_string())).collect::<Vec<_>>())
    });
    let ended = joined(&coordinator, work).await.unwrap();
    let expected: Vec<_> = (0..60).map(|number| if number % 2 == 0 { Ok(number) } else { Err(number.to_string()) }).collect();
    assert_eq!(ended, expected);
}

/// A child that is not waited for goes on when its parent succeeds.
#[tokio::test]
async fn a_spawned_child_outlives_a_parent_that_succeeds() {
    let coordinator = Coordinator::new();
    let release = Arc::new(Notify::new());
    let wait = Arc::clone(&release);
    let work = Work::new(move |ctx: JobContext| {
        let wait = Arc::clone(&wait);
        async move {
            let child = Work::new(move |_| {
                let wait = Arc::clone(&wait);
                async move {
                    wait.notified().await;
                    anyhow::Ok(())
                }
            });
            anyhow::Ok(ctx.spawn(child, Strategy::Async)?)
        }
    });
    let child = joined(&coordinator, work).await.unwrap();
    assert!(!child.is_finished());
    release.notify_one();
    soon(child.join()).await.unwrap();
    assert_eq!(soon(coordinator.shutdown(Duration::from_secs(30))).await.cancelled, 0);
}

/// Work that says that it began, and ends when it is told to.
fn held(began: &Arc<Notify>, end: &Arc<Notify>) -> Work<()> {
    let (began, end) = (Arc::clone(began), Arc::clone(end));
    Work::new(move |_| {
        let (began, end) = (Arc::clone(&began), Arc::clone(&end));
        async move {
            began.notify_one();
            end.notified().await;
            anyhow::Ok(())
        }
    })
}

/// One call is over and waits for the slot; another one begins meanwhile, whose child needs it.
#[tokio::test]
async fn a_call_that_begins_while_another_waits_for_the_slot_has_it_lent_again() {
    let coordinator = Coordinator::builder().strategy(Strategy::Async, AsyncStrategy::with_slots(1)).build();
    let [began, end, go] = [(); 3].map(|()| Arc::new(Notify::new()));
    let next = Arc::clone(&go);
    let parent = Work::new(move |ctx: JobContext| {
        let next = Arc::clone(&next);
        async move {
            let later = async {
                next.notified().await;
                ctx.call(giving(2).id("later"), Strategy::Async).await
            };
            let (one, other) = tokio::join!(ctx.call(giving(1).id("sooner"), Strategy::Async), later);
            anyhow::Ok(one? + other?)
        }
    });
    let parent = coordinator.submit(parent, Strategy::Async).await.unwrap();
    let between = coordinator.submit(held(&began, &end), Strategy::Async).await.unwrap();
    // It has the slot that the first call lent, when that call is over.
    soon(began.notified()).await;
    while coordinator.system_detail().strategies[0].waiting == 0 {
        tokio::task::yield_now().await;
    }
    go.notify_one();
    while coordinator.job(&"later".into()).is_none() {
        tokio::task::yield_now().await;
    }
    end.notify_one();
    soon(between.join()).await.unwrap();
    assert_eq!(soon(parent.join()).await.unwrap(), 3);
    assert_eq!(coordinator.system_detail().strategies[0].taken, 0);
}

/// A thread whose call is over waits for its slot, and is given up: it does not wait for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_that_waits_for_its_slot_ends_when_it_is_given_up() {
    let coordinator = Coordinator::builder().strategy(Strategy::Thread, ThreadStrategy::with_slots(1)).grace(Duration::ZERO).build();
    let [began, end, taken] = [(); 3].map(|()| Arc::new(Notify::new()));
    let call = Arc::clone(&taken);
    let parent = Work::new(move |ctx: JobContext| {
        let call = until(&call);
        async move { ctx.call(call, Strategy::Async).await }
    });
    let parent = coordinator.submit(parent, Strategy::Thread).await.unwrap();
    let between = coordinator.submit(held(&began, &end), Strategy::Thread).await.unwrap();
    // The call is over when somebody else has the slot, whoever is quicker.
    soon(began.notified()).await;
    taken.notify_one();
    while coordinator.system_detail().strategies[1].waiting == 0 {
        tokio::task::yield_now().await;
    }
    parent.cancel();
    soon(parent.join()).await.unwrap_err();
    soon(async {
        while coordinator.system_detail().abandoned > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    end.notify_one();
    soon(between.join()).await.unwrap();
}

#[tokio::test]
async fn a_child_has_no_key_of_its_own() {
    let coordinator = Coordinator::new();
    let work = Work::new(|job: JobContext| async move {
        let child = Work::new(|_| async { anyhow::Ok(1) }).idempotency_key("mine");
        let error = job.spawn(child, Strategy::Async).unwrap_err();
        assert!(matches!(error, SubmitError::KeyOfChild(_)));
        anyhow::Ok(error.to_string())
    });
    let said = joined(&coordinator, work).await.unwrap();
    assert!(said.starts_with("a child of a job has no idempotency key of its own, and `mine` was given"), "{said}");
}
