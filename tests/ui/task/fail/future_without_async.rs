use std::pin::Pin;

use nebulakit::task;

#[task]
fn later() -> Pin<Box<dyn Future<Output = i64> + Send>> {
    Box::pin(async { 1 })
}

fn main() {}
