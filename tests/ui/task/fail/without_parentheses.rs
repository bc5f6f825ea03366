use nebulakit::task;

#[task(requests = "500m")]
fn equals() {}

#[task(requests())]
fn empty() {}

#[task(outputs)]
fn nothing() -> i64 {
    1
}

#[task(limits(cpu))]
fn no_value() {}

#[task(labels("team"))]
fn no_label() {}

fn main() {}
