use nebulakit::NebulaType;

struct Corner;

#[derive(NebulaType)]
enum Shape {
    Point,
    Rectangle { width: f64, corner: Corner },
}

fn main() {}
