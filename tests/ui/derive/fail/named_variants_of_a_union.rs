use nebulakit::NebulaType;

#[derive(NebulaType)]
enum Input {
    #[nebula(value = "number")]
    Number(i64),
    Text(String),
}

fn main() {}
