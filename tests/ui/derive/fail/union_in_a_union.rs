use nebulakit::NebulaType;

#[derive(NebulaType)]
enum Input {
    Number(i64),
    Text(Option<String>),
}

fn main() {}
