use nebulakit::task;

struct Point {
    x: f64,
    y: f64,
}

#[task]
fn length(point: Point) -> f64 {
    point.x.hypot(point.y)
}

fn main() {}
