use nebulakit::task;

#[task(crate = "nebulakit")]
fn quoted() {}

fn main() {}
