use nebulakit::NebulaType;

#[derive(NebulaType)]
enum Size {
    Small(u8),
    Large(u64),
}

#[derive(NebulaType)]
enum Judged {
    Passed { score: f64 },
    Failed { score: f64 },
}

fn main() {}
