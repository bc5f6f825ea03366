#[path = "../tasks.rs"]
mod tasks;

use nebulakit::prelude::*;
use tasks::*;

#[workflow]
fn wrong_type(name: Promise<String>) -> Promise<i64> {
    double::node(name)
}

#[workflow]
fn missing_argument(x: Promise<i64>) -> Promise<i64> {
    divide::node(x).quotient.clone()
}

#[workflow]
fn too_many(x: Promise<i64>) -> Promise<i64> {
    double::node(&x, &x)
}

#[workflow]
fn i32_for_i64() -> Promise<i64> {
    let n: i32 = 3;
    double::node(n)
}

#[workflow]
fn whole_number_for_float() -> Promise<f64> {
    scale::node(8)
}

#[workflow]
fn whole_promise_for_float(x: Promise<i64>) -> Promise<f64> {
    scale::node(x)
}

#[workflow]
fn text_for_number() -> Promise<i64> {
    double::node("8")
}

#[workflow]
fn optional_for_value(x: Promise<i64>) -> Promise<i64> {
    double::node(maybe::node(x))
}

#[workflow]
fn value_for_list(x: Promise<i64>) -> Promise<i64> {
    sum::node(x)
}

#[workflow]
fn list_for_value(xs: Promise<Vec<i64>>) -> Promise<i64> {
    double::node(xs)
}

#[workflow]
fn outputs_for_value(x: Promise<i64>) -> Promise<i64> {
    double::node(pair::node(x))
}

#[workflow]
fn default_for_required() -> Promise<i64> {
    double::node(Default)
}

fn main() {}
