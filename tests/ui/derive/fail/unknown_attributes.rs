use nebulakit::NebulaType;

#[derive(NebulaType)]
#[nebula(renameall = "camelCase")]
struct Point {
    #[nebula(nmae = "x")]
    x: f64,
    #[nebula]
    y: f64,
    #[nebula(rename)]
    z: f64,
}

#[derive(NebulaType)]
#[nebula(rename_all = "camelcase", pydantic)]
enum Color {
    #[nebula(default)]
    Red,
    #[nebula(value = "green", rename = "green")]
    Green,
}

fn main() {}
