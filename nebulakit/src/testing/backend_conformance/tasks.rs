//! The tasks that the suite runs. Their outputs say what they did, because they may run on another machine.

use anyhow::{bail, ensure};
use nebulakit_types::{File, FlyteError};
use tracing::Level;

use super::quiet;
use crate::Context;
use crate::task;
use crate::task::def::{Task as _, TaskDef};
use crate::task::error::{ResultExt as _, TaskError};
use crate::workflow::Promise;

/// The code that [`fails`] fails with.
pub(super) const CODE: &str = "NEBULAKIT:Conformance";

/// The tasks that the suite runs. A program whose backend is checked adds them with [`register`](super::register).
#[must_use]
pub fn tasks() -> Vec<&'static TaskDef> {
    vec![
        add::def(),
        sum::def(),
        echo::def(),
        divide::def(),
        even::def(),
        fails::def(),
        panics::def(),
        flaky::def(),
        hangs::def(),
        waits::def(),
        reported::def(),
        reported_badly::def(),
        grown::def(),
        calls::def(),
        remembered::def(),
        writes::def(),
        length::def(),
        logs::def(),
        letters::def(),
    ]
}

#[task(crate = quiet)]
pub(super) fn add(a: i64, #[default(1)] b: i64) -> i64 {
    a + b
}

#[task(crate = quiet)]
pub(super) async fn sum(xs: Vec<i64>) -> i64 {
    xs.iter().sum()
}

#[task(crate = quiet)]
pub(super) fn echo(text: String) -> String {
    text
}

#[task(crate = quiet, outputs(quotient, remainder))]
pub(super) fn divide(a: i64, b: i64) -> anyhow::Result<(i64, i64)> {
    ensure!(b != 0, "cannot divide {a} by zero");
    Ok((a / b, a % b))
}

#[task(crate = quiet)]
pub(super) fn even(x: i64) -> anyhow::Result<i64> {
    ensure!(x % 2 == 0, "{x} is odd");
    Ok(x)
}

#[task(crate = quiet, retries = 3)]
pub(super) fn fails(message: String) -> anyhow::Result<i64> {
    Err(anyhow::anyhow!(message)).permanent().code(CODE)
}

#[task(crate = quiet)]
pub(super) fn panics(message: String) -> i64 {
    panic!("{message}")
}

/// Gives the attempt that succeeds: that after `failures` failures.
#[task(crate = quiet, retries = 2)]
pub(super) fn flaky(ctx: Context, failures: i64) -> anyhow::Result<i64> {
    let attempt = i64::from(ctx.attempt());
    ensure!(attempt >= failures, TaskError::recoverable(anyhow::anyhow!("attempt {attempt} fails")));
    Ok(attempt)
}

/// Does not end unless it is stopped by force.
#[task(crate = quiet)]
pub(super) async fn hangs() -> i64 {
    std::future::pending().await
}

/// Gives up when it is told to stop.
#[task(crate = quiet)]
pub(super) async fn waits(ctx: Context, x: i64) -> anyhow::Result<i64> {
    ctx.cancelled().await;
    bail!("stopped on the way to {x}")
}

/// A failure handler.
#[task(crate = quiet)]
pub(super) fn reported(x: i64, err: Option<FlyteError>) -> String {
    format!("{x}: {}", err.map(|error| error.message).unwrap_or_default())
}

/// A failure handler that fails.
#[task(crate = quiet)]
pub(super) fn reported_badly(x: i64, err: Option<FlyteError>) -> anyhow::Result<()> {
    bail!("the handler broke at {x}, after: {}", err.map(|error| error.message).unwrap_or_default())
}

/// Adds up twice each number, by nodes of its own.
#[task(crate = quiet)]
pub(super) fn grown(xs: Vec<i64>) -> anyhow::Result<Promise<i64>> {
    ensure!(!xs.is_empty(), "there is nothing to grow");
    Ok(sum::node(xs.into_iter().map(|x| add::node(x, x)).collect::<Vec<_>>()))
}

/// Adds 1 by a task that it calls.
#[task(crate = quiet)]
pub(super) async fn calls(ctx: Context, x: i64) -> anyhow::Result<i64> {
    Ok(add::call(&ctx, x, 1).await?)
}

#[task(crate = quiet, cache(version = "1"))]
pub(super) fn remembered(salt: String, x: i64) -> i64 {
    x + i64::from(salt.is_empty())
}

#[task(crate = quiet)]
pub(super) fn writes(ctx: Context, text: String) -> anyhow::Result<File> {
    let path = ctx.working_directory()?.join("text.txt");
    std::fs::write(&path, text)?;
    Ok(File::from_path(path))
}

#[task(crate = quiet)]
pub(super) async fn length(file: File) -> anyhow::Result<i64> {
    Ok(i64::try_from(file.size().await?)?)
}

#[task(crate = quiet)]
pub(super) fn logs(ctx: Context, line: String) {
    ctx.log(Level::INFO, line);
}

/// Counts the letters of a text.
#[task(crate = quiet, name = "nebulakit.testing.backend_conformance.größe_任务")]
pub(super) fn letters(text: String) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}
