use nebulakit::task;

#[task(retry = 3)]
fn divider(a: f64, b: f64) -> f64 {
    a / b
}

fn main() {
    // The function and the type are there, so that the option is the only error.
    divider(1.0, 2.0);
    let _ = divider::NAME;
}
