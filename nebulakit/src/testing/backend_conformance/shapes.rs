//! Graphs of every shape: the outputs of a node feed the nodes that need it, in the order of the graph.

use super::bench::Bench;
use super::case::{Case, cases};
use super::check::{Check, expect};
use super::quiet;
use super::tasks::{add, divide, echo, sum};
use crate::run::EventKind;
use crate::workflow;
use crate::workflow::{Promise, all};

cases! {
    a_chain_passes_on_what_each_node_gives,
    nodes_that_do_not_need_each_other_all_run,
    a_diamond_joins_what_it_parted,
    a_lattice_runs_each_node_once,
    what_a_workflow_takes_may_be_what_it_gives,
    a_workflow_in_a_workflow_runs_as_a_node,
    a_node_waits_for_those_that_it_is_told_to_wait_for,
    an_input_that_is_left_out_has_its_default,
    each_output_of_a_node_goes_its_own_way,
    parts_of_values_are_passed_on,
}

const LONG: usize = 30;
const SIDE: usize = 5;

#[workflow(crate = quiet)]
fn chain(x: Promise<i64>) -> Promise<i64> {
    (0..LONG).fold(x, |x, _| add::node(x, 1))
}

async fn a_chain_passes_on_what_each_node_gives(bench: &Bench<'_>) -> Check {
    let run = bench.run(chain::with(1)).await?;
    run.gave(&31)?;
    expect(run.state.planned == LONG as u64, || format!("{LONG} nodes are planned, and the run says {}", run.state.planned))?;
    (0..LONG).try_for_each(|index| run.ran(&format!("n{index}")))
}

#[workflow(crate = quiet)]
fn wide(x: Promise<i64>) -> Promise<i64> {
    sum::node((0..LONG as i64).map(|index| add::node(&x, index)).collect::<Vec<_>>())
}

async fn nodes_that_do_not_need_each_other_all_run(bench: &Bench<'_>) -> Check {
    let run = bench.run(wide::with(2)).await?;
    run.gave(&(0..LONG as i64).map(|index| index + 2).sum())?;
    expect(run.state.counts().succeeded == LONG as u64 + 1, || format!("not each node ran once: {:?}", run.state.counts()))
}

#[workflow(crate = quiet)]
fn diamond(x: Promise<i64>) -> Promise<i64> {
    let top = add::node(x, 1);
    add::node(add::node(&top, 10), add::node(&top, 100))
}

async fn a_diamond_joins_what_it_parted(bench: &Bench<'_>) -> Check {
    bench.run(diamond::with(0)).await?.gave(&112)
}

/// Each node adds up those above it and to its left.
#[workflow(crate = quiet)]
fn lattice(x: Promise<i64>) -> Promise<i64> {
    let mut row: Vec<_> = (0..SIDE).map(|_| x.clone()).collect();
    for _ in 0..SIDE {
        let mut left = x.clone();
        for cell in &mut row {
            left = add::node(left, cell.clone());
            *cell = left.clone();
        }
    }
    row.remove(SIDE - 1)
}

async fn a_lattice_runs_each_node_once(bench: &Bench<'_>) -> Check {
    let run = bench.run(lattice::with(1)).await?;
    // The binomial of ten over five.
    run.gave(&252)?;
    expect(run.state.nodes.len() == SIDE * SIDE, || format!("{} nodes ran instead of {}", run.state.nodes.len(), SIDE * SIDE))
}

#[workflow(crate = quiet)]
fn through(x: Promise<i64>) -> (Promise<i64>, Promise<i64>, Promise<String>) {
    (add::node(&x, 1), x, Promise::of("constant".to_owned()))
}

async fn what_a_workflow_takes_may_be_what_it_gives(bench: &Bench<'_>) -> Check {
    bench.run(through::with(7)).await?.gave(&(8, 7, "constant".to_owned()))
}

#[workflow(crate = quiet)]
fn outer(x: Promise<i64>) -> Promise<i64> {
    add::node(middle::node(&x), middle::node(x))
}

#[workflow(crate = quiet)]
fn middle(x: Promise<i64>) -> Promise<i64> {
    diamond::node(add::node(x, 1))
}

async fn a_workflow_in_a_workflow_runs_as_a_node(bench: &Bench<'_>) -> Check {
    let run = bench.run(outer::with(0)).await?;
    run.gave(&228)?;
    ["n0", "n0/n0", "n0/n1/n3", "n1/n1/n0", "n2"].iter().try_for_each(|node| run.ran(node))
}

#[workflow(crate = quiet)]
fn ordered(x: Promise<i64>) -> (Promise<i64>, Promise<i64>, Promise<i64>) {
    let late = add::node(&x, 3);
    let early = add::node(&x, 1);
    let middle = add::node(x, 2).after(&early);
    let late = late.after(all([middle.clone(), early.clone()]));
    (early, middle, late)
}

async fn a_node_waits_for_those_that_it_is_told_to_wait_for(bench: &Bench<'_>) -> Check {
    let run = bench.run(ordered::with(0)).await?;
    run.gave(&(1, 2, 3))?;
    let (graph, _) = bench.parts(&ordered::with(0))?;
    for node in &graph.body.nodes {
        let ready = run.place(&node.id, |kind| matches!(kind, EventKind::Ready { .. }))?;
        for earlier in &node.after {
            let over = run.place(earlier, |kind| matches!(kind, EventKind::Succeeded { .. }))?;
            expect(over < ready, || format!("the node {} is ready before {earlier} is over", node.id))?;
        }
    }
    expect(graph.body.nodes.iter().any(|node| !node.after.is_empty()), || "no node waits for another".to_owned())
}

#[workflow(crate = quiet)]
fn defaulted(#[default(7)] x: Promise<i64>, text: Promise<Option<String>>) -> (Promise<i64>, Promise<Option<String>>) {
    (add::node(x, crate::Default), text)
}

async fn an_input_that_is_left_out_has_its_default(bench: &Bench<'_>) -> Check {
    bench.run(defaulted::with(crate::Default, crate::Default)).await?.gave(&(8, None))
}

#[workflow(crate = quiet, outputs(rest, whole))]
fn parted(a: Promise<i64>, b: Promise<i64>) -> (Promise<i64>, Promise<i64>) {
    let divided = divide::node(a, b);
    (add::node(&divided.1, 0), add::node(&divided.0, 0))
}

async fn each_output_of_a_node_goes_its_own_way(bench: &Bench<'_>) -> Check {
    bench.run(parted::with(17, 5)).await?.gave(&(2, 3))
}

#[workflow(crate = quiet)]
fn element(texts: Promise<Vec<String>>) -> Promise<String> {
    echo::node(texts.at(1))
}

async fn parts_of_values_are_passed_on(bench: &Bench<'_>) -> Check {
    let texts = || vec!["zero".to_owned(), "one".to_owned()];
    bench.run(element::with(texts())).await?.gave(&"one".to_owned())?;
    bench.run(element::with(vec![String::new()])).await?.failed("n0", "SYSTEM:BindingResolutionFailure", "")
}
