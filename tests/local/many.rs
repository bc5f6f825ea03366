//! More nodes and elements than begin in one go.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use nebulakit::prelude::*;
use tokio::sync::Barrier;

const MANY: usize = 1_000;

static NODES: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(MANY));
static ELEMENTS: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(MANY));
static BEGUN: AtomicUsize = AtomicUsize::new(0);

#[task]
async fn meet(x: i64) -> i64 {
    NODES.wait().await;
    x
}

#[task]
async fn meet_elements(x: i64) -> i64 {
    ELEMENTS.wait().await;
    x
}

#[task]
async fn fail_first(x: i64) -> anyhow::Result<i64> {
    anyhow::ensure!(BEGUN.fetch_add(1, Ordering::Relaxed) > 0, "the first fails");
    Ok(x)
}

fn all() -> Vec<i64> {
    (0..).take(MANY).collect()
}

#[workflow]
fn wide() -> Promise<Vec<i64>> {
    all().into_iter().map(meet::node).collect()
}

#[workflow]
fn mapped(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    meet_elements::map(xs)
}

#[workflow]
fn failing() -> Promise<Vec<i64>> {
    all().into_iter().map(fail_first::node).collect()
}

#[tokio::test]
async fn all_nodes_that_are_ready_run_together() {
    assert_eq!(wide::with().run_local().await.unwrap(), all());
}

#[tokio::test]
async fn all_elements_of_a_map_run_together() {
    assert_eq!(mapped::with(all()).run_local().await.unwrap(), all());
}

#[tokio::test]
async fn what_has_not_begun_does_not_begin_after_a_failure() {
    failing::with().run_local().await.unwrap_err();
    assert!(BEGUN.load(Ordering::Relaxed) < MANY);
}
