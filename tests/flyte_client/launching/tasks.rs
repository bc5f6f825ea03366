//! Tasks and workflows that are launched.

use nebulakit::prelude::*;

#[task(name = "launching.divider")]
pub(crate) fn divider(a: f64, #[default(2.0)] b: f64) -> f64 {
    a / b
}

#[task(name = "launching.double")]
pub(crate) fn double(x: i64) -> i64 {
    2 * x
}

#[task(name = "launching.sum")]
pub(crate) fn sum(xs: Vec<i64>) -> i64 {
    xs.iter().sum()
}

/// How many lines a file has.
#[task(name = "launching.lines")]
pub(crate) async fn lines(file: File) -> anyhow::Result<i64> {
    Ok(i64::try_from(file.read_to_string().await?.lines().count())?)
}

/// All that is in a directory, in a file.
#[task(name = "launching.joined")]
pub(crate) fn joined(ctx: Context, directory: Directory) -> anyhow::Result<File> {
    let folder = ctx.working_directory()?.join("all");
    directory.blocking().download(&folder)?;
    let mut paths = std::fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    paths.sort();
    let texts = paths.iter().map(std::fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
    Ok(File::from_bytes("joined.txt", texts.concat()))
}

#[task(name = "launching.fails")]
pub(crate) fn fails(x: i64) -> anyhow::Result<i64> {
    Err(anyhow::anyhow!("{x} is not to be had")).code("NotToBeHad")
}

/// It fails at its first attempt.
#[task(name = "launching.flaky", retries = 2)]
pub(crate) fn flaky(ctx: Context, x: i64) -> anyhow::Result<i64> {
    if ctx.attempt() == 0 {
        return Err(anyhow::anyhow!("once more, please")).recoverable();
    }
    Ok(x)
}

/// Doubles as many numbers as it is told.
#[task(name = "launching.fan")]
pub(crate) fn fan(n: i64) -> Promise<i64> {
    sum::node((0..n).map(double::node).collect::<Vec<_>>())
}

#[workflow(name = "launching.inner")]
pub(crate) fn inner(x: Promise<i64>) -> Promise<i64> {
    double::node(double::node(x))
}

/// Everything that a graph can have, but for a gate.
#[workflow(name = "launching.whole")]
pub(crate) fn whole(xs: Promise<Vec<i64>>, n: Promise<i64>) -> Promise<i64> {
    let tried = flaky::node(inner::node(sum::node(double::map(xs))));
    let decided = when(tried.gt(100), double::node(&tried)).otherwise(inner::node(double::node(&tried)));
    sum::node(vec![decided, fan::node(n)])
}

/// Waits for somebody.
#[workflow(name = "launching.gated")]
pub(crate) fn gated(x: Promise<i64>) -> Promise<i64> {
    sum::node(vec![gate::approve("publish", double::node(x)), gate::wait_for::<i64>("bonus")])
}

#[workflow(name = "launching.failing")]
pub(crate) fn failing(x: Promise<i64>) -> Promise<i64> {
    double::node(fails::node(double::node(x)))
}
