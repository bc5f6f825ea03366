#[path = "../tasks.rs"]
mod tasks;

use nebulakit::prelude::*;
use tasks::*;

#[workflow]
fn over_a_value(x: Promise<i64>) -> Promise<Vec<i64>> {
    double::map(x)
}

#[workflow]
fn over_the_wrong_list(names: Promise<Vec<String>>) -> Promise<Vec<i64>> {
    double::map(names)
}

#[workflow]
fn over_options(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    double::map(double::map(xs).min_success_ratio(0.5))
}

#[workflow]
fn options_for_values(xs: Promise<Vec<i64>>) -> Promise<i64> {
    sum::node(double::map(xs).min_success_ratio(0.5))
}

#[workflow]
fn ratio_of_a_node(x: Promise<i64>) -> Promise<i64> {
    double::node(x).min_success_ratio(0.5)
}

#[workflow]
fn of_a_reference(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    far::map(xs)
}

#[workflow]
fn of_a_launch_plan(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    plan::map(xs)
}

#[workflow]
fn of_a_referred_launch_plan(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    far_plan::map(xs)
}

#[workflow]
fn of_elements(xs: Promise<Vec<i64>>) -> Promise<i64> {
    let doubled: Vec<_> = xs.map(|x| double::node(x)).collect();
    sum::node(doubled)
}

fn main() {}
