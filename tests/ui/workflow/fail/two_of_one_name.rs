#[path = "../tasks.rs"]
mod tasks;

use nebulakit::prelude::*;
use tasks::*;

#[workflow]
fn wf(x: Promise<i64>) -> Promise<i64> {
    double::node(x)
}

#[workflow]
fn wf(x: Promise<i64>) -> Promise<i64> {
    double::node(x)
}

fn main() {}
