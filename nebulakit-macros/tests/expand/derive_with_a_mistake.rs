#[derive(NebulaType)]
struct Point(f64, f64);
