use nebulakit::task;

#[task(retries = -1)]
fn negative() {}

#[task(retries = "3")]
fn text() {}

#[task(retries)]
fn nothing() {}

fn main() {}
