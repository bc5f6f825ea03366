use std::collections::HashSet;

use nebulakit::task;

#[task]
fn distinct(values: Vec<i64>) -> Result<HashSet<i64>, std::io::Error> {
    Ok(values.into_iter().collect())
}

fn main() {}
