#[path = "../tasks.rs"]
mod tasks;

use nebulakit::prelude::*;
use tasks::*;

pub struct Mine;

#[workflow]
fn takes_what_does_not_travel(x: Promise<Mine>) -> Promise<i64> {
    let _ = x;
    double::node(1)
}

#[workflow]
fn gives_what_does_not_travel(x: Promise<i64>) -> Promise<Mine> {
    x
}

#[workflow]
fn tuple_of_one_node(x: Promise<i64>) -> (Promise<i64>, Promise<String>) {
    pair::node(x)
}

#[workflow]
fn untyped_gate() -> Promise<i64> {
    let y = gate::wait_for("how-many");
    when(y.gt(3), 0).otherwise(double::node(&y))
}

#[workflow(outputs(one, two, three))]
fn names_too_many(x: Promise<i64>) -> Promise<(i64, String)> {
    pair::node(x)
}

fn main() {}
