use nebulakit::task;

#[task]
fn count() -> i64 {
    1
}

#[task]
fn count() -> i64 {
    2
}

fn main() {}
