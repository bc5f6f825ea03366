//! Runs that are given up: their time is up, or nobody waits for them any more.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use nebulakit::prelude::*;
use nebulakit::testing::{self, Harness};
use tokio::runtime::Builder;
use tokio::time::timeout;

const SHORT: Duration = Duration::from_millis(20);
/// Enough for a task to have begun on a busy machine.
const ENOUGH: Duration = Duration::from_secs(2);
/// Longer than any of these tests takes on a busy machine.
const LONG: Duration = Duration::from_secs(30);

/// Whether [`queued`] was ever called.
static HAS_BEGUN: AtomicBool = AtomicBool::new(false);

#[task]
fn queued() {
    HAS_BEGUN.store(true, Ordering::SeqCst);
}

#[test]
fn a_function_that_is_queued_when_its_run_is_given_up_never_begins() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = Builder::new_current_thread().enable_time().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let (free, is_free) = mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || is_free.recv());
        let late = Context::builder(folder.path()).deadline(SHORT).build();
        let error = queued::call(&late).retries(0).await.unwrap_err();
        assert_eq!(error.code(), Some("USER:Timeout"));
        let context = Context::local(folder.path());
        timeout(SHORT, queued::call(&context)).await.expect_err("the only thread is busy");
        drop(free);
        busy.await.unwrap().expect_err("nothing is sent");
        // The pool has one thread, and a queue: whatever was asked for before this has had its turn.
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        assert!(!HAS_BEGUN.load(Ordering::SeqCst));
        queued::call(&context).await.unwrap();
        assert!(HAS_BEGUN.load(Ordering::SeqCst));
    });
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the destructor failed");
    }
}

/// Never ends, and panics when it is dropped.
#[task]
async fn explosive() -> i64 {
    let _bomb = Bomb;
    std::future::pending().await
}

#[test]
fn a_panic_in_a_destructor_of_a_task_that_is_given_up_is_logged() {
    let run = Harness::new().deadline(ENOUGH).run_blocking(explosive::with());
    assert_eq!(run.outputs.unwrap_err().code(), "USER:Timeout");
    let [line] = run.log.as_slice() else { panic!("{:?}", run.log) };
    assert_eq!(line.level, tracing::Level::WARN);
    let ending = ": the destructor failed";
    assert!(
        line.message.contains("explosive` panicked when it was dropped: tests/deadlines.rs:") && line.message.ends_with(ending),
        "{line:?}"
    );
}

#[test]
fn a_panic_in_a_destructor_of_a_dropped_run_does_not_escape() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        timeout(SHORT, testing::run(explosive::with())).await.expect_err("it never ends");
    });
}

/// Waits until it is told to stop.
#[task]
async fn wait(ctx: Context) -> anyhow::Result<()> {
    ctx.cancelled().await;
    anyhow::bail!("stopped")
}

/// How often [`wait_again`] was called.
static ATTEMPTS: AtomicU32 = AtomicU32::new(0);

#[task(retries = 3)]
async fn wait_again(ctx: Context) -> anyhow::Result<()> {
    ATTEMPTS.fetch_add(1, Ordering::SeqCst);
    wait(ctx).await
}

/// Waits in a task that it called, which could be tried again.
#[task]
async fn waits_below(ctx: Context) -> anyhow::Result<()> {
    Ok(wait_again::call(&ctx).await?)
}

#[test]
fn a_called_task_says_that_its_callers_time_was_up() {
    let late = Harness::new().deadline(ENOUGH).run_blocking(waits_below::with());
    let error = late.outputs.unwrap_err();
    let expected = "the task `deadlines.waits_below` ran longer than its timeout of 2s; it ended with: the task `deadlines.wait_again` was \
                    still running when its caller's timeout of 2s ran out; it ended with: stopped";
    assert_eq!(error.message(), expected);
    assert_eq!(ATTEMPTS.load(Ordering::SeqCst), 1, "there is no time for another");
}

#[task]
fn hello() -> String {
    "hello".to_owned()
}

#[test]
fn a_deadline_on_a_runtime_without_timers_is_an_error_that_says_so() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let late = runtime.block_on(Harness::new().deadline(LONG).run(hello::with()));
    let error = late.outputs.unwrap_err();
    assert_eq!((error.code(), error.is_recoverable()), ("USER:RuntimeError", Some(false)));
    let expected =
        "the task `deadlines.hello` has a deadline, but its runtime has no timers\nhint: call `enable_time()` on the runtime's builder";
    assert_eq!(error.message(), expected);
    assert_eq!(runtime.block_on(testing::run(hello::with())), Ok("hello".to_owned()));
}

#[task(timeout = "20ms")]
async fn brief(ctx: Context) -> anyhow::Result<()> {
    wait(ctx).await
}

#[task(timeout = "1h")]
async fn patient(ctx: Context) -> anyhow::Result<()> {
    wait(ctx).await
}

#[tokio::test]
async fn a_task_under_test_has_its_own_timeout_or_the_one_of_the_test() {
    let ended = timeout(LONG, testing::run(brief::with())).await.expect("its time is up");
    let error = ended.unwrap_err();
    assert_eq!((error.code(), error.is_recoverable()), ("USER:Timeout", Some(true)));
    assert!(error.message().contains("brief` ran longer than its timeout of 20ms"), "{error}");
    let ended = timeout(LONG, Harness::new().deadline(SHORT).run(patient::with())).await.expect("its time is up");
    let error = ended.outputs.unwrap_err();
    assert!(error.message().contains("patient` ran longer than its timeout of 20ms"), "{error}");
}
