use nebulakit::NebulaType;

struct Inner {
    x: i64,
}

#[derive(NebulaType)]
struct Outer {
    inner: Inner,
    others: Vec<Inner>,
}

fn main() {}
