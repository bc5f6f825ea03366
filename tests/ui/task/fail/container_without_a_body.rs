use nebulakit::prelude::*;

#[task(container(image = "area:1", command = ["/bin/area", "{{.inputs.a}}"]))]
fn area(a: f64) -> f64;

fn main() {
    let _ = area(1.0);
    let _ = area::with("one");
}
