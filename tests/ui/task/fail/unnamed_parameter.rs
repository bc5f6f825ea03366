use nebulakit::task;

#[task]
fn ignore(_: i64) {}

fn main() {}
