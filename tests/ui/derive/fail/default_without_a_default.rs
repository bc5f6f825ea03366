use nebulakit::NebulaType;

#[derive(NebulaType)]
struct Inner {
    x: i64,
}

#[derive(NebulaType)]
struct Outer {
    #[nebula(default)]
    inner: Inner,
}

fn main() {}
