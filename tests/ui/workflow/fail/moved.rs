#[path = "../tasks.rs"]
mod tasks;

use nebulakit::prelude::*;
use tasks::*;

#[workflow]
fn twice(x: Promise<i64>) -> Promise<i64> {
    let a = double::node(x);
    let b = double::node(x);
    sum::node([a, b])
}

#[workflow]
fn field(config: Promise<Config>) -> Promise<i64> {
    let depth = config.depth;
    double::node(depth)
}

fn main() {}
