use nebulakit::NebulaType;

#[derive(NebulaType)]
enum Shape {
    Point,
    Circle(f64),
    Rectangle(f64, f64),
    Polygon { corners: Vec<f64> },
}

fn main() {}
