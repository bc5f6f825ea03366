//! The program of the tests on AWS Batch: workflows that end in every way in which jobs do.
#![allow(clippy::print_stdout, reason = "tests read what a task prints")]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::Duration;

use nebulakit::Context;
use nebulakit::prelude::*;

/// Notes that something ran, in a line of its own.
fn ran(ledger: &str, what: &str) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(ledger)?;
    Ok(file.write_all(format!("{what}\n").as_bytes())?)
}

#[task]
fn double(ledger: String, x: i64) -> anyhow::Result<i64> {
    ran(&ledger, "double")?;
    Ok(2 * x)
}

#[task]
fn sum(ledger: String, xs: Vec<i64>) -> anyhow::Result<i64> {
    ran(&ledger, "sum")?;
    Ok(xs.iter().sum())
}

/// One task behind the other.
#[workflow]
fn chain(ledger: Promise<String>, #[default(1)] x: Promise<i64>) -> Promise<i64> {
    let once = double::node(&ledger, x);
    double::node(&ledger, double::node(&ledger, once))
}

/// Many side by side, and one behind them.
#[workflow]
fn fan(ledger: Promise<String>, xs: Promise<Vec<i64>>) -> Promise<i64> {
    sum::node(&ledger, double::map(&ledger, xs))
}

#[task]
fn written(text: String) -> File {
    println!("out of {text}");
    File::from_bytes("text.txt", text)
}

#[task]
async fn length(file: File) -> anyhow::Result<i64> {
    Ok(file.read_to_string().await?.len().try_into()?)
}

/// A file that one job leaves and another reads.
#[workflow]
fn files(text: Promise<String>) -> (Promise<i64>, Promise<File>) {
    let file = written::node(text);
    (length::node(&file), file)
}

/// A file that somebody brings.
#[workflow]
fn measured(file: Promise<File>) -> Promise<i64> {
    length::node(file)
}

/// Succeeds the third time.
#[task(retries = 2)]
fn flaky(ctx: Context, ledger: String) -> anyhow::Result<i64> {
    ran(&ledger, "flaky")?;
    if ctx.attempt() < 2 {
        return Err(anyhow::anyhow!("not yet")).recoverable();
    }
    Ok(7)
}

#[workflow]
fn retried(ledger: Promise<String>) -> Promise<i64> {
    flaky::node(ledger)
}

#[task(retries = 2)]
fn wrong(ledger: String) -> anyhow::Result<i64> {
    ran(&ledger, "wrong")?;
    Err(anyhow::anyhow!("it is wrong")).permanent()
}

/// Fails for good.
#[workflow]
fn failing(ledger: Promise<String>) -> Promise<i64> {
    wrong::node(ledger)
}

/// Takes longer than it may.
#[task(timeout = "2s")]
async fn slow(ledger: String) -> anyhow::Result<i64> {
    ran(&ledger, "slow")?;
    tokio::time::sleep(Duration::from_secs(300)).await;
    Ok(1)
}

#[workflow]
fn overdue(ledger: Promise<String>) -> Promise<i64> {
    slow::node(ledger)
}

/// Sleeps until a file is there.
#[task]
async fn nap(ledger: String) -> anyhow::Result<i64> {
    ran(&ledger, "nap")?;
    let go = std::path::PathBuf::from(format!("{ledger}.go"));
    while !go.exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(1)
}

/// Waits in its first task.
#[workflow]
fn napping(ledger: Promise<String>) -> Promise<i64> {
    double::node(&ledger, nap::node(&ledger))
}

/// Says what it finds in its environment.
#[task]
fn environment() -> Vec<String> {
    #[allow(clippy::disallowed_methods, reason = "what is there is what is tested")]
    let names = std::env::vars().map(|(name, value)| format!("{name}={value}"));
    names.collect()
}

#[workflow]
fn surroundings() -> Promise<Vec<String>> {
    environment::node()
}

nebulakit::testing::backend_conformance::register!();

nebulakit::main!();
