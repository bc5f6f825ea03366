use nebulakit::task;

#[task(outputs(quotient, remainder, rest))]
fn divide(a: i64, b: i64) -> (i64, i64) {
    (a / b, a % b)
}

fn main() {}
