#[path = "../tasks.rs"]
mod tasks;

use nebulakit::prelude::*;
use tasks::*;

#[workflow]
fn float_for_whole_number(x: Promise<i64>) -> Promise<i64> {
    when(x.gt(1.5), double::node(&x)).otherwise(0)
}

#[workflow]
fn compares_structs(x: Promise<i64>) -> Promise<i64> {
    when(configure::node().eq(configure::node()), double::node(&x)).otherwise(0)
}

#[workflow]
fn orders_flags(a: Promise<bool>, x: Promise<i64>) -> Promise<i64> {
    when(a.gt(true), double::node(&x)).otherwise(0)
}

#[workflow]
fn has_no_last_arm(x: Promise<i64>) -> Promise<i64> {
    when(x.gt(3), double::node(&x))
}

#[workflow]
fn is_given_on_unfinished(x: Promise<i64>) -> Promise<i64> {
    double::node(when(x.gt(3), double::node(&x)))
}

#[workflow]
fn has_arms_of_two_types(x: Promise<i64>) -> Promise<i64> {
    when(x.gt(3), double::node(&x)).otherwise(greet::node("x"))
}

#[workflow]
fn is_known_already(x: Promise<i64>) -> Promise<i64> {
    when(true, double::node(&x)).otherwise(0)
}

#[workflow]
fn joins_by_and(x: Promise<i64>) -> Promise<i64> {
    when(x.gt(3) && x.lt(5), double::node(&x)).otherwise(0)
}

fn main() {}
