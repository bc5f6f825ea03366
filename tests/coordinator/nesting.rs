//! R11, C16 to C20: jobs that wait for jobs, with few slots.

use std::pin::Pin;
use std::time::Duration;

use futures_util::future::try_join_all;
use nebulakit::coordinator::{AsyncStrategy, Coordinator, JobContext, JobError, Strategy, ThreadStrategy, Work};

use crate::{joined, soon};

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
    let release = std::sync::Arc::new(tokio::sync::Notify::new());
    let wait = std::sync::Arc::clone(&release);
    let work = Work::new(move |ctx: JobContext| {
        let wait = std::sync::Arc::clone(&wait);
        async move {
            let child = Work::new(move |_| {
                let wait = std::sync::Arc::clone(&wait);
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
