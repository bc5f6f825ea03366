//! The program whose graphs run on Snakemake, and which its jobs are.

#![allow(clippy::disallowed_methods, reason = "a task says what its environment has")]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use nebulakit::prelude::*;

nebulakit::testing::backend_conformance::register!();

/// Says in a file of that folder that it has started.
fn start(folder: &str, who: &str) -> anyhow::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(Path::new(folder).join("starts"))?;
    Ok(file.write_all(format!("{who}\n").as_bytes())?)
}

/// Always fails in a way that another attempt might mend.
#[task(retries = 2)]
fn stubborn(folder: String) -> anyhow::Result<i64> {
    start(&folder, "stubborn")?;
    Err(anyhow::anyhow!("not yet")).recoverable()
}

/// Always fails.
#[task(retries = 2)]
fn plain(folder: String) -> anyhow::Result<i64> {
    start(&folder, "plain")?;
    anyhow::bail!("never")
}

#[task]
fn first(folder: String) -> anyhow::Result<i64> {
    start(&folder, "first")?;
    Ok(1)
}

/// Ends when the file `go` is there.
#[task]
fn second(folder: String, x: i64) -> anyhow::Result<i64> {
    start(&folder, "second")?;
    while !Path::new(&folder).join("go").exists() {
        thread::sleep(Duration::from_millis(20));
    }
    Ok(x + 1)
}

#[task]
fn third(folder: String, x: i64) -> anyhow::Result<i64> {
    start(&folder, "third")?;
    Ok(x + 1)
}

/// Three tasks, one after the other.
#[workflow]
fn three(folder: Promise<String>) -> Promise<i64> {
    let one = first::node(&folder);
    let two = second::node(&folder, one);
    third::node(folder, two)
}

/// Prints a variable that only whoever submits has.
#[task]
fn seen(name: String) -> String {
    std::env::var(name).unwrap_or_else(|_| "absent".to_owned())
}

/// Does nothing, for the figures of docs/snakemake.md.
#[task]
fn nothing(x: i64) -> i64 {
    x
}

#[task]
fn all_of_them(xs: Vec<i64>) -> i64 {
    xs.iter().sum()
}

fn chain(x: Promise<i64>, nodes: usize) -> Promise<i64> {
    (0..nodes).fold(x, |x, _| nothing::node(x))
}

fn wide(x: &Promise<i64>, nodes: usize) -> Promise<i64> {
    all_of_them::node((1..nodes).map(|_| nothing::node(x)).collect::<Vec<_>>())
}

#[workflow]
fn chain_20(x: Promise<i64>) -> Promise<i64> {
    chain(x, 20)
}

#[workflow]
fn chain_200(x: Promise<i64>) -> Promise<i64> {
    chain(x, 200)
}

#[workflow]
fn wide_20(x: Promise<i64>) -> Promise<i64> {
    wide(&x, 20)
}

#[workflow]
fn wide_200(x: Promise<i64>) -> Promise<i64> {
    wide(&x, 200)
}

nebulakit::main!();
