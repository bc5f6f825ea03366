/// The area of an ellipse.
#[task(container(
    image = "ghcr.io/me/ellipse:1",
    command = ["/bin/area", "{{.inputs.a}}", "{{.inputs.b}}", "/out"],
    network = true,
    output_path = "/out",
    format = proto
))]
pub fn ellipse_area(a: f64, #[default(1.0)] b: f64) -> f64;
