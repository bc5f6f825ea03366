use nebulakit::NebulaType;

#[derive(NebulaType)]
struct Settings {
    #[default]
    a: i64,
    #[default = 8]
    b: i64,
    #[default(8)]
    #[nebula(default = 9)]
    c: i64,
    #[default("x")]
    d: i64,
}

fn main() {}
