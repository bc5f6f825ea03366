//! Conditions: the arm whose test holds, and nothing of the others.

use std::sync::atomic::{AtomicI64, Ordering};

use nebulakit::prelude::*;

static MADE: AtomicI64 = AtomicI64::new(0);

#[task]
fn costly(x: i64) -> i64 {
    MADE.fetch_add(1, Ordering::SeqCst);
    x * 1000
}

#[task]
fn plus(a: i64, b: i64) -> i64 {
    a + b
}

#[workflow]
fn lazily(x: Promise<i64>) -> Promise<i64> {
    let base = plus::node(&x, 1);
    let large = plus::node(costly::node(&x), &base);
    when(x.gt(10), large).or_when(x.eq(0), -1).otherwise(base)
}

#[tokio::test]
async fn what_only_one_arm_needs_runs_only_if_it_is_taken() {
    assert_eq!(lazily::with(5).run_local().await.unwrap(), 6);
    assert_eq!(lazily::with(0).run_local().await.unwrap(), -1);
    assert_eq!(MADE.load(Ordering::SeqCst), 0);
    assert_eq!(lazily::with(11).run_local().await.unwrap(), 11012);
    assert_eq!(MADE.load(Ordering::SeqCst), 1);
}

#[workflow]
fn nested(x: Promise<i64>, flag: Promise<bool>) -> Promise<String> {
    let small = when(flag, "small and flagged").otherwise("small");
    when(x.lt(10), small).or_fail("too large")
}

#[tokio::test]
async fn a_condition_may_be_in_another_and_may_fail() {
    assert_eq!(nested::with(1, true).run_local().await.unwrap(), "small and flagged");
    assert_eq!(nested::with(1, false).run_local().await.unwrap(), "small");
    let error = nested::with(10, true).run_local().await.unwrap_err();
    assert_eq!(error.code(), Some("USER:UserProvidedError"));
    assert!(error.to_string().ends_with("too large"), "{error}");
}

#[workflow]
fn combined(x: Promise<i64>, y: Promise<f64>, name: Promise<String>) -> Promise<String> {
    let inside = x.ge(1) & x.le(3) & y.ne(0.0);
    when(!inside.clone() | name.eq("always"), "outside").otherwise("inside")
}

#[tokio::test]
async fn tests_are_joined_and_turned_around() {
    assert_eq!(combined::with(2, 1.0, "a").run_local().await.unwrap(), "inside");
    assert_eq!(combined::with(2, 1.0, "always").run_local().await.unwrap(), "outside");
    assert_eq!(combined::with(4, 1.0, "a").run_local().await.unwrap(), "outside");
    assert_eq!(combined::with(2, 0.0, "a").run_local().await.unwrap(), "outside");
}

#[workflow]
fn two_outputs(x: Promise<i64>) -> (Promise<i64>, Promise<i64>) {
    let (low, high) = (plus::node(&x, 1), plus::node(&x, 2));
    when(x.gt(0), (low.clone(), high.clone())).otherwise((high, low)).split()
}

#[tokio::test]
async fn a_condition_may_give_several_values() {
    assert_eq!(two_outputs::with(1).run_local().await.unwrap(), (2, 3));
    assert_eq!(two_outputs::with(-1).run_local().await.unwrap(), (1, 0));
}
