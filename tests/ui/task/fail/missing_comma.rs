use nebulakit::task;

#[task(retries = 3 timeout = "10m")]
fn joined() {}

fn main() {}
