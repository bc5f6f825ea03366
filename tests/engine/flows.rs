//! Workflows of each construct, for the double to run.
#![allow(clippy::print_stdout, reason = "tests read what a task says")]

use nebulakit::FlyteError;
use nebulakit::prelude::*;

#[task]
pub(crate) fn double(x: i64) -> i64 {
    2 * x
}

/// Gives its input back.
#[task]
pub(crate) fn same(a: i64) -> i64 {
    a
}

#[task]
pub(crate) fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[workflow]
pub(crate) fn chain(x: Promise<i64>) -> Promise<i64> {
    double::node(double::node(x))
}

#[workflow]
pub(crate) fn nested(x: Promise<i64>) -> Promise<i64> {
    chain::node(add::node(chain::node(x), 1))
}

#[launch_plan]
pub(crate) fn chain_of_five() -> Promise<i64> {
    chain::node(5)
}

#[launch_plan]
pub(crate) fn plan(x: Promise<i64>) -> Promise<i64> {
    chain::node(x)
}

#[workflow]
pub(crate) fn parent(x: Promise<i64>) -> Promise<i64> {
    double::node(plan::node(x))
}

#[workflow]
pub(crate) fn gated() -> Promise<i64> {
    let number = gate::wait_for::<i64>("number");
    double::node(gate::approve("fine", double::node(number)))
}

/// Fails the first times, so that the last one finds what was saved.
#[task(retries = 2)]
fn flaky(ctx: Context, times: i64) -> anyhow::Result<i64> {
    let checkpoint = ctx.checkpoint().ok_or_else(|| anyhow::anyhow!("no checkpoint"))?;
    let former = checkpoint.blocking().read()?.map_or(0, |saved| saved.len() as i64);
    checkpoint.blocking().write(vec![b'x'; former as usize + 1])?;
    if former < times {
        return Err(anyhow::anyhow!("not yet: {former}")).recoverable().code("FLAKY");
    }
    Ok(former)
}

#[workflow]
pub(crate) fn retried(times: Promise<i64>) -> Promise<i64> {
    flaky::node(times)
}

#[task]
fn broken(x: i64) -> anyhow::Result<i64> {
    Err(anyhow::anyhow!("{x} is broken")).code("BROKEN")
}

#[task(name = "engine.flows.clean_up")]
fn clean_up(x: i64, err: Option<FlyteError>) {
    println!("cleaned up {x}: {}", err.map(|error| error.message).unwrap_or_default());
}

#[workflow(on_failure = clean_up::node(x, Failure))]
pub(crate) fn handled(x: Promise<i64>) -> Promise<i64> {
    broken::node(x)
}

#[task]
pub(crate) fn slow(ctx: Context, x: i64) -> anyhow::Result<i64> {
    println!("waiting {x}");
    while !ctx.is_cancelled() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    anyhow::bail!("told to end")
}

#[workflow]
pub(crate) fn aborted(x: Promise<i64>) -> Promise<i64> {
    slow::node(x)
}

#[workflow]
pub(crate) fn half(x: Promise<i64>) -> Promise<i64> {
    retried_once::node(double::node(x))
}

/// Fails where no former execution saved anything.
#[task]
fn retried_once(ctx: Context, x: i64) -> anyhow::Result<i64> {
    let checkpoint = ctx.checkpoint().ok_or_else(|| anyhow::anyhow!("no checkpoint"))?;
    let has_former = checkpoint.blocking().read()?.is_some();
    checkpoint.blocking().write("x")?;
    anyhow::ensure!(has_former, "the first time");
    Ok(x)
}

#[task(cache(version = "1"))]
fn costly(x: i64) -> i64 {
    x + 100
}

#[workflow]
pub(crate) fn cached(x: Promise<i64>) -> Promise<i64> {
    costly::node(x)
}

#[task]
fn odd(x: i64) -> anyhow::Result<i64> {
    anyhow::ensure!(x % 2 == 1, "{x} is even");
    Ok(x)
}

#[workflow]
pub(crate) fn some(xs: Promise<Vec<i64>>) -> Promise<Vec<Option<i64>>> {
    odd::map(xs).min_success_ratio(0.5)
}

#[workflow]
pub(crate) fn all(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
    odd::map(xs).concurrency(2)
}

/// As long as a text, from a file.
#[task]
fn length(text: File) -> anyhow::Result<i64> {
    Ok(text.blocking().read_to_string()?.len() as i64)
}

#[task]
fn write(ctx: Context, text: String) -> anyhow::Result<File> {
    let path = ctx.working_directory()?.join("text.txt");
    std::fs::write(&path, text)?;
    Ok(File::from_path(path))
}

#[workflow]
pub(crate) fn files(text: Promise<String>) -> Promise<i64> {
    length::node(write::node(text))
}

#[task]
pub(crate) fn read(text: File) -> anyhow::Result<i64> {
    Ok(text.blocking().read_to_string()?.len() as i64)
}
