use nebulakit::NebulaType;

#[derive(NebulaType)]
struct Nothing;

fn main() {}
