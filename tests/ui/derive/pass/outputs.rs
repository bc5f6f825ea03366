#![deny(warnings)]

use nebulakit::{TaskOutputs, task};

#[derive(TaskOutputs)]
struct Division {
    quotient: i64,
    #[nebula(rename = "rest")]
    remainder: i64,
}

#[derive(TaskOutputs)]
#[nebula(rename_all = "camelCase")]
struct Both<T> {
    first_one: T,
    second_one: Vec<T>,
}

#[task]
fn divide(a: i64, b: i64) -> anyhow::Result<Division> {
    anyhow::ensure!(b != 0, "division by zero");
    Ok(Division { quotient: a / b, remainder: a % b })
}

#[task]
async fn both(a: String) -> Both<String> {
    Both { first_one: a.clone(), second_one: vec![a] }
}

pub fn main() {
    assert_eq!(<Division as TaskOutputs>::NAMES, ["quotient", "rest"]);
    assert_eq!(<Both<String> as TaskOutputs>::NAMES, ["firstOne", "secondOne"]);
    let _ = (divide(7, 2), both);
}
