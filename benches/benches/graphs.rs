//! What workflows of many nodes cost: making their promises, turning them into a graph that is validated, dropping both; the graph as JSON and as
//! text; memory.
//!
//! `cargo bench -p nebulakit-benches --no-default-features --bench graphs`. Beside each step the floor of the same round: for promises as many
//! counted objects that hold each other, for a graph its clone, for JSON the same document as `serde_json::Value`. A straight line has the
//! same time for each node at every size. All of it is done on a stack of 256 KiB, which does not hold a frame for each node.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints")]

use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nebulakit::graph::Graph;
use nebulakit::prelude::*;
use nebulakit_benches::{cpu, median, own_peak_mib, resident};
use nix::sys::resource::UsageWho;

/// How many nodes the workflows below have, about.
static NODES: AtomicUsize = AtomicUsize::new(0);

/// Nodes of a row of the lattice.
const WIDTH: usize = 100;

/// Enough for what is done, and not for a frame for each node.
const STACK: usize = 256 * 1024;

/// The goals at 10,000 nodes, in milliseconds.
const GOAL_PROMISES: f64 = 5.0;
const GOAL_GRAPH: f64 = 40.0;

#[task]
fn double(x: i64) -> i64 {
    2 * x
}

#[task]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[task]
fn sum(xs: Vec<i64>) -> i64 {
    xs.iter().sum()
}

/// Each node is fed by the one before.
#[workflow]
fn chain(x: Promise<i64>) -> Promise<i64> {
    (0..nodes()).fold(x, |x, _| double::node(x))
}

/// One node is fed by all others.
#[workflow]
fn wide(x: Promise<i64>) -> Promise<i64> {
    sum::node((0..nodes()).map(|_| double::node(&x)).collect::<Vec<_>>())
}

/// Each node is fed by two of the row before.
#[workflow]
fn lattice(x: Promise<i64>) -> Promise<i64> {
    let first: Vec<_> = (0..WIDTH).map(|_| double::node(&x)).collect();
    let next = |row: Vec<Promise<i64>>, _| (0..WIDTH).map(|place| add::node(&row[place], &row[(place + 1) % WIDTH])).collect();
    sum::node((1..nodes() / WIDTH).fold(first, next))
}

/// Of three nodes one is a condition, and the others are its arms.
#[workflow]
fn conditions(x: Promise<i64>) -> Promise<i64> {
    (0..nodes() / 3).fold(x, |x, _| when(x.gt(0), double::node(&x)).otherwise(add::node(&x, 1)))
}

fn nodes() -> usize {
    NODES.load(Ordering::Relaxed)
}

type Shape = (&'static str, fn(Promise<i64>) -> Promise<i64>);

const SHAPES: [Shape; 4] = [("chain", chain), ("wide", wide), ("lattice", lattice), ("conditions", conditions)];

/// What a node is at least: an object that is counted, with a list of what it needs.
struct Bare {
    needs: Vec<Arc<Self>>,
}

impl Drop for Bare {
    fn drop(&mut self) {
        let mut left = std::mem::take(&mut self.needs);
        while let Some(mut node) = left.pop().and_then(Arc::into_inner) {
            left.append(&mut node.needs);
        }
    }
}

/// CPU times of steps, in microseconds, round by round.
struct Steps<const N: usize>([Vec<f64>; N]);

impl<const N: usize> Steps<N> {
    fn new() -> Self {
        Self(std::array::from_fn(|_| Vec::new()))
    }

    fn time<T>(&mut self, step: usize, action: impl FnOnce() -> T) -> T {
        let begin = cpu(UsageWho::RUSAGE_SELF);
        let made = black_box(action());
        self.0[step].push((cpu(UsageWho::RUSAGE_SELF) - begin).as_secs_f64() * 1e6);
        made
    }

    fn medians(self) -> [f64; N] {
        self.0.map(median)
    }
}

/// More rounds of what is short.
fn rounds(nodes: usize) -> usize {
    (1_000_000 / nodes).clamp(3, 101)
}

#[expect(clippy::cast_precision_loss, reason = "a small number")]
fn number(count: usize) -> f64 {
    count as f64
}

/// A row of a shape and a size: promises, graph, and the end of both, each beside its floor.
fn building((name, workflow): Shape, size: usize) {
    NODES.store(size, Ordering::Relaxed);
    let mut steps = Steps::<6>::new();
    for _ in 0..rounds(size) {
        let bare = steps.time(0, || (0..size).fold(Arc::new(Bare { needs: Vec::new() }), |need, _| Arc::new(Bare { needs: vec![need] })));
        let promises = steps.time(1, || workflow(Promise::of(1)));
        let graph = steps.time(2, || promises.graph().unwrap());
        let copy = steps.time(3, || graph.clone());
        steps.time(4, || drop((promises, graph)));
        steps.time(5, || drop((bare, copy)));
    }
    let [bare, promises, graph, copy, dropped, bare_dropped] = steps.medians();
    let goals = if size == 10_000 { format!(" (goals {GOAL_PROMISES} and {GOAL_GRAPH} ms)") } else { String::new() };
    let cell = |time: f64, floor: f64| {
        print!(" {:.2} ms | {:.0} ns | {:.2} ms | {:.1} |", time / 1e3, time * 1e3 / number(size), floor / 1e3, time / floor);
    };
    print!("| {name}, {size}{goals} |");
    cell(promises, bare);
    cell(graph, copy);
    cell(dropped, bare_dropped);
    println!();
}

/// A row of a shape and a size: to JSON and from it beside what `serde_json::Value` takes, and text for the terminal.
fn writing((name, workflow): Shape, size: usize) {
    NODES.store(size, Ordering::Relaxed);
    let graph = workflow(Promise::of(1)).graph().unwrap();
    let mut steps = Steps::<7>::new();
    for _ in 0..rounds(size) {
        let json = steps.time(0, || graph.to_json().unwrap());
        let value: serde_json::Value = steps.time(1, || serde_json::from_str(&json).unwrap());
        steps.time(2, || serde_json::to_string(&value).unwrap());
        steps.time(3, || Graph::from_json(&json).unwrap());
        steps.time(4, || graph.to_string());
        steps.time(5, || graph.to_mermaid());
        steps.time(6, || graph.to_graphviz());
    }
    let [to, from_floor, to_floor, from, text, mermaid, graphviz] = steps.medians();
    let each = |time: f64| format!("{:.2} ms, {:.0} ns", time / 1e3, time * 1e3 / number(size));
    let beside = |time: f64, floor: f64| format!("{} | {:.2}", each(time), time / floor);
    let (to, from) = (beside(to, to_floor), beside(from, from_floor));
    println!("| {name}, {size} | {to} | {from} | {} | {} | {} |", each(text), each(mermaid), each(graphviz));
}

/// Bytes of a node, in a process in which nothing was taken before.
fn memory((name, workflow): Shape, size: usize) {
    NODES.store(size, Ordering::Relaxed);
    let begin = resident();
    let promises = workflow(Promise::of(1));
    let made = resident();
    let graph = promises.graph().unwrap();
    let (built, peak) = (resident(), own_peak_mib() * 1024.0 * 1024.0);
    drop(promises);
    let each = |bytes: f64| (bytes - begin) / number(size);
    println!("| {name}, {size} | {:.0} | {:.0} | {:.0} |", each(made), each(built), each(peak));
    drop(graph);
}

fn all() {
    println!("| nodes | promises | each | floor | ratio | graph | each | floor | ratio | the end of both | each | floor | ratio |");
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for size in [1_000, 10_000, 100_000, 1_000_000] {
        SHAPES.into_iter().for_each(|shape| building(shape, size));
    }
    println!("\n| nodes | to JSON | ratio | from JSON | ratio | text | Mermaid | Graphviz |\n|---|---|---|---|---|---|---|---|");
    for size in [1_000, 10_000, 100_000] {
        SHAPES.into_iter().for_each(|shape| writing(shape, size));
    }
    println!("\n| bytes of a node (goal 1,024) | promises | promises and graph | at most, while it is built |\n|---|---|---|---|");
    for size in ["100000", "1000000"] {
        for (name, _) in SHAPES {
            let mut command = Command::new(std::env::current_exe().unwrap());
            assert!(command.args(["memory", name, size]).status().unwrap().success());
        }
    }
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let part = move || match arguments.as_slice() {
        [part, name, size] if part == "memory" => {
            memory(SHAPES.into_iter().find(|(known, _)| known == name).unwrap(), size.parse().unwrap());
        }
        _ => all(),
    };
    thread::Builder::new().stack_size(STACK).spawn(part).unwrap().join().unwrap();
}
