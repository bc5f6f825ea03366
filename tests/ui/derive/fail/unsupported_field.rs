use std::collections::HashSet;

use nebulakit::NebulaType;

#[derive(NebulaType)]
struct Words {
    count: i64,
    distinct: HashSet<String>,
}

fn main() {}
