use nebulakit::NebulaType;

#[derive(NebulaType)]
struct Outer {
    #[nebula(default, required)]
    x: Option<i64>,
}

fn main() {}
