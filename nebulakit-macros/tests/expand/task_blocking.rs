/// Divides `a` by `b`.
///
/// The rest of the text.
#[task(retries = 3, timeout = "10m", requests(cpu = "500m", memory = "256Mi"))]
pub fn divider(
    /// What is divided.
    a: f64,
    b: f64,
) -> anyhow::Result<f64> {
    anyhow::ensure!(b != 0.0, "cannot divide {a} by zero");
    Ok(a / b)
}
