use std::collections::HashSet;

use nebulakit::task;

#[task]
fn size(values: HashSet<i64>, factor: i64) -> i64 {
    values.len() as i64 * factor
}

fn main() {}
