use nebulakit::task;

#[task(requests(memory = "512MB"))]
fn decimal_bytes() {}

#[task(requests(memory = "500m"))]
fn fraction_of_a_byte() {}

#[task(requests(cpu = "two"))]
fn words() {}

#[task(requests(cpu = "1Gi"))]
fn bytes_of_cpu() {}

#[task(requests(gpu = "0.5"))]
fn half_a_device() {}

#[task(requests(ram = "1Gi"))]
fn unknown_resource() {}

#[task(shared_memory = "lots")]
fn shared() {}

fn main() {}
