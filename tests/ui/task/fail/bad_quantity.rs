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

#[task(requests(memory = 512))]
fn memory_without_a_unit() {}

#[task(requests(memory = 512Mi))]
fn memory_without_quotes() {}

#[task(requests(cpu = -1))]
fn negative() {}

#[task(requests(gpu = 0.5))]
fn half_a_device_as_a_number() {}

#[task(requests(cpu = 2), limits(cpu = 1))]
fn limit_below_the_request() {}

#[task(shared_memory = "lots")]
fn shared() {}

fn main() {}
