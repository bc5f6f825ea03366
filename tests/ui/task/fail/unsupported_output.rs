use std::collections::HashSet;

use nebulakit::task;

#[task]
fn distinct(values: Vec<i64>) -> HashSet<i64> {
    values.into_iter().collect()
}

fn main() {}
