use nebulakit::{NebulaType, TaskOutputs};

#[derive(NebulaType, TaskOutputs)]
struct Division {
    quotient: i64,
    remainder: i64,
}

fn main() {}
