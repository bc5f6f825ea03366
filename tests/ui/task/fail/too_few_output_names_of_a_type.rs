use nebulakit::{TaskOutputs, task};

#[derive(TaskOutputs)]
struct Division {
    quotient: i64,
    remainder: i64,
}

#[task(outputs(quotient))]
fn divide(a: i64, b: i64) -> Division {
    Division { quotient: a / b, remainder: a % b }
}

fn main() {}
