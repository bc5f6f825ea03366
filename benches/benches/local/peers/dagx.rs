//! Graphs of dagx. A node takes eight inputs at most, so none gathers the wide graph. A graph is whole before it runs, so it has no map over a list
//! that a node makes.

use dagx::{DagRunner, Task, TaskHandle, task};
use futures::FutureExt as _;

use super::Run;
use crate::flows::{WIDTH, nodes};

struct One;

#[task]
impl One {
    async fn run() -> i64 {
        1
    }
}

struct Same;

#[task]
impl Same {
    async fn run(x: &i64) -> i64 {
        *x
    }
}

struct First;

#[task]
impl First {
    async fn run(a: &i64, _b: &i64) -> i64 {
        *a
    }
}

type Handle = TaskHandle<i64>;

pub(super) fn run(shape: &str) -> Run {
    match shape {
        "chain" => Ok(whole(chain).boxed_local()),
        "wide" => Ok(whole(wide).boxed_local()),
        "lattice" => Ok(whole(lattice).boxed_local()),
        _ => Err("no such graph"),
    }
}

/// A run of the graph that `wire` makes, up to the value of the node that it returns.
async fn whole(wire: fn(&DagRunner, Handle) -> Handle) {
    let dag = DagRunner::new();
    let last = wire(&dag, dag.add_task(One).into());
    dag.run(|node| drop(tokio::spawn(node))).await.unwrap();
    assert_eq!(dag.get(last).unwrap(), 1);
}

fn chain(dag: &DagRunner, x: Handle) -> Handle {
    (0..nodes()).fold(x, |x, _| dag.add_task(Same).depends_on(x))
}

fn wide(dag: &DagRunner, x: Handle) -> Handle {
    (0..nodes()).fold(x, |_, _| dag.add_task(Same).depends_on(x))
}

fn lattice(dag: &DagRunner, x: Handle) -> Handle {
    let begin: Vec<_> = (0..WIDTH).map(|_| dag.add_task(Same).depends_on(x)).collect();
    let first = |a: &Handle, b: &Handle| dag.add_task(First).depends_on((a, b));
    let next = |row: Vec<Handle>, _| (0..WIDTH).map(|place| first(&row[place], &row[(place + 1) % WIDTH])).collect();
    (1..nodes() / WIDTH).fold(begin, next)[0]
}
