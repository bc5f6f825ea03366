use nebulakit::task;

#[task(limits(cpu = "500m", memory = "1G"), requests(cpu = "1", memory = "1Gi"))]
fn tight() {}

fn main() {}
