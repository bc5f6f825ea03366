use nebulakit::task;

#[task(outputs(quotient, quotient))]
fn divide(a: i64, b: i64) -> (i64, i64) {
    (a / b, a % b)
}

#[task(outputs("quotient", "remainder"))]
fn quoted(a: i64, b: i64) -> (i64, i64) {
    (a / b, a % b)
}

fn main() {}
