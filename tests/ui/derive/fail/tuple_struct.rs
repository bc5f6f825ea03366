use nebulakit::NebulaType;

#[derive(NebulaType)]
struct Point(f64, f64);

fn main() {}
