use nebulakit::task;

#[task(retry = 3)]
fn near() {}

#[task(zoom = 3)]
fn far() {}

fn main() {}
