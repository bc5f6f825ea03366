//! The smallest binary: one task. Run it with `cargo run -p nebulakit-examples --bin hello -- run divider --a 7 --b 2`.

use nebulakit::prelude::*;

/// Divides `a` by `b`.
#[task(retries = 3, timeout = "10m", requests(cpu = "500m", memory = "256Mi"))]
fn divider(a: f64, b: f64) -> anyhow::Result<f64> {
    anyhow::ensure!(b != 0.0, "cannot divide {a} by zero");
    Ok(a / b)
}

nebulakit::main!();
