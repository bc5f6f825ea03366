//! What is not work yet: closures, futures, and the function of a task.

use nebulakit::coordinator::{Coordinator, Strategy};
use nebulakit::prelude::*;

#[task]
fn double(x: i64) -> i64 {
    2 * x
}

fn submits(coordinator: Coordinator) {
    let _ = coordinator.try_submit(|_| async { anyhow::Ok(1) }, Strategy::Async);
    let _ = coordinator.try_submit(async { anyhow::Ok(1) }, Strategy::Async);
    let _ = coordinator.try_submit(double(1), Strategy::Thread);
    let _ = coordinator.try_submit(double, Strategy::Thread);
}

async fn waits(coordinator: Coordinator) {
    let _ = coordinator.submit(|| 1, Strategy::Thread).await;
}

fn main() {}
