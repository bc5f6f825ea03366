//! Rules of the platform that only a run shows, each with what a run on Flyte 1.16 does.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nebulakit::prelude::*;
use nebulakit::{Cancellation, Context};

#[task]
fn id(x: i64) -> i64 {
    x
}

#[workflow]
fn compared(left: Promise<Duration>, right: Promise<Duration>) -> Promise<String> {
    when(left.eq(&right), "equal").or_when(left.gt(right), "longer").otherwise("shorter")
}

#[tokio::test]
async fn times_are_compared_by_whole_seconds() {
    let compared = async |left, right| compared::with(Duration::from_millis(left), Duration::from_millis(right)).run_local().await.unwrap();
    assert_eq!(compared(100, 900).await, "equal");
    assert_eq!(compared(1900, 1100).await, "equal");
    assert_eq!(compared(2000, 1999).await, "longer");
}

#[workflow]
fn passed_on(x: Promise<i64>) -> (Promise<i64>, Promise<i64>) {
    (x.clone(), id::node(x))
}

#[tokio::test]
async fn an_input_may_be_an_output() {
    assert_eq!(passed_on::with(7).run_local().await.unwrap(), (7, 7));
}

#[task]
fn far(x: i64) -> anyhow::Result<i64> {
    anyhow::ensure!(x < 2, "{x} is too far");
    Ok(x)
}

#[workflow]
fn more_than_there_are(xs: Promise<Vec<i64>>) -> Promise<Vec<Option<i64>>> {
    far::map(xs).min_successes(5)
}

#[tokio::test]
async fn a_map_that_needs_more_than_there_are_fails() {
    let error = more_than_there_are::with(vec![0, 1]).run_local().await.unwrap_err();
    assert_eq!(error.node().unwrap(), "n0");
}

#[workflow]
fn two_of(xs: Promise<Vec<i64>>) -> Promise<Vec<Option<i64>>> {
    far::map(xs).min_successes(2)
}

#[tokio::test]
async fn elements_beyond_those_that_are_needed_may_fail() {
    assert_eq!(two_of::with(vec![0, 5, 1, 6]).run_local().await.unwrap(), [Some(0), None, Some(1), None]);
}

static ATTEMPTS: Mutex<Option<HashMap<i64, u32>>> = Mutex::new(None);

#[task(retries = 1)]
fn second_time(x: i64) -> anyhow::Result<i64> {
    let attempt = *ATTEMPTS.lock().unwrap().get_or_insert_default().entry(x).and_modify(|attempts| *attempts += 1).or_insert(1);
    if attempt < 2 { Err(anyhow::anyhow!("not yet")).recoverable() } else { Ok(x) }
}

#[workflow]
fn each_again(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    second_time::map(xs)
}

#[tokio::test]
async fn each_element_of_a_map_has_attempts_of_its_own() {
    assert_eq!(each_again::with(vec![1, 2, 3]).run_local().await.unwrap(), [1, 2, 3]);
    assert_eq!(*ATTEMPTS.lock().unwrap().get_or_insert_default(), HashMap::from([(1, 2), (2, 2), (3, 2)]));
}

#[task]
async fn forever(x: i64) -> i64 {
    if x == 0 { 0 } else { std::future::pending().await }
}

#[workflow]
fn each_in_time(xs: Promise<Vec<i64>>) -> Promise<Vec<Option<i64>>> {
    forever::map(xs).min_successes(1).timeout("50ms")
}

#[tokio::test]
async fn the_timeout_of_a_map_is_that_of_each_element() {
    assert_eq!(each_in_time::with(vec![1, 0, 1]).run_local().await.unwrap(), [None, Some(0), None]);
}

static TOO_LONG: AtomicU32 = AtomicU32::new(0);

#[task(retries = 2, timeout = "20ms")]
async fn too_long() -> i64 {
    TOO_LONG.fetch_add(1, Ordering::SeqCst);
    std::future::pending().await
}

#[tokio::test]
async fn an_attempt_that_ran_out_of_time_is_tried_again() {
    let error = too_long::with().run_local().await.unwrap_err();
    assert_eq!((error.code(), TOO_LONG.load(Ordering::SeqCst)), (Some("USER:Timeout"), 3));
}

static FOR_GOOD: AtomicU32 = AtomicU32::new(0);

#[task(retries = 3)]
fn for_good() -> anyhow::Result<i64> {
    FOR_GOOD.fetch_add(1, Ordering::SeqCst);
    Err(anyhow::anyhow!("no")).permanent()
}

#[tokio::test]
async fn what_is_not_recoverable_is_not_tried_again() {
    for_good::with().run_local().await.unwrap_err();
    assert_eq!(FOR_GOOD.load(Ordering::SeqCst), 1);
}

static GROWN: AtomicU32 = AtomicU32::new(0);

#[task(retries = 3)]
fn grown() -> Promise<i64> {
    GROWN.fetch_add(1, Ordering::SeqCst);
    second_time::node(far::node(9))
}

#[tokio::test]
async fn what_fails_in_a_dynamic_graph_does_not_make_it_anew() {
    let error = grown::with().run_local().await.unwrap_err();
    assert_eq!((error.node().unwrap().to_string().as_str(), GROWN.load(Ordering::SeqCst)), ("n0/n0", 1));
}

#[workflow]
fn asked_twice(x: Promise<i64>) -> (Promise<i64>, Promise<i64>) {
    (gate::approve("same", &x), inner::node(x))
}

#[workflow]
fn inner(x: Promise<i64>) -> Promise<i64> {
    gate::approve("same", x)
}

#[tokio::test]
async fn one_answer_is_for_all_gates_of_a_signal() {
    assert_eq!(asked_twice::with(7).run_local().approve("same").await.unwrap(), (7, 7));
}

static TOLD: Mutex<Vec<FlyteError>> = Mutex::new(Vec::new());

#[task]
fn note(err: Option<FlyteError>) {
    TOLD.lock().unwrap().extend(err);
}

#[workflow(on_failure = note::node(Failure))]
fn noted() -> Promise<i64> {
    far::node(far::node(3))
}

#[workflow]
fn around() -> Promise<i64> {
    id::node(noted::node())
}

#[tokio::test]
async fn a_handler_of_a_workflow_within_is_told_its_own_node() {
    let error = around::with().run_local().await.unwrap_err();
    assert_eq!(error.node().unwrap(), "n0/n0");
    let told = TOLD.lock().unwrap();
    assert_eq!((told.len(), told[0].message.as_str(), told[0].failed_node_id.as_str()), (1, "3 is too far", "fn0"));
}

static NOT_TOLD: AtomicU32 = AtomicU32::new(0);

#[task]
fn count() {
    NOT_TOLD.fetch_add(1, Ordering::SeqCst);
}

#[task]
async fn waits(ctx: Context) -> i64 {
    ctx.cancelled().await;
    0
}

#[workflow(on_failure = count::node())]
fn stopped() -> Promise<i64> {
    waits::node()
}

#[tokio::test]
async fn a_handler_does_not_run_when_somebody_stops_the_run() {
    let cancellation = Cancellation::new();
    let run = tokio::spawn(stopped::with().run_local().cancellation(&cancellation).into_future());
    cancellation.cancel();
    run.await.unwrap().unwrap_err();
    assert_eq!(NOT_TOLD.load(Ordering::SeqCst), 0);
}

#[workflow(on_failure = count_failed::node())]
fn failed() -> Promise<i64> {
    far::node(3)
}

static FAILED: AtomicU32 = AtomicU32::new(0);

#[task]
fn count_failed() {
    FAILED.fetch_add(1, Ordering::SeqCst);
}

#[tokio::test]
async fn a_handler_may_take_nothing() {
    let error = failed::with().run_local().await.unwrap_err();
    assert!(error.to_string().ends_with("3 is too far"), "{error}");
    assert_eq!(FAILED.load(Ordering::SeqCst), 1);
}
