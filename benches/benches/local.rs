//! What a node of a workflow costs on this machine, beside what its task does: graphs of tasks that do nothing, with and without a record.
//!
//! `cargo bench -p nebulakit-benches --no-default-features --features run --bench local`. The floor of the same round is as many jobs of the same task, submitted
//! to a coordinator by hand and joined. CPU times of the whole process, in microseconds for each node.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints")]

use std::sync::atomic::{AtomicUsize, Ordering};

use nebulakit::backend::{Backend as _, LocalBackend, Options};
use nebulakit::coordinator::{Coordinator, Work};
use nebulakit::graph::Graph;
use nebulakit::prelude::*;
use nebulakit::run::{RunOutcome, RunsFolder};
use nebulakit::types::convert::writer::map_of_literals;
use nebulakit::types::{Dialect, encode};
use nebulakit_benches::{cpu, median};
use nix::sys::resource::UsageWho;

/// The goals, in microseconds for each node: without a record, and how much more with one.
const GOAL: f64 = 10.0;
const GOAL_MORE: f64 = 10.0;

/// How many nodes the workflows below have, about.
static NODES: AtomicUsize = AtomicUsize::new(0);

/// Nodes of a row of the lattice.
const WIDTH: usize = 100;

#[task]
async fn same(x: i64) -> i64 {
    x
}

#[task]
async fn first(a: i64, _b: i64) -> i64 {
    a
}

#[task]
async fn count(xs: Vec<i64>) -> i64 {
    i64::try_from(xs.len()).unwrap()
}

/// Each node is fed by the one before.
#[workflow]
fn chain(x: Promise<i64>) -> Promise<i64> {
    (0..nodes()).fold(x, |x, _| same::node(x))
}

/// One node is fed by all others.
#[workflow]
fn wide(x: Promise<i64>) -> Promise<i64> {
    count::node((0..nodes()).map(|_| same::node(&x)).collect::<Vec<_>>())
}

/// Each node is fed by two of the row before.
#[workflow]
fn lattice(x: Promise<i64>) -> Promise<i64> {
    let begin: Vec<_> = (0..WIDTH).map(|_| same::node(&x)).collect();
    let next = |row: Vec<Promise<i64>>, _| (0..WIDTH).map(|place| first::node(&row[place], &row[(place + 1) % WIDTH])).collect();
    count::node((1..nodes() / WIDTH).fold(begin, next))
}

/// A map over a dynamic list, of as many elements.
#[workflow]
fn mapped(x: Promise<i64>) -> Promise<i64> {
    count::node(same::map(many::node(x)))
}

#[task]
async fn many(x: i64) -> Vec<i64> {
    vec![x; nodes()]
}

fn nodes() -> usize {
    NODES.load(Ordering::Relaxed)
}

/// The CPU time of `work`, in microseconds for each node.
async fn each<T>(work: impl Future<Output = T>) -> f64 {
    let begin = cpu(UsageWho::RUSAGE_SELF);
    work.await;
    (cpu(UsageWho::RUSAGE_SELF) - begin).as_secs_f64() * 1e6 / f64::from(u32::try_from(nodes()).unwrap())
}

async fn floor() {
    let coordinator = Coordinator::new();
    let task = nebulakit::registry().iter().find(|task| task.name().ends_with("same")).unwrap();
    let x = encode(&1_i64, &Dialect::FLYTE_1).unwrap();
    let inputs = map_of_literals([("x", &*x)]);
    for _ in 0..nodes().div_ceil(1_000) {
        let mut jobs = Vec::new();
        for _ in 0..1_000.min(nodes()) {
            jobs.push(coordinator.submit(Work::of_task(task, inputs.clone()), Strategy::Async).await.unwrap());
        }
        for job in jobs {
            job.join().await.unwrap();
        }
    }
}

async fn recorded(graph: &Graph, backend: &LocalBackend) {
    let x = encode(&1_i64, &Dialect::FLYTE_1).unwrap();
    let plan = backend.compile(graph, &Options::new().inputs(map_of_literals([("x", &*x)]))).unwrap();
    let run = backend.run(plan).await.unwrap();
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
}

type Shape = (&'static str, fn() -> Result<Graph, nebulakit::graph::Problems>);

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(measured());
}

async fn measured() {
    let shapes: [Shape; 4] = [("chain", chain::graph), ("wide", wide::graph), ("lattice", lattice::graph), ("map", mapped::graph)];
    println!("CPU in us for each node (goals: {GOAL} without a record, {GOAL_MORE} more with one)");
    println!("{:>8} {:>8} {:>8} {:>8} {:>8} {:>8}", "shape", "nodes", "floor", "run", "ratio", "record");
    for count in [1_000, 10_000, 100_000] {
        NODES.store(count, Ordering::Relaxed);
        for (name, graph) in shapes {
            let graph = graph().unwrap();
            let rounds = (100_000 / count).clamp(3, 15);
            let (mut bare, mut run, mut more) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..rounds {
                let folder = tempfile::tempdir().unwrap();
                let backend = LocalBackend::new(RunsFolder::open(folder.path().join("runs")).unwrap());
                bare.push(each(floor()).await);
                run.push(each(driven(name)).await);
                more.push(each(recorded(&graph, &backend)).await);
            }
            let (bare, run, more) = (median(bare), median(run), median(more));
            println!("{name:>8} {count:>8} {bare:>8.2} {run:>8.2} {:>8.2} {more:>8.2}", run / bare);
        }
    }
}

/// The same without a record; its graph is made within, which `graphs` measures by itself.
async fn driven(name: &str) {
    let outputs = match name {
        "chain" => chain::with(1).run_local().await,
        "wide" => wide::with(1).run_local().await,
        "lattice" => lattice::with(1).run_local().await,
        _ => mapped::with(1).run_local().await,
    };
    assert!(outputs.unwrap() > 0);
}
