//! What a node costs whose outputs are cached: a chain of tasks that do nothing, run twice in one folder of runs.
//!
//! `cargo bench -p nebulakit-benches --no-default-features --features run --bench cache`. The first run finds nothing and remembers everything, the second one
//! finds everything; beside them the same chain without a cache, recorded as well. CPU times of the whole process, in microseconds for each node.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints")]

use nebulakit::backend::{Backend as _, LocalBackend, Options};
use nebulakit::graph::Graph;
use nebulakit::prelude::*;
use nebulakit::run::{NodeStatus, Origin, RunOutcome, RunsFolder};
use nebulakit::types::convert::writer::map_of_literals;
use nebulakit::types::{Dialect, encode};
use nebulakit_benches::{cpu, median};
use nix::sys::resource::UsageWho;

const NODES: u32 = 10_000;

const ROUNDS: usize = 5;

#[task]
async fn next(x: i64) -> i64 {
    x + 1
}

#[task(cache(version = "1"))]
async fn remembered(x: i64) -> i64 {
    x + 1
}

#[workflow]
fn plain(x: Promise<i64>) -> Promise<i64> {
    (0..NODES).fold(x, |x, _| next::node(x))
}

#[workflow]
fn cached(x: Promise<i64>) -> Promise<i64> {
    (0..NODES).fold(x, |x, _| remembered::node(x))
}

/// The CPU time of a run, in microseconds for each node, all of which are from `origin`.
async fn each(graph: &Graph, backend: &LocalBackend, origin: Origin) -> f64 {
    let x = encode(&1_i64, &Dialect::FLYTE_1).unwrap();
    let plan = backend.compile(graph, &Options::new().inputs(map_of_literals([("x", &*x)]))).unwrap();
    let begin = cpu(UsageWho::RUSAGE_SELF);
    let run = backend.run(plan).await.unwrap();
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
    let each = (cpu(UsageWho::RUSAGE_SELF) - begin).as_secs_f64() * 1e6 / f64::from(NODES);
    assert_eq!(run.state().unwrap().nodes["n5"].status, NodeStatus::Succeeded(origin));
    each
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (plain, cached) = (plain::graph().unwrap(), cached::graph().unwrap());
    let (mut without, mut miss, mut hit) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let backend = LocalBackend::new(RunsFolder::open(folder.path().join("runs")).unwrap());
        without.push(each(&plain, &backend, Origin::Run).await);
        miss.push(each(&cached, &backend, Origin::Run).await);
        hit.push(each(&cached, &backend, Origin::Cache).await);
    }
    println!("CPU in us for each of {NODES} recorded nodes");
    println!("{:>14} {:>14} {:>14}", "without", "all miss", "all hit");
    println!("{:>14.2} {:>14.2} {:>14.2}", median(without), median(miss), median(hit));
}
