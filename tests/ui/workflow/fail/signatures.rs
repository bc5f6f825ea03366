#[path = "../tasks.rs"]
mod tasks;

use nebulakit::prelude::*;
use tasks::*;

#[workflow]
fn forgets_its_result(x: Promise<i64>) {
    double::node(x);
}

#[workflow]
fn takes_a_value(x: i64) -> Promise<i64> {
    double::node(x)
}

#[workflow]
fn borrows(x: &Promise<i64>) -> Promise<i64> {
    double::node(x)
}

#[workflow]
fn gives_a_value(x: Promise<i64>) -> i64 {
    double::node(x)
}

#[workflow]
fn gives_nothing(x: Promise<i64>) -> () {
    double::node(x);
}

#[workflow]
fn gives_values(x: Promise<i64>) -> (i64, String) {
    pair::node(x).split()
}

#[workflow]
fn fails(x: Promise<i64>) -> anyhow::Result<i64> {
    Ok(double::node(x))
}

#[workflow]
async fn is_async(x: Promise<i64>) -> Promise<i64> {
    double::node(x)
}

#[workflow]
fn has_a_context(ctx: Context, x: Promise<i64>) -> Promise<i64> {
    double::node(x)
}

#[workflow]
fn is_generic<T>(x: Promise<T>) -> Promise<i64> {
    double::node(1)
}

#[workflow]
fn has_no_body(x: Promise<i64>) -> Promise<i64>;

#[launch_plan]
fn plan_without_a_body(x: Promise<i64>) -> Promise<i64>;

#[task]
fn takes_a_promise(x: Promise<i64>) -> i64 {
    1
}

#[task]
fn task_without_a_body(x: i64) -> i64;

#[workflow]
struct Graph;

fn main() {}
