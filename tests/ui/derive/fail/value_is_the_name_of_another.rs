use nebulakit::NebulaType;

#[derive(NebulaType)]
enum Color {
    #[nebula(value = "Green")]
    Red,
    #[nebula(value = "green")]
    Green,
}

fn main() {}
