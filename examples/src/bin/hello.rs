//! The smallest binary: one task. Run it with `cargo run -p nebulakit-examples --bin hello -- run divider --a 7 --b 2`.

use nebulakit::prelude::*;

/// Divides `a` by `b`.
#[task(retries = 3, timeout = "10m", requests(cpu = "500m", memory = "256Mi"))]
fn divider(a: f64, b: f64) -> anyhow::Result<f64> {
    anyhow::ensure!(b != 0.0, "cannot divide {a} by zero");
    Ok(a / b)
}

nebulakit::main!();

#[cfg(test)]
mod tests {
    use super::divider;
    use nebulakit::testing;

    #[test]
    fn divides() {
        assert_eq!(testing::run_blocking(divider::with(7.0, 2.0)), Ok(3.5));
        let error = testing::run_blocking(divider::with(7.0, 0.0)).unwrap_err();
        assert_eq!((error.code(), error.message()), ("USER:RuntimeError", "cannot divide 7 by zero"));
    }
}
