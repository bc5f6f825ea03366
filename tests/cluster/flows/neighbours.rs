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

/// `neighbours.quadrupled`, a workflow which the suite registers with flytekit.
#[launch_plan(reference(project = "flytesnacks", domain = "development", name = "neighbours.quadrupled", version = "flows-2"))]
fn quadrupled(x: Promise<i64>) -> Promise<i64>;

#[workflow]
fn plan_of_python(x: Promise<i64>) -> Promise<i64> {
    double::node(quadrupled::node(x))
}

/// flytekit has a task of this name, interface and cache version too: what one of them has stored, the other finds.
#[task(name = "neighbours.cubed", cache(version = "flows-1"))]
fn cubed(x: i64) -> i64 {
    x * x * x
}

#[workflow]
fn remembers(x: Promise<i64>) -> Promise<i64> {
    double::node(cubed::node(x))
}

/// A program in an image of its own.
#[task(container(image = "ghcr.io/example/ellipse:1", command = ["/bin/area", "{{.inputs.a}}", "{{.inputs.b}}", "/var/outputs"]))]
fn area(a: f64, b: f64) -> f64;

#[workflow]
fn ellipse(a: Promise<f64>) -> Promise<f64> {
    area::node(a, 2.0)
}
