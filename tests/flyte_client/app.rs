//! A program that registers itself.

use nebulakit::prelude::*;

#[task(name = "app.double")]
fn double(x: i64) -> i64 {
    2 * x
}

#[workflow(name = "app.quadruple")]
fn quadruple(x: Promise<i64>) -> Promise<i64> {
    double::node(double::node(x))
}

nebulakit::main!();
