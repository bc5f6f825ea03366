//! Graphs of apalis-workflow, on its queue in memory.
//!
//! The lattice would wait forever: a node gets the results of two others only if one node feeds both. Each node of a chain takes a copy of the whole
//! graph, each node of the wide graph carries the ids of all others, and what gathers a map looks at all elements whenever one is over. So the time of
//! a node grows with their number, and larger graphs take minutes or gigabytes.

use apalis_core::backend::ext::shared::Shared;
use apalis_core::worker::builder::WorkerBuilder;
use apalis_core::worker::context::WorkerContext;
use apalis_core::worker::event::Event;
use apalis_core::worker::ext::event_listener::EventListenerExt as _;
use apalis_workflow::in_memory::InMemoryWorkflow;
use apalis_workflow::{GraphFlow, SteppedFlow, WorkflowSink as _};
use futures::FutureExt as _;

use super::Run;
use crate::flows::nodes;

type Flow = GraphFlow<Shared<InMemoryWorkflow<Vec<u8>>>>;

pub(super) fn run(shape: &str) -> Run {
    match (shape, nodes()) {
        ("chain", ..=10_000) => Ok(whole(chain).boxed_local()),
        ("wide", ..=1_000) => Ok(whole(wide).boxed_local()),
        ("map", ..=10_000) => Ok(mapped().boxed_local()),
        ("lattice", _) => Err("waits forever"),
        _ => Err("too slow"),
    }
}

/// A run of the graph that `wire` makes, until its last node stops the worker.
async fn whole(wire: fn(&Flow)) {
    let flow = Flow::new("flow");
    wire(&flow);
    let mut queue = InMemoryWorkflow::create();
    queue.push_start(1_i64).await.unwrap();
    WorkerBuilder::new("worker").backend(queue).on_event(no_error).build(flow).run().await.unwrap();
}

fn chain(flow: &Flow) {
    let begin = flow.add_task(same).depends_on(flow.add_task(same));
    let end = (3..nodes()).fold(begin, |x, _| flow.add_task(same).depends_on(x));
    flow.add_task(last).depends_on(end);
}

fn wide(flow: &Flow) {
    let x = flow.add_task(same);
    let all: Vec<_> = (0..nodes()).map(|_| flow.add_task(same).depends_on(&x)).collect();
    flow.add_task(count).depends_on(all);
}

/// A flow of steps, since a graph of theirs cannot have a map.
async fn mapped() {
    let steps = SteppedFlow::new("flow").and_then(many).filter_map(some).and_then(count);
    let mut queue = InMemoryWorkflow::<i64>::create();
    queue.push_start(1_i64).await.unwrap();
    WorkerBuilder::new("worker").backend(queue).on_event(no_error).build(steps).run().await.unwrap();
}

async fn same(x: i64) -> i64 {
    x
}

async fn last(_: i64, worker: WorkerContext) {
    worker.stop().unwrap();
}

async fn many(x: i64) -> Vec<i64> {
    vec![x; nodes()]
}

async fn some(x: i64) -> Option<i64> {
    Some(x)
}

async fn count(xs: Vec<i64>, worker: WorkerContext) {
    assert_eq!(xs.len(), nodes());
    worker.stop().unwrap();
}

/// Without it a worker goes on after a node that failed, and never stops.
fn no_error(_: &WorkerContext, event: &Event) {
    if let Event::Error(error) = event {
        panic!("{error}");
    }
}
