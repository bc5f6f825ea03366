use nebulakit::task;

#[task(retry = 3)]
fn near() {}

#[task(kiwi = 3)]
fn far() {}

fn main() {}
