//! More nodes and elements than begin in one go, and than may be queued.

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

/// How much of this process is resident while elements run, at most.
static MOST: AtomicUsize = AtomicUsize::new(0);

fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[task]
fn beside(x: i64, large: String) -> i64 {
    MOST.fetch_max(resident(), Ordering::Relaxed);
    x + i64::from(large.is_empty())
}

#[workflow]
fn shared(xs: Promise<Vec<i64>>, large: Promise<String>) -> Promise<Vec<i64>> {
    beside::map(xs, large)
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn elements_that_wait_for_their_turn_have_no_copy_of_what_they_share() {
    let (before, large) = (resident(), "x".repeat(256 << 10));
    let xs: Vec<i64> = (0..4_000).collect();
    let run = shared::with(xs.clone(), large).run_local().coordinator(|coordinator| coordinator.cores(1.0));
    assert_eq!(run.await.unwrap(), xs);
    let more = MOST.load(Ordering::Relaxed).saturating_sub(before) >> 20;
    // All copies together would be 1,000 MB.
    assert!(more < 250, "{more} MB");
}
