use std::collections::HashSet;

use nebulakit::TaskOutputs;

#[derive(TaskOutputs)]
struct Words {
    count: i64,
    distinct: HashSet<String>,
}

fn main() {}
