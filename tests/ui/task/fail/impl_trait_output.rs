use nebulakit::task;

#[task]
fn numbers() -> impl Iterator<Item = i64> {
    0..3
}

fn main() {}
