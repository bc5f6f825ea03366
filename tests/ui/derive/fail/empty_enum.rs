use nebulakit::NebulaType;

#[derive(NebulaType)]
enum Never {}

fn main() {}
