//! Dynamic tasks: the graph that one gives runs in its place.

use nebulakit::prelude::*;

#[task]
fn double(x: i64) -> i64 {
    2 * x
}

#[task]
fn add(a: i64, b: i64) -> anyhow::Result<i64> {
    a.checked_add(b).ok_or_else(|| anyhow::anyhow!("{a} + {b} is too much"))
}

/// Adds up twice each number.
#[task]
fn fan_in(xs: Vec<i64>) -> anyhow::Result<Promise<i64>> {
    anyhow::ensure!(!xs.is_empty(), "there is nothing to add up");
    Ok(xs.into_iter().map(double::node).reduce(add::node).unwrap())
}

#[workflow]
fn grown(xs: Promise<Vec<i64>>) -> Promise<i64> {
    add::node(fan_in::node(xs), 1)
}

#[task]
async fn fibonacci(n: i64) -> Promise<i64> {
    if n < 2 { Promise::of(n) } else { add::node(fibonacci::node(n - 1), fibonacci::node(n - 2)) }
}

#[tokio::test]
async fn a_graph_runs_in_the_place_of_its_task() {
    assert_eq!(grown::with(vec![1, 2, 3]).run_local().await.unwrap(), 13);
    assert_eq!(fan_in::with(vec![5]).run_local().await.unwrap(), 10, "a task alone is a workflow of one node");
}

#[tokio::test]
async fn a_graph_may_give_constants_and_hold_dynamic_tasks() {
    assert_eq!(fibonacci::with(1).run_local().await.unwrap(), 1);
    assert_eq!(fibonacci::with(10).run_local().await.unwrap(), 55);
}

#[tokio::test]
async fn a_failure_within_names_the_node_that_failed() {
    let error = grown::with(Vec::<i64>::new()).run_local().await.unwrap_err();
    assert_eq!(error.node().unwrap(), "n0");
    assert!(error.to_string().ends_with("there is nothing to add up"), "{error}");
    let error = grown::with(vec![i64::MAX / 2, 1]).run_local().await.unwrap_err();
    assert_eq!(error.node().unwrap(), "n0/n2");
    assert!(error.to_string().ends_with("is too much"), "{error}");
}

#[task]
fn wrong() -> Promise<i64> {
    let late = double::node(1);
    let held = double::node(&late);
    add::node(late.retries(3), held)
}

#[tokio::test]
async fn what_is_wrong_with_a_graph_is_the_failure_of_its_task() {
    let error = wrong::with().run_local().await.unwrap_err();
    assert_eq!(error.code(), Some("USER:DynamicWorkflowBuildFailed"));
    assert!(error.to_string().contains("`.retries(..)` comes too late"), "{error}");
}

#[task]
fn deeper(n: i64) -> Promise<i64> {
    if n == 0 { Promise::of(0) } else { deeper::node(n - 1) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recursion_may_be_as_deep_as_the_documentation_says() {
    // It runs on a thread of the runtime, as in a program.
    let deep = tokio::spawn(async { deeper::with(23).run_local().await });
    assert_eq!(deep.await.unwrap().unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recursion_without_end_is_an_error() {
    let endless = tokio::spawn(async { deeper::with(i64::MAX).run_local().await });
    let error = endless.await.unwrap().unwrap_err();
    assert_eq!(error.code(), Some("USER:NestedTooDeep"));
    assert!(error.to_string().contains("more than 24 deep"), "{error}");
}
