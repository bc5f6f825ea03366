//! Tasks are called from a running task or job.

use nebulakit::coordinator::{Coordinator, Strategy};
use nebulakit::prelude::*;

#[task]
fn double(x: i64) -> i64 {
    2 * x
}

async fn calls(coordinator: Coordinator) {
    let _ = double::call(&coordinator, 1).await;
    let _ = double::call(&Strategy::Async, 1).await;
    let _ = double::call(1).await;
}

fn main() {}
