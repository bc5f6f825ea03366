#![deny(unused, unconditional_recursion)]
#![allow(unused_imports, dead_code)]

#[path = "../tasks.rs"]
mod tasks;

use nebulakit::prelude::*;
use tasks::*;

#[workflow]
fn node(x: Promise<i64>) -> Promise<i64> {
    log::node("start");
    double::node(x)
}

#[workflow]
fn variable(x: Promise<i64>) -> Promise<i64> {
    let started = log::node("start");
    double::node(x)
}

#[workflow]
fn condition(x: Promise<i64>) -> Promise<i64> {
    x.gt(3);
    when(x.gt(3), double::node(&x));
    double::node(x)
}

#[workflow]
fn itself(x: Promise<i64>) -> Promise<i64> {
    itself(double::node(x))
}

#[task]
async fn call(ctx: Context, x: i64) -> anyhow::Result<i64> {
    double::call(&ctx, x);
    Ok(x)
}

fn main() {}
