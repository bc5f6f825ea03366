#[path = "../tasks.rs"]
mod tasks;

use nebulakit::prelude::*;
use tasks::*;

#[workflow]
fn takes_an_error_out(x: Promise<i64>) -> Promise<i64> {
    double::node(x)?
}

#[workflow]
fn takes_a_node_apart(x: Promise<i64>) -> Promise<i64> {
    let (number, text) = pair::node(x);
    double::node(number).after(log::node(text))
}

#[workflow]
fn indexes(xs: Promise<Vec<i64>>) -> Promise<i64> {
    double::node(&xs[0])
}

#[workflow]
fn mixes_promises_and_constants(x: Promise<i64>) -> Promise<i64> {
    sum::node([&x, 7])
}

#[workflow]
fn waits_for_two(x: Promise<i64>) -> Promise<i64> {
    let first = log::node("first");
    let second = log::node("second");
    double::node(x).after(&first, &second)
}

fn main() {}
