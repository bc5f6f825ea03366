use nebulakit::{NebulaType, task};

#[derive(NebulaType)]
struct Point(f64, f64);

#[task]
fn mirror(point: Point) -> Point {
    point
}

fn main() {}
