#[path = "../tasks.rs"]
mod tasks;

use nebulakit::prelude::*;
use tasks::*;

#[task]
async fn awaits_a_node(x: i64) -> anyhow::Result<i64> {
    Ok(double::node(x).await)
}

#[task]
async fn calls_with_a_promise(ctx: Context, x: i64) -> anyhow::Result<i64> {
    let y = double::node(x);
    Ok(double::call(&ctx, y).await?)
}

#[task]
async fn calls_a_workflow(ctx: Context, x: i64) -> anyhow::Result<i64> {
    Ok(quadruple::call(&ctx, x).await?)
}

#[task]
async fn calls_a_reference(ctx: Context, x: i64) -> anyhow::Result<i64> {
    Ok(far::call(&ctx, x).await?)
}

fn calls_the_function_of_a_reference() -> i64 {
    far(1)
}

fn main() {
    calls_the_function_of_a_reference();
}
