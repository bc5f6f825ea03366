#[path = "../tasks.rs"]
mod tasks;

use nebulakit::prelude::*;
use tasks::*;

#[workflow]
fn compares(top: Promise<i64>) -> Promise<i64> {
    if top > 3 { double::node(top) } else { top }
}

#[workflow]
fn asks_a_flag(flag: Promise<bool>, x: Promise<i64>) -> Promise<i64> {
    if flag { double::node(&x) } else { x }
}

#[workflow]
fn asks_a_node(x: Promise<i64>) -> Promise<i64> {
    let y = double::node(x);
    if y > 3 { double::node(y) } else { y }
}

#[workflow]
fn matches(x: Promise<i64>) -> Promise<i64> {
    match x {
        _ => double::node(1),
    }
}

#[workflow]
fn loops(x: Promise<bool>, y: Promise<i64>) -> Promise<i64> {
    let mut y = y;
    while !x && true {
        y = double::node(y);
    }
    y
}

#[workflow]
fn compares_the_other_way(x: Promise<i64>, ys: Promise<Vec<i64>>) -> Promise<i64> {
    let s = sum::node(ys);
    if 3 < s { double::node(x) } else { x }
}

#[workflow]
fn waits(x: Promise<i64>) -> Promise<i64> {
    double::node(x).await
}

fn main() {}
