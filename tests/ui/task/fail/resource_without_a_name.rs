use nebulakit::task;

#[task(requests("1Gi"))]
fn amount_alone() {}

fn main() {}
