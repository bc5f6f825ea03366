use std::collections::HashSet;

use nebulakit::NebulaType;

#[derive(NebulaType)]
enum Words {
    Count(i64),
    Distinct(HashSet<String>),
}

fn main() {}
