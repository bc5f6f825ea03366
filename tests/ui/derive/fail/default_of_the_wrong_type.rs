use nebulakit::NebulaType;

#[derive(NebulaType)]
struct Options {
    #[nebula(default = "three")]
    times: i64,
    #[nebula(default = 3)]
    name: String,
}

fn main() {}
