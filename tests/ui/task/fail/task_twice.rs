use nebulakit::task;

#[task(retries = 3)]
#[task(timeout = "10m")]
fn one() -> i64 {
    1
}

fn main() {}
