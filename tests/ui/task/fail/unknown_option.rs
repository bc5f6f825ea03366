use nebulakit::task;

#[task(retry = 3)]
fn near() {}

#[task(speed = 3)]
fn far() {}

fn main() {}
