//! Memory of a node that waits: for its turn, since one task runs at a time, or for the node before.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use nebulakit::backend::RunLocal;
use nebulakit::prelude::*;
use nebulakit_benches::resident;

use crate::flows::{nodes, set_nodes};

/// How many bytes a node that waits may take beside the graph.
const GOAL: f64 = 1024.0;

/// Whether a task holds up the others, and whether it may end.
static GATE: (Mutex<(bool, bool)>, Condvar) = (Mutex::new((false, false)), Condvar::new());

fn gate(change: impl FnOnce(&mut (bool, bool))) {
    change(&mut GATE.0.lock().unwrap());
    GATE.1.notify_all();
}

#[task]
fn held(x: i64) -> i64 {
    gate(|(is_held, _)| *is_held = true);
    drop(GATE.1.wait_while(GATE.0.lock().unwrap(), |(_, is_open)| !*is_open).unwrap());
    x
}

#[task]
fn all(xs: Vec<i64>) -> i64 {
    i64::try_from(xs.len()).unwrap()
}

#[workflow]
fn turns(x: Promise<i64>) -> Promise<i64> {
    all::node((0..nodes()).map(|_| held::node(&x)).collect::<Vec<_>>())
}

#[workflow]
fn row(x: Promise<i64>) -> Promise<i64> {
    (0..nodes()).fold(x, |x, _| held::node(x))
}

/// The growth of the process until nothing moves, for each node.
async fn waiting(run: RunLocal<i64>) -> f64 {
    gate(|gate| *gate = (false, false));
    let before = resident();
    let run = tokio::spawn(async move { run.coordinator(|coordinator| coordinator.cores(1.0)).await.unwrap() });
    let mut last = 0.0;
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = resident();
        if GATE.0.lock().unwrap().0 && now <= last {
            break;
        }
        last = now;
    }
    let of_each = (last - before) / f64::from(u32::try_from(nodes()).unwrap());
    gate(|(_, is_open)| *is_open = true);
    run.await.unwrap();
    of_each
}

/// Prints what a node takes that waits, as the only work of a process: memory that was given back is not given again.
pub(crate) async fn of(shape: &str, size: usize) {
    set_nodes(size);
    // The run makes a graph of its own: what one takes is taken off.
    let before = resident();
    let (graph, run) = match shape {
        "turns" => (turns::graph().unwrap(), turns::with(1).run_local()),
        _ => (row::graph().unwrap(), row::with(1).run_local()),
    };
    let of_graph = (resident() - before) / f64::from(u32::try_from(size).unwrap());
    let of_each = waiting(run).await - of_graph;
    drop(graph);
    println!("{shape:>8} {size:>8} {of_each:>8.0} bytes of a node that waits (goal {GOAL}), beside {of_graph:.0} of the graph");
}
