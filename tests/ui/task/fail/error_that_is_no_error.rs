use nebulakit::task;

struct Oops;

#[task]
fn fail() -> Result<i64, Oops> {
    Err(Oops)
}

fn main() {}
