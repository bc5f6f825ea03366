#[path = "../tasks.rs"]
mod tasks;

use nebulakit::prelude::*;
use tasks::*;

#[workflow]
fn adds(x: Promise<i64>) -> Promise<i64> {
    double::node(x + 1)
}

#[workflow]
fn formats(x: Promise<i64>) -> Promise<String> {
    greet::node(format!("number {x}"))
}

#[workflow]
fn loops(xs: Promise<Vec<i64>>) -> Promise<i64> {
    let mut last = Promise::of(0);
    for x in xs {
        last = double::node(x);
    }
    last
}

#[workflow]
fn iterates(xs: Promise<Vec<i64>>) -> Promise<i64> {
    sum::node(xs.iter().map(|x| double::node(x)).collect::<Vec<_>>())
}

#[workflow]
fn counts(xs: Promise<Vec<i64>>) -> Promise<i64> {
    let n = xs.len();
    double::node(n)
}

#[workflow]
fn calls_the_function(x: Promise<i64>) -> Promise<i64> {
    double(x)
}

fn helper(x: Promise<i64>) -> Promise<i64> {
    if double::node(&x) > 3 { x } else { double::node(x) }
}

#[workflow]
fn unknown_field(config: Promise<Config>) -> Promise<i64> {
    double::node(&config.dept)
}

#[workflow]
fn field_of_a_number(x: Promise<i64>) -> Promise<i64> {
    double::node(&x.depth)
}

fn main() {
    let _ = helper;
}
