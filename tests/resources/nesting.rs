//! Jobs that wait for jobs: what is lent meanwhile, and what is kept.

use std::pin::Pin;
use std::sync::Arc;

use nebulakit::coordinator::{AsyncStrategy, Coordinator, JobContext, JobError, Resource, Strategy, SubmitError, ThreadStrategy, Work};
use tokio::sync::Notify;

use crate::{held, nothing_is_taken, settled, soon, taken};

/// How deep it is called, each time with all cores.
fn chain(depth: u32) -> Work<u32> {
    let work = Work::new(move |ctx: JobContext| -> Pin<Box<dyn Future<Output = Result<u32, JobError>> + Send>> {
        Box::pin(async move { if depth == 0 { Ok(0) } else { Ok(1 + ctx.call(chain(depth - 1), Strategy::Thread).await?) } })
    });
    work.cores(2.0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cores_are_lent_to_those_that_are_waited_for() {
    let coordinator = Coordinator::builder().strategy(Strategy::Thread, ThreadStrategy::with_slots(1)).cores(2.0).build();
    assert_eq!(soon(coordinator.submit(chain(6), Strategy::Thread).await.unwrap().join()).await.unwrap(), 6);
    nothing_is_taken(&coordinator);
}

/// It would wait for what its parent gives back only after it.
#[tokio::test]
async fn a_child_that_does_not_fit_beside_its_parent_is_refused() {
    let coordinator = Coordinator::builder().memory(100 << 20).gpus(["0", "1"]).tokens("licences", 1).build();
    let work = Work::new(|ctx: JobContext| async move {
        let child = || Work::new(|ctx| async move { anyhow::Ok(ctx.gpus().join(" ")) });
        let error = ctx.call(child().memory(41 << 20), Strategy::Async).await.unwrap_err();
        let refused = error.downcast_ref::<SubmitError>().map(ToString::to_string);
        let token = ctx.call(child().tokens("licences", 1), Strategy::Async).await.unwrap_err();
        assert!(matches!(token.downcast_ref(), Some(SubmitError::NeverFits { resource: Resource::Tokens(_), .. })), "{token}");
        // One level down, both keep what they have.
        let between = Work::new(move |ctx: JobContext| async move {
            let child = Work::new(|_| async { anyhow::Ok(()) }).memory(31 << 20);
            anyhow::Ok(ctx.call(child, Strategy::Async).await.unwrap_err().to_string())
        });
        let deeper = ctx.call(between.memory(10 << 20), Strategy::Async).await?;
        anyhow::Ok((refused, deeper, ctx.call(child().memory(40 << 20).gpus(1), Strategy::Async).await?))
    });
    let work = work.memory(60 << 20).gpus(1).tokens("licences", 1);
    let (refused, deeper, gpu) = soon(coordinator.submit(work, Strategy::Async).await.unwrap().join()).await.unwrap();
    let refused = refused.unwrap();
    assert!(
        refused.starts_with(
            "the job asks for 41Mi of memory, and the limit is 100Mi of memory, of which the jobs that wait for it keep 60Mi of memory: it would \
             wait for ever"
        ),
        "{refused}"
    );
    assert!(deeper.contains("asks for 31Mi of memory") && deeper.contains("keep 70Mi of memory"), "{deeper}");
    assert_eq!(gpu, "1");
    nothing_is_taken(&coordinator);
}

/// One that is not waited for may begin when its parent is over.
#[tokio::test]
async fn a_child_that_is_not_waited_for_comes_after_its_parent() {
    let coordinator = Coordinator::builder().memory(100).build();
    let work = Work::new(|ctx: JobContext| async move {
        let child = Work::new(|ctx| async move { anyhow::Ok(ctx.granted().memory()) }).memory(50);
        anyhow::Ok(ctx.spawn(child, Strategy::Async)?)
    });
    let child = soon(coordinator.submit(work.memory(60), Strategy::Async).await.unwrap().join()).await.unwrap();
    assert_eq!(soon(child.join()).await.unwrap(), Some(50));
}

/// A parent that waits lends its cores and keeps the rest.
#[tokio::test]
async fn memory_is_not_lent() {
    let coordinator = Coordinator::builder().strategy(Strategy::Async, AsyncStrategy::with_slots(1)).cores(4.0).memory(100).build();
    let end = Arc::new(Notify::new());
    let child = Arc::clone(&end);
    let parent = Work::new(move |ctx: JobContext| {
        let child = held(&child).cores(1.0).memory(10);
        async move { ctx.call(child, Strategy::Async).await }
    });
    let parent = coordinator.submit(parent.cores(4.0).memory(60), Strategy::Async).await.unwrap();
    settled().await;
    assert_eq!((taken(&coordinator, &Resource::Cores), taken(&coordinator, &Resource::Memory)), (1.0, 70.0));
    end.notify_one();
    soon(parent.join()).await.unwrap();
    nothing_is_taken(&coordinator);
}

/// A call that is given up gives the parent its cores back at once, and what the parent holds comes back with its end.
#[tokio::test]
async fn a_call_that_is_given_up_leaves_nothing_taken() {
    let coordinator = Coordinator::builder().cores(1.0).memory(100).build();
    let parent = Work::new(|ctx: JobContext| async move {
        let endless = Work::new(|_| std::future::pending::<anyhow::Result<()>>()).cores(1.0).memory(10);
        let call = ctx.call(endless, Strategy::Async);
        tokio::select! {
            _ = call => {}
            () = settled() => {}
        }
        anyhow::Ok(ctx.granted().memory())
    });
    let parent = coordinator.submit(parent.cores(1.0).memory(60), Strategy::Async).await.unwrap();
    assert_eq!(soon(parent.join()).await.unwrap(), Some(60));
    settled().await;
    nothing_is_taken(&coordinator);
    // One that is cancelled while it has lent its cores, too.
    let parent = Work::new(|ctx: JobContext| async move {
        ctx.call(Work::new(|_| std::future::pending::<anyhow::Result<()>>()).cores(1.0).memory(10), Strategy::Async).await
    });
    let parent = coordinator.submit(parent.cores(1.0).memory(60), Strategy::Async).await.unwrap();
    settled().await;
    parent.cancel();
    soon(parent.join()).await.unwrap_err();
    settled().await;
    nothing_is_taken(&coordinator);
}

/// Each keeps what the other's child needs: one of the children is given up, and all others come to their end.
#[tokio::test]
async fn jobs_that_wait_for_each_other_do_not_wait_for_ever() {
    let coordinator = Coordinator::builder().memory(100).build();
    // One that has nothing to do with it goes on all the time.
    let unrelated = coordinator.submit(Work::new(|_| std::future::pending::<anyhow::Result<()>>()), Strategy::Async).await.unwrap();
    let all = Arc::new(tokio::sync::Barrier::new(2));
    let mut parents = Vec::new();
    for _ in 0..2 {
        let all = Arc::clone(&all);
        let work = Work::new(move |ctx: JobContext| {
            let all = Arc::clone(&all);
            async move {
                all.wait().await;
                ctx.call(Work::new(|_| async { anyhow::Ok(()) }).memory(30), Strategy::Async).await
            }
        });
        parents.push(coordinator.submit(work.memory(40), Strategy::Async).await.unwrap());
    }
    let mut said = Vec::new();
    for parent in parents {
        said.extend(soon(parent.join()).await.err().map(|error| error.to_string()));
    }
    let [said] = said.as_slice() else { panic!("{said:?}") };
    assert!(said.contains("none of them would ever begin"), "{said}");
    unrelated.cancel();
    soon(unrelated.join()).await.unwrap_err();
    nothing_is_taken(&coordinator);
}

/// One whose parent's other child still runs, which holds nothing, is not given up.
#[tokio::test]
async fn a_job_that_waits_for_one_that_goes_on_is_not_given_up() {
    let coordinator = Coordinator::builder().memory(100).build();
    let end = Arc::new(Notify::new());
    let wait = Arc::clone(&end);
    let holder = Work::new(move |ctx: JobContext| {
        let child = held(&wait);
        async move { ctx.call(child, Strategy::Async).await }
    });
    let holder = coordinator.submit(holder.memory(60), Strategy::Async).await.unwrap();
    let parent =
        Work::new(|ctx: JobContext| async move { ctx.call(Work::new(|_| async { anyhow::Ok(()) }).memory(60), Strategy::Async).await });
    let parent = coordinator.submit(parent.memory(10), Strategy::Async).await.unwrap();
    settled().await;
    assert_eq!(coordinator.system_detail().strategies[0].waiting, 1);
    end.notify_one();
    soon(holder.join()).await.unwrap();
    soon(parent.join()).await.unwrap();
    nothing_is_taken(&coordinator);
}
