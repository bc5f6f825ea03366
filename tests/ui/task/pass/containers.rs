//! Container tasks of every kind, as users write them.
#![deny(warnings, missing_docs)]

use nebulakit::prelude::*;

/// The area of an ellipse.
#[task(container(image = "ghcr.io/me/ellipse:1", command = ["/bin/area", "{{.inputs.a}}", "{{ .inputs.b }}", "/var/outputs"]))]
pub fn ellipse_area(a: f64, #[default(1.0)] b: f64) -> f64;

/// Everything in its place.
#[task(
    name = "tools.index",
    outputs(index, lines),
    retries = 1,
    env(LC_ALL = "C"),
    container(
        image = "samtools:1.21",
        command = ["samtools", "index", "/in/reads", "-o", "/out/index"],
        network,
        input_path = "/in",
        output_path = "/out",
        format = yaml,
    )
)]
async fn index(reads: File, limit: Option<i64>) -> anyhow::Result<(File, i64)> {
    Ok((reads, limit.unwrap_or(1)))
}

/// A task of the registry, whose container has a network.
#[task(image = "ghcr.io/me/app:1", container(network = true))]
fn fetch(url: String) -> String {
    url
}

/// In a macro of one's own.
macro_rules! tool {
    ($name:ident, $ty:ty) => {
        #[task(container(image = "tools:1", command = ["/bin/tool", "{{.inputs.x}}"]))]
        fn $name(x: $ty) -> $ty;
    };
}

tool!(of_text, String);

pub fn main() {
    assert!(ellipse_area::NAME.ends_with("ellipse_area"));
    assert_eq!(index::def().container().unwrap().command[1], "index");
    assert!(fetch::def().container().is_none() && of_text::def().container().is_some());
}
