//! The program of the tests on Slurm: workflows that end in every way in which jobs do.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::Duration;

use nebulakit::Context;
use nebulakit::gate;
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

/// Needs two of what there are only so many of.
#[task(tokens(db = 2))]
fn seated(ledger: String) -> anyhow::Result<i64> {
    ran(&ledger, "seated")?;
    Ok(1)
}

#[workflow]
fn licensed(ledger: Promise<String>) -> Promise<i64> {
    seated::node(ledger)
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

/// Waits for a person between its tasks.
#[workflow]
fn gated(ledger: Promise<String>) -> Promise<i64> {
    double::node(&ledger, gate::approve("fine", double::node(&ledger, 3)))
}

/// Takes twenty seconds.
#[task]
async fn warm_up(ledger: String) -> anyhow::Result<i64> {
    ran(&ledger, "warm_up")?;
    tokio::time::sleep(Duration::from_secs(20)).await;
    Ok(1)
}

/// May take most of the time that an allocation of one minute has.
#[task(timeout = "45s")]
fn large(ledger: String, x: i64) -> anyhow::Result<i64> {
    ran(&ledger, "large")?;
    Ok(x + 1)
}

/// Its second task does not end in what the first one left of an allocation.
#[workflow]
fn tight(ledger: Promise<String>) -> Promise<i64> {
    large::node(&ledger, warm_up::node(&ledger))
}

/// Takes fourteen seconds of a core, and may take twenty.
#[task(timeout = "20s", requests(cpu = "1"))]
async fn plod(ledger: String, x: i64) -> anyhow::Result<i64> {
    ran(&ledger, "plod")?;
    tokio::time::sleep(Duration::from_secs(14)).await;
    Ok(x)
}

/// More than one core gets done in an allocation of one minute.
#[workflow]
fn queued(ledger: Promise<String>) -> Promise<i64> {
    sum::node(&ledger, plod::map(&ledger, vec![1, 2, 3, 4]))
}

/// May take longer than any allocation of one minute.
#[task(timeout = "5m")]
fn giant(ledger: String) -> anyhow::Result<i64> {
    ran(&ledger, "giant")?;
    Ok(1)
}

#[workflow]
fn oversized(ledger: Promise<String>) -> Promise<i64> {
    giant::node(ledger)
}

/// Takes `steps` tenths of a second, whatever stops it: it goes on where it was.
#[task]
async fn enduring(ctx: Context, ledger: String, steps: i64) -> anyhow::Result<i64> {
    ran(&ledger, "enduring")?;
    let checkpoint = ctx.checkpoint().ok_or_else(|| anyhow::anyhow!("there is no place for checkpoints"))?;
    let mut done = match checkpoint.read().await? {
        Some(bytes) => std::str::from_utf8(&bytes)?.parse()?,
        None => 0,
    };
    while done < steps {
        if ctx.is_cancelled() {
            return Err(anyhow::anyhow!("stopped at {done}")).recoverable();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        done += 1;
        ran(&ledger, "step")?;
        checkpoint.write(done.to_string()).await?;
    }
    Ok(done)
}

#[workflow]
fn lasting(ledger: Promise<String>, steps: Promise<i64>) -> Promise<i64> {
    enduring::node(ledger, steps)
}

/// Does nothing: benches/slurm/overhead.sh measures what is around it.
#[task]
fn idle(x: i64) -> i64 {
    x
}

#[task]
fn numbers(n: i64) -> Vec<i64> {
    (0..n).collect()
}

#[task]
fn last(xs: Vec<i64>) -> i64 {
    xs.last().copied().unwrap_or_default()
}

fn chained(x: Promise<i64>, nodes: usize) -> Promise<i64> {
    (0..nodes).fold(x, |x, _| idle::node(x))
}

fn spread(x: &Promise<i64>, nodes: usize) -> Promise<i64> {
    last::node((1..nodes).map(|_| idle::node(x)).collect::<Vec<_>>())
}

#[workflow]
fn chain_20(x: Promise<i64>) -> Promise<i64> {
    chained(x, 20)
}

#[workflow]
fn chain_200(x: Promise<i64>) -> Promise<i64> {
    chained(x, 200)
}

#[workflow]
fn wide_20(x: Promise<i64>) -> Promise<i64> {
    spread(&x, 20)
}

#[workflow]
fn wide_200(x: Promise<i64>) -> Promise<i64> {
    spread(&x, 200)
}

/// As many nodes as `n` says, side by side.
#[workflow]
fn many(n: Promise<i64>) -> Promise<i64> {
    last::node(idle::map(numbers::node(n)))
}

nebulakit::testing::backend_conformance::register!();

nebulakit::main!();
