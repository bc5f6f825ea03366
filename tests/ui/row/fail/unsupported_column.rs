use std::collections::HashSet;

use nebulakit::schema::Row;

#[derive(Row)]
struct Words {
    count: i64,
    distinct: HashSet<String>,
}

fn main() {}
