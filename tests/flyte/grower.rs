//! Dynamic tasks as a container runs them.

use nebulakit::prelude::*;

#[path = "../workflow/twins.rs"]
#[allow(dead_code, reason = "the tests call the workflows")]
mod twins;

#[task(reference(project = "ml", domain = "production", name = "ml.classify", version = "2026"))]
fn classify(x: i64) -> i64;

#[task]
fn number(x: i64) -> i64 {
    x
}

/// Runs a task of another project, whose template nobody has here.
#[task]
fn borrows(x: i64) -> Promise<i64> {
    classify::node(x)
}

/// Gives a condition with an arm of several nodes, in an image of its own.
#[task(image = "ghcr.io/nebula/large:1")]
fn chooses(x: i64) -> Promise<i64> {
    let known = number::node(x);
    when(known.clone().gt(1), number::node(number::node(&known))).otherwise(known)
}

#[workflow]
fn twice(x: Promise<i64>) -> Promise<i64> {
    number::node(number::node(x))
}

/// Maps a workflow.
#[task]
fn spreads(x: i64) -> Promise<Vec<i64>> {
    twice::map((0..x).collect::<Vec<_>>())
}

/// Maps a workflow, and compares a part of a value.
#[workflow]
fn table(xs: Promise<Vec<i64>>) -> Promise<i64> {
    let all = twice::map(xs).concurrency(4);
    when(all.at(0).gt(3), number::node(all.at(0))).otherwise(0)
}

nebulakit::main!();
