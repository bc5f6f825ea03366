use nebulakit::NebulaType;

struct Handle;

#[derive(NebulaType)]
struct Outer {
    x: i64,
    #[nebula(skip)]
    handle: Handle,
}

fn main() {}
