//! Tasks of Python in workflows of ours.

use nebulakit::prelude::*;

use crate::constructs::double;

/// `neighbours.doubled`, which the suite registers with flytekit.
#[task(reference(project = "flytesnacks", domain = "development", name = "neighbours.doubled", version = "flows-1"))]
fn doubled(x: i64) -> i64;

#[workflow]
fn between(x: Promise<i64>) -> Promise<i64> {
    doubled::node(double::node(doubled::node(x)))
}

/// A graph that runs a task of Python, which only its template makes possible.
#[task]
fn grows_python(n: i64) -> Promise<i64> {
    (0..n).fold(Promise::of(1), |x, _| doubled::node(x))
}

#[workflow]
fn dynamic(n: Promise<i64>) -> Promise<i64> {
    grows_python::node(n)
}

/// A program in an image of its own.
#[task(container(image = "ghcr.io/example/ellipse:1", command = ["/bin/area", "{{.inputs.a}}", "{{.inputs.b}}", "/var/outputs"]))]
fn area(a: f64, b: f64) -> f64;

#[workflow]
fn ellipse(a: Promise<f64>) -> Promise<f64> {
    area::node(a, 2.0)
}
