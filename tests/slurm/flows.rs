//! The program of the tests on Slurm: workflows that end in every way in which jobs do.

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

/// Takes more memory than it asks for.
#[task(requests(memory = "100Mi"))]
fn hog(ledger: String) -> anyhow::Result<i64> {
    ran(&ledger, "hog")?;
    let taken = vec![1_u8; 400 << 20];
    Ok(taken.iter().map(|byte| i64::from(*byte)).sum())
}

#[workflow]
fn hungry(ledger: Promise<String>) -> Promise<i64> {
    hog::node(ledger)
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

/// Sleeps until a file is there; a second attempt does not.
#[task(retries = 1)]
async fn nap(ctx: Context, ledger: String) -> anyhow::Result<i64> {
    ran(&ledger, "nap")?;
    let go = std::path::PathBuf::from(format!("{ledger}.go"));
    while ctx.attempt() == 0 && !go.exists() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(1)
}

/// Waits in its second task.
#[workflow]
fn napping(ledger: Promise<String>) -> Promise<i64> {
    double::node(&ledger, double::node(&ledger, nap::node(&ledger)))
}

nebulakit::testing::backend_conformance::register!();

nebulakit::main!();
