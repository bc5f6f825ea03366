//! CPU of a node, with and without a record, beside as many jobs of the same task that are submitted to a coordinator by hand and joined.

use nebulakit::backend::{Backend as _, LocalBackend, Options};
use nebulakit::coordinator::{Coordinator, Work};
use nebulakit::graph::Graph;
use nebulakit::prelude::*;
use nebulakit::run::{RunOutcome, RunsFolder};
use nebulakit::types::convert::writer::map_of_literals;
use nebulakit::types::{Dialect, encode};
use nebulakit_benches::{cpu, median};
use nix::sys::resource::UsageWho;

use crate::flows::{SHAPES, Shape, asked_for, nodes, rounds, set_nodes};

/// The goals, in microseconds for each node: without a record, and how much more with one.
const GOAL: f64 = 10.0;
const GOAL_MORE: f64 = 10.0;

/// The CPU time of `work`, in microseconds for each node.
pub(crate) async fn each<T>(work: impl Future<Output = T>) -> f64 {
    let begin = cpu(UsageWho::RUSAGE_SELF);
    work.await;
    (cpu(UsageWho::RUSAGE_SELF) - begin).as_secs_f64() * 1e6 / f64::from(u32::try_from(nodes()).unwrap())
}

fn inputs() -> Vec<u8> {
    let x = encode(&1_i64, &Dialect::FLYTE_1).unwrap();
    map_of_literals([("x", &*x)])
}

async fn floor() {
    let coordinator = Coordinator::new();
    let task = nebulakit::registry().iter().find(|task| task.name().ends_with("same")).unwrap();
    for _ in 0..nodes().div_ceil(1_000) {
        let mut jobs = Vec::new();
        for _ in 0..1_000.min(nodes()) {
            jobs.push(coordinator.submit(Work::of_task(task, inputs()), Strategy::Async).await.unwrap());
        }
        for job in jobs {
            job.join().await.unwrap();
        }
    }
}

pub(crate) async fn unrecorded(shape: &Shape) {
    assert!((shape.run)().await.unwrap() > 0);
}

pub(crate) async fn recorded(graph: &Graph) {
    let folder = tempfile::tempdir().unwrap();
    let backend = LocalBackend::new(RunsFolder::open(folder.path().join("runs")).unwrap());
    let plan = backend.compile(graph, &Options::new().inputs(inputs())).unwrap();
    let run = backend.run(plan).await.unwrap();
    assert_eq!(run.wait().await.unwrap(), RunOutcome::Succeeded);
}

/// One run with a record, to measure this process from outside.
pub(crate) async fn once(shape: &str, size: usize) {
    set_nodes(size);
    let shape = SHAPES.iter().find(|one| one.name == shape).unwrap();
    recorded(&(shape.graph)().unwrap()).await;
}

/// All shapes and sizes, or those that are `asked` for.
pub(crate) async fn all(asked: &[String]) {
    println!("CPU in us for each node (goals: {GOAL} without a record, {GOAL_MORE} more with one)");
    println!("{:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}", "shape", "nodes", "floor", "run", "ratio", "record", "more");
    for (count, shape) in asked_for(asked) {
        set_nodes(count);
        let graph = (shape.graph)().unwrap();
        let (mut bare, mut run, mut more) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds(count) {
            bare.push(each(floor()).await);
            // Its graph is made within, which `graphs` measures by itself.
            run.push(each(unrecorded(shape)).await);
            more.push(each(recorded(&graph)).await);
        }
        let (bare, run, more) = (median(bare), median(run), median(more));
        println!("{:>8} {count:>8} {bare:>8.2} {run:>8.2} {:>8.2} {more:>8.2} {:>8.2}", shape.name, run / bare, more - run);
    }
}
