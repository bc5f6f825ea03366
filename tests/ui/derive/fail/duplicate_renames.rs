use nebulakit::NebulaType;

#[derive(NebulaType)]
struct Point {
    #[nebula(rename = "y")]
    x: f64,
    y: f64,
}

#[derive(NebulaType)]
enum Color {
    #[nebula(value = "red")]
    Red,
    #[nebula(rename = "red")]
    Crimson,
}

fn main() {}
