use nebulakit::NebulaType;

#[derive(NebulaType)]
enum Shape {
    Point,
    Rectangle { width: f64, height: f64 },
    Empty(),
}

fn main() {}
