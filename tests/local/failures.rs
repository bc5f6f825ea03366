//! What becomes of a run in which something fails or is stopped.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use nebulakit::backend::RunError;
use nebulakit::coordinator::Fatal;
use nebulakit::prelude::*;
use nebulakit::{Cancellation, Context};

#[task]
fn fails(message: String) -> anyhow::Result<i64> {
    anyhow::bail!("{message}")
}

#[task]
fn id(x: i64) -> i64 {
    x
}

static TRIES: AtomicU32 = AtomicU32::new(0);

#[task(retries = 2)]
fn third_time(ctx: Context) -> anyhow::Result<i64> {
    let before = TRIES.fetch_add(1, Ordering::SeqCst);
    assert_eq!(ctx.attempt(), before);
    if before < 2 {
        return Err(TaskError::recoverable(anyhow::anyhow!("not yet")).into());
    }
    Ok(3)
}

#[workflow]
fn retried() -> Promise<i64> {
    third_time::node()
}

#[tokio::test]
async fn a_failed_attempt_is_repeated_as_often_as_the_task_says() {
    assert_eq!(retried::with().run_local().await.unwrap(), 3);
}

static OVERRIDDEN: AtomicU32 = AtomicU32::new(0);

#[task(retries = 5)]
fn never(_x: i64) -> anyhow::Result<i64> {
    OVERRIDDEN.fetch_add(1, Ordering::SeqCst);
    Err(TaskError::recoverable(anyhow::anyhow!("never")).into())
}

#[workflow]
fn once_more() -> Promise<i64> {
    never::node(1).retries(1)
}

#[tokio::test]
async fn a_node_says_how_often_instead_of_its_task() {
    let error = once_more::with().run_local().await.unwrap_err();
    assert_eq!((error.code(), OVERRIDDEN.load(Ordering::SeqCst)), (Some("USER:Recoverable"), 2));
}

static HANDLED: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[task]
fn clean_up(x: i64, err: Option<FlyteError>) {
    HANDLED.lock().unwrap().push(format!("{x}: {}", err.unwrap().message));
}

#[workflow(on_failure = clean_up::node(x, Failure))]
fn handled(x: Promise<i64>) -> Promise<i64> {
    let failed = fails::node("it broke");
    id::node(failed).after(id::node(x))
}

#[tokio::test]
async fn a_handler_is_told_the_error_and_the_run_fails_all_the_same() {
    let error = handled::with(7).run_local().await.unwrap_err();
    assert_eq!(*HANDLED.lock().unwrap(), ["7: it broke"]);
    assert!(error.to_string().ends_with("it broke"), "{error}");
    assert!(error.to_string().contains("fails) failed: USER:RuntimeError"), "{error}");
}

#[task]
fn broken_handler(_x: i64, err: Option<FlyteError>) -> anyhow::Result<()> {
    anyhow::bail!("the handler broke after: {}", err.unwrap().message)
}

#[workflow(on_failure = broken_handler::node(x, Failure))]
fn badly_handled(x: Promise<i64>) -> Promise<i64> {
    id::node(fails::node("it broke")).after(id::node(x))
}

#[tokio::test]
async fn the_error_of_a_handler_takes_the_place_of_the_first() {
    let error = badly_handled::with(7).run_local().await.unwrap_err();
    assert_eq!(error.node().unwrap(), "fn0");
    assert!(error.to_string().ends_with("the handler broke after: it broke"), "{error}");
}

static RAN: AtomicU32 = AtomicU32::new(0);

#[task]
fn ran(x: i64) -> i64 {
    RAN.fetch_add(1, Ordering::SeqCst);
    x
}

#[workflow(keep_going)]
fn keeps_going() -> (Promise<i64>, Promise<i64>) {
    let mut other = ran::node(1);
    for _ in 0..9 {
        other = ran::node(other);
    }
    (ran::node(fails::node("at once")), other)
}

#[tokio::test]
async fn what_needs_no_failed_node_goes_on_where_the_workflow_says_so() {
    let error = keeps_going::with().run_local().await.unwrap_err();
    assert!(error.to_string().ends_with("at once"), "{error}");
    assert_eq!(RAN.load(Ordering::SeqCst), 10);
}

#[task]
async fn waits(ctx: Context) -> i64 {
    ctx.cancelled().await;
    0
}

#[workflow]
fn stops_others() -> (Promise<i64>, Promise<i64>) {
    (waits::node(), fails::node("first"))
}

#[tokio::test]
async fn a_failure_stops_what_runs() {
    let error = stops_others::with().run_local().await.unwrap_err();
    assert!(error.to_string().ends_with("first"), "{error}");
}

#[workflow]
fn stopped() -> Promise<i64> {
    id::node(waits::node())
}

#[tokio::test]
async fn a_run_is_stopped_from_outside() {
    let cancellation = Cancellation::new();
    let run = tokio::spawn(stopped::with().run_local().cancellation(&cancellation).into_future());
    cancellation.cancel();
    assert!(matches!(run.await.unwrap(), Err(RunError::Cancelled)));
}

#[task]
fn is_fatal(message: String) -> anyhow::Result<i64> {
    Err(Fatal::new(anyhow::anyhow!("{message}")).into())
}

#[workflow]
fn ends_at_once() -> (Promise<i64>, Promise<i64>) {
    (waits::node(), is_fatal::node("all is lost"))
}

#[tokio::test]
async fn a_fatal_failure_does_not_ask_others_to_stop() {
    let cancellation = Cancellation::new();
    let error = ends_at_once::with().run_local().cancellation(&cancellation).await.unwrap_err();
    assert!(error.to_string().ends_with("all is lost"), "{error}");
    assert!(!cancellation.is_cancelled());
}

static HANDLED_FATAL: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[task]
fn handle_fatal(name: String, err: Option<FlyteError>) {
    HANDLED_FATAL.lock().unwrap().push(format!("{name}: {}", err.unwrap().message));
}

#[workflow(keep_going, on_failure = handle_fatal::node("inner".to_owned(), Failure))]
fn fatal_in_a_map() -> Promise<Vec<Option<i64>>> {
    is_fatal::map(vec!["all is lost".to_owned(), "not begun".to_owned()]).concurrency(1).min_successes(1)
}

#[workflow(on_failure = handle_fatal::node("beside".to_owned(), Failure))]
fn waits_beside() -> Promise<i64> {
    waits::node()
}

#[workflow(keep_going, on_failure = handle_fatal::node("outer".to_owned(), Failure))]
fn fatal_and_handled() -> (Promise<Vec<Option<i64>>>, Promise<i64>) {
    (fatal_in_a_map::node(), waits_beside::node())
}

#[tokio::test]
async fn handlers_of_the_workflows_that_a_fatal_failure_is_in_run() {
    let error = fatal_and_handled::with().run_local().await.unwrap_err();
    assert!(error.to_string().ends_with("all is lost"), "{error}");
    assert_eq!(*HANDLED_FATAL.lock().unwrap(), ["inner: all is lost", "outer: all is lost"]);
}

#[workflow(on_failure = broken_handler::node(x, Failure))]
fn fatal_and_badly_handled(x: Promise<i64>) -> Promise<i64> {
    id::node(is_fatal::node("all is lost")).after(id::node(x))
}

#[tokio::test]
async fn the_error_of_a_handler_takes_the_place_of_a_fatal_one() {
    let error = fatal_and_badly_handled::with(7).run_local().await.unwrap_err();
    assert_eq!(error.node().unwrap(), "fn0");
}

#[task]
fn panics(x: i64) -> i64 {
    assert_eq!(x, 1, "x is wrong");
    x
}

#[workflow]
fn panicked() -> Promise<i64> {
    panics::node(2)
}

#[tokio::test]
async fn a_panic_is_the_failure_of_its_node() {
    let error = panicked::with().run_local().await.unwrap_err();
    assert_eq!(error.code(), Some("USER:Panic"));
    assert!(error.to_string().contains("x is wrong"), "{error}");
}

#[workflow]
fn inner_fails(x: Promise<i64>) -> Promise<i64> {
    id::node(fails::node("inside")).after(id::node(x))
}

#[workflow]
fn outer_fails(x: Promise<i64>) -> Promise<i64> {
    id::node(inner_fails::node(x))
}

#[tokio::test]
async fn a_failure_within_a_workflow_names_its_own_node() {
    let error = outer_fails::with(1).run_local().await.unwrap_err();
    assert_eq!(error.node().unwrap(), "n0/n0");
}

#[task(timeout = "1h")]
async fn endless() -> i64 {
    std::future::pending().await
}

#[workflow]
fn in_time() -> Promise<i64> {
    endless::node().timeout("30ms")
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_ended() {
    let error = in_time::with().run_local().await.unwrap_err();
    assert_eq!(error.code(), Some("USER:Timeout"));
    assert!(error.to_string().contains("30ms"), "{error}");
}
