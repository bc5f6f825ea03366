use nebulakit::task;

#[task(outputs(quotient, remainder, rest))]
fn divide(a: i64, b: i64) -> (i64, i64) {
    (a / b, a % b)
}

#[task(outputs(quotient))]
fn divide_or_fail(a: i64, b: i64) -> anyhow::Result<(i64, i64)> {
    Ok((a / b, a % b))
}

#[task(outputs(done))]
fn nothing() -> anyhow::Result<()> {
    Ok(())
}

fn main() {}
