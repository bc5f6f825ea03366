//! Workflows that fail, go on, come back or are stopped.

use anyhow::Context as _;
use nebulakit::FlyteError;
use nebulakit::prelude::*;

use crate::constructs::{double, total};

#[task]
fn fails(message: String) -> anyhow::Result<i64> {
    Err(anyhow::anyhow!("{message}")).code("FLOWS:Broken")
}

/// Fails until its third attempt; each one leaves its number behind.
#[task(retries = 3)]
fn comes_back(ctx: Context, last: u32) -> anyhow::Result<String> {
    let checkpoint = ctx.checkpoint().ok_or_else(|| anyhow::anyhow!("there is no place for checkpoints"))?;
    let found = checkpoint.blocking().read()?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let found = format!("{found}{}", ctx.attempt());
    if ctx.attempt() < last {
        checkpoint.blocking().write(found.clone())?;
        return Err(anyhow::anyhow!("attempt {} ends here", ctx.attempt())).recoverable();
    }
    Ok(found)
}

#[workflow]
fn returns(last: Promise<u32>) -> Promise<String> {
    comes_back::node(last)
}

/// Fails at each attempt.
#[task(retries = 1)]
fn gives_up(x: i64) -> anyhow::Result<i64> {
    Err(anyhow::anyhow!("{x} will not do")).code("FLOWS:Again").recoverable()
}

#[workflow]
fn in_vain(x: Promise<i64>) -> Promise<i64> {
    gives_up::node(double::node(x))
}

/// A workflow in a workflow, and an execution of its own, which fail.
#[workflow]
fn below(x: Promise<i64>) -> Promise<i64> {
    in_vain::node(x)
}

#[launch_plan]
fn elsewhere(x: Promise<i64>) -> Promise<i64> {
    goes_on::node(x)
}

#[workflow]
fn far_below(x: Promise<i64>) -> Promise<i64> {
    double::node(elsewhere::node(x))
}

#[task]
fn panics(x: i64) -> i64 {
    assert_ne!(x, 2, "two is one too many");
    x
}

/// A graph that grows, and in which a task panics.
#[task]
fn grows_badly(x: i64) -> Promise<i64> {
    total::node([panics::node(x), double::node(x)])
}

#[workflow]
fn grown_badly(x: Promise<i64>) -> Promise<i64> {
    grows_badly::node(x)
}

/// Takes longer than it may.
#[task(timeout = "5s")]
async fn dawdles(ctx: Context) -> anyhow::Result<()> {
    ctx.cancelled().await;
    anyhow::bail!("stopped")
}

#[workflow]
fn too_slow() -> Promise<()> {
    dawdles::node()
}

/// Waits to be stopped at its first attempt, and says which one it is at its next.
#[task(retries = 1)]
async fn stays(ctx: Context) -> anyhow::Result<u32> {
    if ctx.attempt() == 0 {
        ctx.cancelled().await;
        anyhow::bail!("stopped");
    }
    Ok(ctx.attempt())
}

#[workflow]
fn drained() -> Promise<u32> {
    stays::node()
}

/// Takes its time before it stores what it gives.
#[task(retries = 3)]
async fn stores_late(text: String) -> File {
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    File::from_bytes("late.txt", text)
}

#[task]
async fn reads_late(file: File) -> anyhow::Result<String> {
    Ok(file.read_to_string().await?)
}

#[workflow]
fn late(text: Promise<String>) -> Promise<String> {
    reads_late::node(stores_late::node(text))
}

#[task]
fn cleans_up(x: i64, err: Option<FlyteError>) -> anyhow::Result<()> {
    let err = err.context("nobody says what failed")?;
    anyhow::ensure!(err.message.contains("broken as asked"), "{x}: told `{}`", err.message);
    Ok(())
}

#[workflow(on_failure = cleans_up::node(x, Failure))]
fn guarded(x: Promise<i64>) -> Promise<i64> {
    let broken = fails::node("broken as asked");
    total::node([broken, double::node(x)])
}

#[workflow(keep_going)]
fn goes_on(x: Promise<i64>) -> Promise<i64> {
    let broken = fails::node("one of two");
    let other = double::node(double::node(x));
    total::node([broken, other])
}

#[task(cache(version = "flows-1"))]
fn square(x: i64) -> i64 {
    x * x
}

#[workflow]
fn remembers(x: Promise<i64>) -> Promise<i64> {
    square::node(x)
}

/// Fails unless something is stored at `luck`.
#[task]
async fn needs_luck(x: i64, luck: String) -> anyhow::Result<i64> {
    let found: File = File::from_uri(luck);
    found.read_bytes().await.context("no luck")?;
    Ok(x + 1)
}

#[workflow]
fn unlucky(x: Promise<i64>, luck: Promise<String>) -> Promise<i64> {
    needs_luck::node(double::node(x), luck)
}

/// Ends only when it is told to.
#[task]
async fn waits(ctx: Context) -> anyhow::Result<()> {
    ctx.cancelled().await;
    anyhow::bail!("stopped")
}

#[workflow]
fn endless() -> Promise<()> {
    waits::node()
}
