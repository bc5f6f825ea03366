//! Tasks of the registry as work: in each strategy, with their options, their calls and their errors.

use std::time::Duration;

use nebulakit::Context;
use nebulakit::coordinator::{Coordinator, EventKind, JobContext, JobError, Overflow, Retry, Strategy, Work};
use nebulakit::prelude::*;

use crate::{soon, until_finished, words};

/// Divides.
#[task]
fn divider(a: f64, b: f64) -> anyhow::Result<f64> {
    anyhow::ensure!(b != 0.0, "cannot divide {a} by zero");
    Ok(a / b)
}

#[task]
async fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[task(retries = 2)]
async fn flaky(ctx: Context, failures: i64) -> anyhow::Result<i64> {
    let attempt = i64::from(ctx.attempt());
    Err(anyhow::anyhow!("attempt {attempt}")).recoverable().or_else(|error| if attempt < failures { Err(error) } else { Ok(attempt) })
}

#[task]
async fn sum(ctx: Context, xs: Vec<i64>) -> anyhow::Result<i64> {
    let mut total = 0;
    let count = xs.len() as u64;
    for (index, x) in xs.into_iter().enumerate() {
        total = add::call(&ctx, total, x).await?;
        ctx.progress(index as u64 + 1, count);
    }
    Ok(total)
}

#[task]
fn save(ctx: Context, text: String) -> anyhow::Result<File> {
    let path = ctx.working_directory()?.join("text.txt");
    std::fs::write(&path, text)?;
    Ok(File::from_path(path))
}

#[task(timeout = "50ms")]
async fn endless() -> anyhow::Result<()> {
    std::future::pending().await
}

#[task]
async fn oh() {
    panic!("oh")
}

fn coordinator(folder: &tempfile::TempDir) -> Coordinator {
    Coordinator::builder().context(Context::local(folder.path())).build()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_runs_in_each_strategy() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = coordinator(&folder);
    for strategy in [Strategy::Async, Strategy::Thread] {
        let half = coordinator.submit(divider::with(1.0, 2.0), strategy.clone()).await.unwrap();
        assert_eq!(soon(half.join()).await.unwrap(), 0.5);
        let three = coordinator.submit(add::with(1, 2), strategy.clone()).await.unwrap();
        let id = three.id().clone();
        assert_eq!(soon(three.join()).await.unwrap(), 3);
        assert_eq!(coordinator.job(&id).unwrap().name(), Some("coordinator.tasks.add"));
        let error = soon(coordinator.submit(divider::with(1.0, 0.0), strategy.clone()).await.unwrap().join()).await.unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), ("USER:RuntimeError", "cannot divide 1 by zero"));
        let error = soon(coordinator.submit(oh::with(), strategy).await.unwrap().join()).await.unwrap_err();
        assert!(matches!(&error, JobError::Panicked(said) if said.contains("oh")), "{error}");
    }
}

/// The task's own `retries` and `timeout` hold, unless the work says otherwise.
#[tokio::test]
async fn a_task_s_options_hold() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = coordinator(&folder);
    let quick = |failures| Work::from(flaky::with(failures)).retry(Retry::fixed(2, Duration::ZERO));
    assert_eq!(soon(coordinator.submit(quick(2), Strategy::Async).await.unwrap().join()).await.unwrap(), 2);
    assert_eq!(soon(coordinator.submit(flaky::with(1), Strategy::Async).await.unwrap().join()).await.unwrap(), 1);
    let error = soon(coordinator.submit(quick(9).id("x"), Strategy::Async).await.unwrap().join()).await.unwrap_err();
    assert!(error.is_recoverable());
    assert_eq!(coordinator.job(&"x".into()).unwrap().attempts(), 3);
    let error = soon(coordinator.submit(endless::with(), Strategy::Async).await.unwrap().join()).await.unwrap_err();
    assert_eq!(error.code(), "USER:Timeout");
}

/// What a running task calls is a job of its own.
#[tokio::test]
async fn a_call_from_a_task_is_a_child() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = coordinator(&folder);
    let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(1_000));
    let work = Work::from(sum::with(vec![1, 2, 3])).id("sum").run("r");
    assert_eq!(soon(coordinator.submit(work, Strategy::Async).await.unwrap().join()).await.unwrap(), 6);
    let seen = until_finished(&mut events, "sum").await;
    let children: Vec<_> = seen
        .iter()
        .filter(|event| matches!(&event.kind, EventKind::Submitted { parent: Some(parent), .. } if parent.to_string() == "sum"))
        .collect();
    assert_eq!(children.len(), 3);
    assert!(children.iter().all(|event| event.run.as_ref().unwrap().to_string() == "r"));
    let progress = seen.iter().filter(|event| matches!(event.kind, EventKind::Progress { total: Some(3), .. })).count();
    assert_eq!((progress, words(&seen).last().unwrap().as_str()), (3, "sum succeeded"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closure_can_start_a_task() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = coordinator(&folder);
    let work = Work::new(|ctx: JobContext| async move { ctx.call(divider::with(9.0, 3.0), Strategy::Thread).await });
    assert_eq!(soon(coordinator.submit(work, Strategy::Async).await.unwrap().join()).await.unwrap(), 3.0);
}

/// The same verb as in a task.
#[tokio::test]
async fn a_closure_calls_as_a_task_does() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = coordinator(&folder);
    let work = Work::new(|ctx: JobContext| async move {
        let three = add::call(&ctx, 1, 2).await?;
        anyhow::Ok(add::call(&&ctx, three, 4).retries(1).group("sums").await?)
    });
    assert_eq!(soon(coordinator.submit(work.id("parent"), Strategy::Async).await.unwrap().join()).await.unwrap(), 7);
    let detail = coordinator.system_detail();
    let children: Vec<_> = detail.closed.iter().filter(|job| job.parent().is_some_and(|id| id.to_string() == "parent")).collect();
    assert_eq!(children.len(), 2);
    assert_eq!(children[1].labels().collect::<Vec<_>>(), [("group", "sums")]);
}

/// A file that comes out can be read when its task is long over.
#[tokio::test]
async fn files_come_out() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = coordinator(&folder);
    let file = soon(coordinator.submit(save::with("hello"), Strategy::Thread).await.unwrap().join()).await.unwrap();
    assert_eq!(file.read_to_string().await.unwrap(), "hello");
    assert!(file.uri().unwrap().contains(&*folder.path().join("raw").to_string_lossy()), "{file:?}");
}

/// By name, with literals: for layers above.
#[tokio::test]
async fn a_task_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = coordinator(&folder);
    let task = nebulakit::registry().get("add").unwrap();
    let mut outbox = nebulakit::types::outbox::Outbox::default();
    let invocation = add::with(20, 22);
    let inputs = invocation.inputs(&nebulakit::types::Dialect::FLYTE_1, &mut outbox).unwrap();
    let outputs = soon(coordinator.submit(Work::of_task(task, inputs), Strategy::Async).await.unwrap().join()).await.unwrap();
    assert_eq!(invocation.outputs(&outputs, &nebulakit::types::convert::reader::References::default()).unwrap(), 42);
}

/// Two tasks with one key are one job when their inputs are the same, and an error else.
#[tokio::test]
async fn a_key_knows_its_inputs() {
    let folder = tempfile::tempdir().unwrap();
    let coordinator = coordinator(&folder);
    let work = |a, b| Work::from(add::with(a, b)).idempotency_key("sum");
    let first = coordinator.submit(work(1, 2), Strategy::Async).await.unwrap();
    let second = coordinator.submit(work(1, 2), Strategy::Async).await.unwrap();
    assert_eq!(first.id(), second.id());
    let error = coordinator.submit(work(1, 3), Strategy::Async).await.unwrap_err();
    assert_eq!(error.to_string(), "the idempotency key `sum` belongs to a job that does other work");
    assert_eq!((*soon(first.join()).await.unwrap(), *soon(second.join()).await.unwrap()), (3, 3));
}
