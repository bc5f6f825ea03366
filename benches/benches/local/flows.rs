//! The workflows: tasks that do nothing, in graphs of a size that is said before.

use std::sync::atomic::{AtomicUsize, Ordering};

use nebulakit::backend::RunLocal;
use nebulakit::graph::{Graph, Problems};
use nebulakit::prelude::*;

/// How many nodes the workflows below have, about.
static NODES: AtomicUsize = AtomicUsize::new(0);

/// Nodes of a row of the lattice.
pub(crate) const WIDTH: usize = 100;

/// A workflow by its name: its graph, and a run of it.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) graph: fn() -> Result<Graph, Problems>,
    pub(crate) run: fn() -> RunLocal<i64>,
}

pub(crate) const SHAPES: [Shape; 4] = [
    Shape { name: "chain", graph: chain::graph, run: || chain::with(1).run_local() },
    Shape { name: "wide", graph: wide::graph, run: || wide::with(1).run_local() },
    Shape { name: "lattice", graph: lattice::graph, run: || lattice::with(1).run_local() },
    Shape { name: "map", graph: mapped::graph, run: || mapped::with(1).run_local() },
];

pub(crate) fn nodes() -> usize {
    NODES.load(Ordering::Relaxed)
}

pub(crate) fn set_nodes(nodes: usize) {
    NODES.store(nodes, Ordering::Relaxed);
}

/// The sizes and shapes that are `asked` for; all sizes if none is, and all shapes.
pub(crate) fn asked_for(asked: &[String]) -> Vec<(usize, &'static Shape)> {
    let (sizes, shapes): (Vec<_>, Vec<_>) = asked.iter().cloned().partition(|one| one.parse::<usize>().is_ok());
    let is_asked = |asked: &[String], one: String| asked.is_empty() || asked.contains(&one);
    let sizes = [1_000, 10_000, 100_000].into_iter().filter(|size: &usize| is_asked(&sizes, size.to_string()));
    let shapes: Vec<_> = SHAPES.iter().filter(|shape| is_asked(&shapes, shape.name.to_owned())).collect();
    sizes.flat_map(|size| shapes.iter().map(move |&shape| (size, shape))).collect()
}

/// More rounds of what is short.
pub(crate) fn rounds(nodes: usize) -> usize {
    (100_000 / nodes).clamp(3, 15)
}

#[task]
async fn same(x: i64) -> i64 {
    x
}

/// The same, as a plain function.
#[task]
fn plain(x: i64) -> i64 {
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

#[task]
async fn many(x: i64) -> Vec<i64> {
    vec![x; nodes()]
}

/// Each node is fed by the one before.
#[workflow]
pub(crate) fn chain(x: Promise<i64>) -> Promise<i64> {
    (0..nodes()).fold(x, |x, _| same::node(x))
}

/// The same, of plain functions.
#[workflow]
pub(crate) fn plain_chain(x: Promise<i64>) -> Promise<i64> {
    (0..nodes()).fold(x, |x, _| plain::node(x))
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
