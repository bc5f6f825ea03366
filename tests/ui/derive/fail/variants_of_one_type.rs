use nebulakit::NebulaType;

#[derive(NebulaType)]
enum Size {
    Small(u8),
    Large(u64),
}

fn main() {}
