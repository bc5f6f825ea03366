//! Maps: one run for each element.

use std::sync::atomic::{AtomicI64, Ordering};

use nebulakit::prelude::*;

#[task]
fn scale(factor: i64, xs: Vec<i64>, x: i64) -> i64 {
    factor * x + xs.len() as i64
}

#[task]
fn even(x: i64) -> anyhow::Result<i64> {
    anyhow::ensure!(x % 2 == 0, "{x} is odd");
    Ok(x)
}

#[workflow]
fn scaled(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    scale::map(10, vec![0, 0], xs)
}

#[tokio::test]
async fn an_element_gets_its_own_and_what_all_get() {
    assert_eq!(scaled::with(vec![1, 2, 3]).run_local().await.unwrap(), [12, 22, 32]);
    assert_eq!(scaled::with(Vec::<i64>::new()).run_local().await.unwrap(), [0; 0], "an empty list succeeds at once");
}

#[workflow]
fn some_even(xs: Promise<Vec<i64>>) -> Promise<Vec<Option<i64>>> {
    even::map(xs).min_success_ratio(0.5)
}

#[tokio::test]
async fn elements_that_may_fail_are_none() {
    assert_eq!(some_even::with(vec![1, 2, 3, 4]).run_local().await.unwrap(), [None, Some(2), None, Some(4)]);
    let error = some_even::with(vec![1, 2, 3]).run_local().await.unwrap_err();
    assert_eq!(error.node().unwrap(), "n0");
    assert!(error.to_string().contains("[0]: 1 is odd") && error.to_string().contains("[2]: 3 is odd"), "{error}");
}

#[workflow]
fn all_even(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    even::map(xs)
}

#[tokio::test]
async fn one_element_that_fails_fails_the_map() {
    let error = all_even::with(vec![2, 3]).run_local().await.unwrap_err();
    assert_eq!(error.code(), Some("USER:RuntimeError"));
    assert!(error.to_string().ends_with("[1]: 3 is odd"), "{error}");
}

#[task]
fn pair(a: i64, b: i64) -> i64 {
    a * 100 + b
}

#[workflow]
fn paired(a: Promise<Vec<i64>>, b: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    pair::map(a, b)
}

#[tokio::test]
async fn two_lists_go_together_and_have_one_length() {
    assert_eq!(paired::with(vec![1, 2], vec![3, 4]).run_local().await.unwrap(), [103, 204]);
    let error = paired::with(vec![1, 2], vec![3]).run_local().await.unwrap_err();
    assert_eq!(error.code(), Some("USER:InvalidArrayLength"));
    assert!(error.to_string().contains("expecting '2' found '1'"), "{error}");
}

#[workflow]
fn twice(x: Promise<i64>, by: Promise<i64>) -> Promise<i64> {
    pair::node(pair::node(x, &by), by)
}

#[workflow]
fn mapped_workflow(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    twice::map(xs, 7)
}

#[tokio::test]
async fn a_workflow_runs_for_each_element() {
    assert_eq!(mapped_workflow::with(vec![1, 2]).run_local().await.unwrap(), [10707, 20707]);
}

static NOW: AtomicI64 = AtomicI64::new(0);
static MOST: AtomicI64 = AtomicI64::new(0);

#[task]
async fn counted(x: i64) -> i64 {
    let now = NOW.fetch_add(1, Ordering::SeqCst) + 1;
    MOST.fetch_max(now, Ordering::SeqCst);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    NOW.fetch_sub(1, Ordering::SeqCst);
    x
}

#[workflow]
fn few_at_once(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    counted::map(xs).concurrency(3)
}

#[tokio::test]
async fn no_more_run_at_once_than_the_map_says() {
    let xs: Vec<i64> = (0..50).collect();
    assert_eq!(few_at_once::with(xs.clone()).run_local().await.unwrap(), xs);
    assert_eq!(MOST.load(Ordering::SeqCst), 3);
}
