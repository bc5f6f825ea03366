//! A process that runs a workflow and records it, for tests that end it.
//!
//! `driven FOLDER WORKFLOW LEDGER kernel|disk BYTES [RUN]`: says the id of the run, and then how it ended. It goes on with `RUN`. The kernel ends it where its log
//! would grow by more than so many bytes behind the event that creates the run; `-` stands for no limit.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program of tests fails by panicking, and prints"
)]

use std::fs::OpenOptions;
use std::io::Write as _;

use nebulakit::Context;
use nebulakit::backend::{Backend as _, LocalBackend, Options};
use nebulakit::graph::Graph;
use nebulakit::prelude::*;
use nebulakit::run::{Durability, RunId, RunsFolder};
use rustix::process::{Resource, Rlimit, setrlimit};

/// Notes that something ran, in a line of its own.
fn ran(ledger: &str, what: &str) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(ledger)?;
    Ok(file.write_all(format!("{what}\n").as_bytes())?)
}

#[task]
fn numbers(ledger: String) -> anyhow::Result<Vec<i64>> {
    ran(&ledger, "numbers")?;
    Ok((0..4).collect())
}

#[task]
fn each(ledger: String, x: i64) -> anyhow::Result<i64> {
    ran(&ledger, &format!("each[{x}]"))?;
    Ok(x)
}

#[task]
fn sum(ledger: String, xs: Vec<i64>) -> anyhow::Result<i64> {
    ran(&ledger, "sum")?;
    Ok(xs.iter().sum())
}

/// Succeeds the second time.
#[task(retries = 1)]
fn flaky(ctx: Context, ledger: String, x: i64) -> anyhow::Result<i64> {
    if ctx.attempt() == 0 {
        return Err(TaskError::recoverable(anyhow::anyhow!("not yet")).into());
    }
    ran(&ledger, "flaky")?;
    Ok(x + 1)
}

#[task]
fn small(ledger: String, x: i64) -> anyhow::Result<i64> {
    ran(&ledger, "small")?;
    Ok(x)
}

#[task]
async fn large(ledger: String, x: i64) -> anyhow::Result<i64> {
    ran(&ledger, "large")?;
    Ok(100 * x)
}

/// Gives a graph of one node.
#[task]
fn grows(ledger: String, x: i64) -> Promise<i64> {
    small::node(ledger, x)
}

/// Gives more than an event holds, and less than a log that has come so far.
#[task]
fn wide(ledger: String, x: i64) -> anyhow::Result<Vec<i64>> {
    ran(&ledger, "wide")?;
    Ok(vec![x; 600])
}

#[task]
fn last(ledger: String, xs: Vec<i64>) -> anyhow::Result<i64> {
    ran(&ledger, "last")?;
    Ok(xs[0] + 1)
}

#[workflow]
fn part(ledger: Promise<String>, x: Promise<i64>) -> Promise<i64> {
    flaky::node(ledger, x)
}

/// Has nodes of every kind that runs something: 6 of the list, 7 behind the sub-workflow, 700 behind the condition, 701 in the end.
#[workflow]
fn everything(ledger: Promise<String>) -> Promise<i64> {
    let listed = each::map(&ledger, numbers::node(&ledger));
    let summed = part::node(&ledger, sum::node(&ledger, listed));
    let chosen = when(summed.gt(5), large::node(&ledger, &summed)).otherwise(small::node(&ledger, &summed));
    last::node(&ledger, wide::node(&ledger, grows::node(&ledger, chosen)))
}

#[task]
fn fails(ledger: String, x: i64) -> anyhow::Result<i64> {
    ran(&ledger, "fails")?;
    anyhow::bail!("{x} is wrong")
}

#[task]
fn clean_up(ledger: String, err: Option<FlyteError>) -> anyhow::Result<()> {
    ran(&ledger, "clean_up")?;
    anyhow::ensure!(err.unwrap().message.ends_with("is wrong"), "it is told why");
    Ok(())
}

/// Fails, and cleans up behind itself.
#[workflow(on_failure = clean_up::node(ledger, Failure))]
fn doomed(ledger: Promise<String>) -> Promise<i64> {
    fails::node(&ledger, sum::node(&ledger, numbers::node(&ledger)))
}

#[task]
fn number(x: i64) -> i64 {
    x
}

#[task]
fn thousand(_ledger: String) -> Vec<i64> {
    (0..1000).collect()
}

/// A thousand tasks that need nothing of each other.
#[workflow]
fn thousands(ledger: Promise<String>) -> Promise<Vec<i64>> {
    number::map(thousand::node(ledger))
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, workflow, ledger, durability, bytes, former @ ..] = words.as_slice() else { panic!("{words:?}") };
    let graph = match workflow.as_str() {
        "everything" => everything::graph(),
        "doomed" => doomed::graph(),
        _ => thousands::graph(),
    };
    let durability = if durability == "disk" { Durability::Disk } else { Durability::Kernel };
    let ledger = nebulakit::types::encode(ledger, &nebulakit::types::Dialect::FLYTE_1).unwrap();
    let inputs = nebulakit::types::convert::writer::map_of_literals([("ledger", &*ledger)]);
    let options = Options::new().inputs(inputs).durability(durability);
    let options = match former {
        [former] => options.resumes(RunId::from(former.as_str())),
        _ => options,
    };
    // The run goes on where something is awaited, and not before.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(&RunsFolder::open(folder).unwrap(), &graph.unwrap(), &options, bytes.parse().ok()));
}

async fn run(runs: &RunsFolder, graph: &Graph, options: &Options, bytes: Option<u64>) {
    let backend = LocalBackend::new(runs.clone());
    let run = backend.run(backend.compile(graph, options).unwrap()).await.unwrap();
    say(run.id());
    if let Some(bytes) = bytes {
        let log = std::fs::metadata(run.folder().path().join("events.jsonl")).unwrap().len();
        setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).unwrap();
        setrlimit(Resource::Fsize, Rlimit { current: Some(log + bytes), maximum: None }).unwrap();
    }
    match run.wait().await {
        Ok(outcome) => say(format_args!("{outcome:?}")),
        Err(error) => say(error),
    }
}

fn say(what: impl std::fmt::Display) {
    println!("{what}");
    std::io::stdout().flush().unwrap();
}
