use nebulakit::task;

#[task(cpu = 4)]
fn cores() {}

#[task(mem = "2Gi", gpu = 1)]
fn memory_and_devices() {}

#[task(version = 1)]
fn version() {}

#[task(container_image = "app:1")]
fn the_word_of_python() {}

fn main() {}
