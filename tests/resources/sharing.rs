//! Several coordinators, in this process and others, with one set of limits.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use nebulakit::coordinator::{Coordinator, CoordinatorBuilder, JobContext, JobState, Resource, Strategy, SubmitError, Work};
use tokio::sync::Notify;

use crate::{held, soon, taken};

/// The program of the workers.
const WORKER: &str = env!("CARGO_BIN_EXE_worker");

fn builder(folder: &Path) -> CoordinatorBuilder {
    Coordinator::builder().cores(2.0).memory(100).gpus(["0", "1"]).tokens("licences", 1).shared_limits(folder)
}

/// Until the job is in that state.
async fn until(coordinator: &Coordinator, job: &str, is_there: impl Fn(&JobState) -> bool) {
    soon(async {
        while !is_there(coordinator.job(&job.into()).unwrap().state()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn runs(state: &JobState) -> bool {
    matches!(state, JobState::Running { .. })
}

/// Until nothing is taken any more: what a job gives back is free a moment after its end.
async fn nothing_is_taken(coordinator: &Coordinator) {
    soon(async {
        while coordinator.system_detail().resources.iter().any(|resource| resource.taken > 0.0) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_one_coordinator_s_jobs_hold_is_not_there_for_another_s() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = [(); 2].map(|()| builder(folder.path()).build());
    let ways: [fn(Work<()>) -> Work<()>; 3] = [|work| work.cores(1.5), |work| work.memory(60), |work| work.tokens("licences", 1)];
    for asking in ways {
        let end = Arc::new(Notify::new());
        let first = one.submit(asking(held(&end)), Strategy::Async).await.unwrap();
        until(&one, &first.id().to_string(), runs).await;
        let second = other.submit(asking(Work::new(|_| async { anyhow::Ok(()) })), Strategy::Async).await.unwrap();
        looked(&other, |work| work.cores(0.25)).await;
        assert_eq!(*other.job(second.id()).unwrap().state(), JobState::Queued);
        end.notify_one();
        soon(first.join()).await.unwrap();
        soon(second.join()).await.unwrap();
    }
    nothing_is_taken(&one).await;
    nothing_is_taken(&other).await;
}

#[tokio::test]
async fn gpus_are_shared_by_their_ids() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = [(); 2].map(|()| builder(folder.path()).build());
    let end = Arc::new(Notify::new());
    let first = one.submit(held(&end).gpus(1), Strategy::Async).await.unwrap();
    until(&one, &first.id().to_string(), runs).await;
    let ids = Work::new(|ctx: JobContext| async move { anyhow::Ok(ctx.gpus().join(" ")) });
    let second = other.submit(ids.gpus(1), Strategy::Async).await.unwrap();
    assert_eq!(soon(second.join()).await.unwrap(), "1");
    assert_eq!(taken(&one, &Resource::Gpus), 1.0);
    end.notify_one();
    soon(first.join()).await.unwrap();
    let both = Work::new(|ctx: JobContext| async move { anyhow::Ok(ctx.gpus().join(" ")) });
    let both = other.submit(both.gpus(2), Strategy::Async).await.unwrap();
    assert_eq!(soon(both.join()).await.unwrap(), "0 1");
}

/// Until the coordinator has looked for what those need that wait: one that fits and came after them is over.
async fn looked(coordinator: &Coordinator, asking: impl Fn(Work<()>) -> Work<()>) {
    let work = asking(Work::new(|_| async { anyhow::Ok(()) }));
    soon(coordinator.submit(work, Strategy::Async).await.unwrap().join()).await.unwrap();
}

/// A job that waits for a child lends its cores to the others too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lent_is_shared() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = [(); 2].map(|()| builder(folder.path()).build());
    let end = Arc::new(Notify::new());
    let wait = Arc::clone(&end);
    let parent = Work::new(move |ctx: JobContext| {
        let child = held(&wait).id("child");
        async move { ctx.call(child, Strategy::Async).await }
    });
    let parent = one.submit(parent.cores(2.0).memory(60), Strategy::Async).await.unwrap();
    soon(async {
        while one.job(&"child".into()).is_none() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let between = other.submit(Work::new(|_| async { anyhow::Ok(()) }).cores(2.0).memory(40), Strategy::Async).await.unwrap();
    soon(between.join()).await.unwrap();
    end.notify_one();
    soon(parent.join()).await.unwrap();
    nothing_is_taken(&one).await;
}

/// Small jobs of one do not starve a large one of another.
#[tokio::test]
async fn a_large_job_gets_its_turn_beside_another_s_small_ones() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = [(); 2].map(|()| builder(folder.path()).build());
    let small = || {
        let work = Work::new(|_| async {
            crate::settled().await;
            anyhow::Ok(())
        });
        work.cores(0.5)
    };
    // Some always wait, so that what one gives back could go to the next at once.
    let streaming = one.clone();
    let stream = tokio::spawn(async move {
        let mut running = std::collections::VecDeque::new();
        loop {
            running.push_back(streaming.submit(small(), Strategy::Async).await.unwrap());
            if running.len() > 16 {
                soon(running.pop_front().unwrap().join()).await.unwrap();
            }
        }
    });
    let large = Work::new(|_| async { anyhow::Ok(()) }).cores(2.0);
    soon(other.submit(large, Strategy::Async).await.unwrap().join()).await.unwrap();
    stream.abort();
}

/// Another process, whose job holds everything until it is killed.
fn holder(folder: &Path) -> Child {
    let mut child = Command::new(WORKER).arg("shares").arg(folder).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "holds\n");
    child
}

#[tokio::test]
async fn what_a_process_held_that_was_killed_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let own = builder(folder.path()).build();
    for _ in 0..2 {
        let mut child = holder(folder.path());
        let job = own.submit(Work::new(|_| async { anyhow::Ok(()) }).cores(1.0).tokens("licences", 1), Strategy::Async).await.unwrap();
        looked(&own, |work| work.gpus(1)).await;
        assert_eq!(*own.job(job.id()).unwrap().state(), JobState::Queued);
        child.kill().unwrap();
        soon(job.join()).await.unwrap();
        child.wait().unwrap();
    }
    // The files of those that are gone are removed, and this coordinator's own goes with it.
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files(), 2);
    drop(own);
    soon(async {
        while files() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn limits_that_cannot_be_shared_are_told() {
    let coordinator = builder(Path::new("/dev/null/no/folder")).build();
    let error = coordinator.submit(held(&Arc::default()).cores(1.0), Strategy::Async).await.unwrap_err();
    assert!(matches!(error, SubmitError::Unshared(_)));
    assert!(error.to_string().starts_with("the limits cannot be shared in `/dev/null/no/folder`: "), "{error}");
    // What needs nothing runs.
    soon(coordinator.submit(Work::new(|_| async { anyhow::Ok(()) }), Strategy::Async).await.unwrap().join()).await.unwrap();
}
