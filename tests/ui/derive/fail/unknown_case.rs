use nebulakit::NebulaType;

#[derive(NebulaType)]
#[nebula(rename_all = "title")]
struct Point {
    x: f64,
}

fn main() {}
