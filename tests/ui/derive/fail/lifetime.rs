use nebulakit::{NebulaType, task};

#[derive(NebulaType)]
struct Words<'a> {
    first: &'a str,
}

#[task]
fn one() {}

fn main() {}
