use nebulakit::task;

#[task(retries = 3, timeout = "10m", retries = 4)]
fn twice() {}

fn main() {}
