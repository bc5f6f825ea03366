use nebulakit::NebulaType;

#[derive(NebulaType)]
union Bits {
    float: f64,
    integer: u64,
}

fn main() {}
