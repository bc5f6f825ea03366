//! Counted resources: cores, memory, GPUs and tokens that jobs ask for, hold, lend and give back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admission;
mod nesting;
mod on_oom;
mod processes;
mod sharing;
mod tasks;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use nebulakit::coordinator::{Coordinator, Resource, Work};
use tokio::sync::Notify;

/// What is awaited comes at once; a test that waits for long is stuck.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("what was waited for did not come")
}

/// Lets all that can go on do so, on a runtime of one thread.
async fn settled() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Work that ends when it is told to.
fn held(end: &Arc<Notify>) -> Work<()> {
    let end = Arc::clone(end);
    Work::new(move |_| {
        let end = Arc::clone(&end);
        async move {
            end.notified().await;
            anyhow::Ok(())
        }
    })
}

/// How much of a resource jobs hold.
fn taken(coordinator: &Coordinator, resource: &Resource) -> f64 {
    coordinator.system_detail().resources.iter().find(|one| one.resource == *resource).unwrap().taken
}

fn nothing_is_taken(coordinator: &Coordinator) {
    let detail = coordinator.system_detail();
    assert!(detail.resources.iter().all(|resource| resource.taken == 0.0), "{:?}", detail.resources);
    assert!(detail.strategies.iter().all(|strategy| strategy.taken == 0 && strategy.waiting == 0), "{:?}", detail.strategies);
}
