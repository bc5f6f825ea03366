use nebulakit::NebulaType;

#[derive(NebulaType)]
struct Tree {
    name: String,
    children: Vec<Tree>,
}

fn main() {}
